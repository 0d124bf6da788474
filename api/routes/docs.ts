import { readFile } from 'node:fs/promises';
import path from 'node:path';
import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { App } from '../deps.ts';
import { problems } from '../problem.ts';
import { sharedSchemas, webhookPayloads } from '../schemas.ts';

interface Operation {
  requestBody?: { required: boolean; content: Record<string, { schema: { required?: string[] } }> };
}

/** Gathers the OpenAPI document from the schemas of the routes registered after it. */
export async function registerOpenApi(app: App): Promise<void> {
  for (const schema of sharedSchemas) app.addSchema(schema);
  await app.register(swagger, {
    // Without a body a POST says the empty object, where that is enough.
    transformObject: (document) => {
      const { openapiObject: described } = document as {
        openapiObject: { paths: Record<string, Record<string, Operation>> };
      };
      for (const { post } of Object.values(described.paths)) {
        const schema = post?.requestBody?.content['application/json']?.schema;
        if (schema && !schema.required) post.requestBody!.required = false;
      }
      return described as never;
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Usher',
        version: '0.1.0',
        description:
          'Invites people into an organization and sees each invitation through. Errors are RFC 9457 problem details; every POST and PATCH takes an Idempotency-Key.',
      },
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'usher_sk_…', description: 'A program' },
          token: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              "A person, by a token of the installation's or an organization's issuer, made for Usher's audience",
          },
        },
      },
      security: [{ apiKey: [] }, { token: [] }],
      webhooks: webhookPayloads() as never,
    },
  });
}

const errorsFolder = path.join(import.meta.dirname, '../../docs/errors');

/** `/openapi.json`, the readable reference at `/docs`, and the page of each problem type. */
export async function registerDocs(app: App): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/docs/errors/:code', { schema: { hide: true } }, async (request, reply) => {
    const { code } = request.params as { code: string };
    if (!Object.hasOwn(problems, code)) return reply.callNotFound();
    return reply
      .type('text/markdown; charset=utf-8')
      .send(await readFile(path.join(errorsFolder, `${code}.md`), 'utf8'));
  });
  await app.register(async (scope) => {
    // The reference is a program of its own: it needs inline script and style, which no page of Usher has.
    scope.addHook('onSend', async (_request, reply) => {
      reply.header(
        'content-security-policy',
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
    });
    await scope.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        withDefaultFonts: false,
        hideClientButton: true,
        agent: { disabled: true },
        mcp: { disabled: true },
        telemetry: false,
      },
    });
  });
}
