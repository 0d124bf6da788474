import type { FastifyInstance } from 'fastify';

/** Every route of an app, as `GET /invitations/:id` and so on, from the tree that Fastify prints. */
export function routesOf(app: FastifyInstance): string[] {
  const found: string[] = [];
  const path: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent, segment, methods] = /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    if (indent === undefined) continue;
    path.length = indent.length / 4;
    path.push(segment!);
    for (const method of methods?.split(', ') ?? [])
      if (method !== 'HEAD' && method !== 'OPTIONS') found.push(`${method} ${path.join('')}`);
  }
  // It prints a wildcard without what is before it; there is one.
  return found.map((route) => (route === 'GET /*' ? 'GET /static/*' : route)).sort();
}
