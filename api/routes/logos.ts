import { Type } from 'typebox';
import { findLogo } from '../../db/logos.ts';
import { authenticate, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { changeLogo, logoLimits, logoTimeoutMs, logoTypes, redraw } from '../logos.ts';
import { organizationBody, requireOrganization } from '../organizations.ts';
import { Problem } from '../problem.ts';
import { answers, changeProblems, Organization } from '../schemas.ts';
import { organizationParams } from './invitations.ts';

const picture = Object.fromEntries(logoTypes.map((type) => [type, { schema: { contentMediaType: type } }]));
const yearSeconds = 31_536_000;

/** The looks of organizations: their logos, and their colours. */
export function registerLogos(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.addContentTypeParser([...logoTypes], { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);

  app.put(
    '/v1/organizations/:organization/logo',
    {
      bodyLimit: logoLimits.bytes,
      handlerTimeout: Math.max(logoTimeoutMs, deps.patienceMs ?? 0),
      schema: {
        operationId: 'setLogo',
        summary:
          'Give an organization a logo: a PNG, JPEG or WebP picture, which is drawn anew within 256 × 256 pixels',
        tags: ['organizations'],
        params: organizationParams,
        body: { content: picture } as never,
        response: answers(200, Organization, [
          ...changeProblems,
          'scope_missing',
          'not_allowed',
          'not_found',
          'invalid_picture',
        ]),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { id } = await requireOrganization(db, request.params.organization);
      const standing = await standingIn(db, caller, id, 'changeOrganization');
      const { body }: { body: unknown } = request;
      if (!Buffer.isBuffer(body)) throw new Problem('unsupported_media_type', `Content-Type: ${logoTypes.join(', ')}.`);
      return organizationBody(await changeLogo(db, id, standing, await redraw(body), request.id));
    },
  );

  app.delete(
    '/v1/organizations/:organization/logo',
    {
      schema: {
        operationId: 'removeLogo',
        summary: 'Take the logo of an organization away',
        tags: ['organizations'],
        params: organizationParams,
        response: answers(200, Organization, ['form_expired', 'scope_missing', 'not_allowed', 'not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { id } = await requireOrganization(db, request.params.organization);
      const standing = await standingIn(db, caller, id, 'changeOrganization');
      return organizationBody(await changeLogo(db, id, standing, null, request.id));
    },
  );

  app.get(
    '/logos/:file',
    { schema: { hide: true, params: Type.Object({ file: Type.String({ pattern: '^[\\w-]{43}\\.png$' }) }) } },
    async (request, reply) => {
      const png = await findLogo(db, request.params.file.slice(0, -'.png'.length));
      if (!png) throw new Problem('not_found');
      // Never another one at this address. It is a picture, wherever it is opened, and nothing else. The organization's own
      // application may show it too.
      reply.helmet({
        crossOriginResourcePolicy: { policy: 'cross-origin' },
        contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], sandbox: [] } },
      });
      return reply.header('cache-control', `public, max-age=${yearSeconds}, immutable`).type('image/png').send(png);
    },
  );
  // A sheet for each, since pages hold no styles: of the button that is to be pressed.
  app.get(
    '/colors/:file',
    { schema: { hide: true, params: Type.Object({ file: Type.String({ pattern: '^[0-9a-f]{6}\\.css$' }) }) } },
    async (request, reply) => {
      const color = `#${request.params.file.slice(0, -'.css'.length)}`;
      return reply
        .header('cache-control', `public, max-age=${yearSeconds}, immutable`)
        .type('text/css')
        .send(
          `:root:root{--accent:${color};--accent-strong:color-mix(in srgb,${color} 85%,black)}@media (prefers-color-scheme:dark){.button.primary{border-color:var(--line-strong)}}`,
        );
    },
  );
}
