import { createHash, timingSafeEqual } from 'node:crypto';
import { expositionType } from '../../telemetry/exposition.ts';
import type { App, RouteDeps } from '../deps.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** `/metrics`, for Prometheus. Without its token there is no such path. */
export function registerMetrics(app: App, { metrics }: RouteDeps): void {
  if (!metrics) return;
  const wanted = hashOf(`Bearer ${metrics.token}`);
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (!timingSafeEqual(hashOf(request.headers.authorization ?? ''), wanted)) return reply.callNotFound();
    return reply.type(expositionType).send(await metrics.read());
  });
}
