import { expositionType } from '../../telemetry/exposition.ts';
import type { App, RouteDeps } from '../deps.ts';
import { isSecret } from '../secret.ts';

/** `/metrics`, for Prometheus. Without its token there is no such path. */
export function registerMetrics(app: App, { metrics }: RouteDeps): void {
  if (!metrics) return;
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (!isSecret(request.headers.authorization ?? '', `Bearer ${metrics.token}`)) return reply.callNotFound();
    return reply.type(expositionType).send(await metrics.read());
  });
}
