import { sql } from 'kysely';
import { VersionMismatch } from '../../statecharts/versions.ts';
import type { App, RouteDeps } from '../deps.ts';

/** `/healthz`: the process lives. `/readyz`: what it depends on answers; names what does not. */
export function registerHealth(app: App, { db, engine }: RouteDeps): void {
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
    const [postgres, engineMissing] = await Promise.all([
      sql`select 1`.execute(db).then(
        () => undefined,
        (error: Error) => error,
      ),
      engine.missing(),
    ]);
    const missing = [...(postgres ? ['postgres'] : []), ...(engineMissing ? [engineMissing] : [])];
    return reply.status(missing.length > 0 ? 503 : 200).send({
      status: missing.length > 0 ? 'unready' : 'ready',
      missing,
      // Postgres answers, but not this program.
      ...(postgres instanceof VersionMismatch ? { detail: postgres.message } : {}),
    });
  });
}
