import path from 'node:path';
import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { accountOfCookie } from './caller.ts';
import { createCookies } from './cookies.ts';
import type { App, AppDeps, RouteDeps } from './deps.ts';
import { createEngine } from './engine.ts';
import { createLimits } from './limits.ts';
import { errorForLog } from './log.ts';
import { csrfSubject, frameOf, sendPage } from './page.ts';
import { invitationPath } from './pages/post-form.ts';
import { problemPage } from './pages/problem-page.ts';
import { problemOf } from './problem.ts';
import { registerConsole } from './routes/console.ts';
import { registerDocs, registerOpenApi } from './routes/docs.ts';
import { registerEvents } from './routes/events.ts';
import { registerHealth } from './routes/health.ts';
import { registerHome } from './routes/home.ts';
import { registerInvitations } from './routes/invitations.ts';
import { registerMe } from './routes/me.ts';
import { registerPages } from './routes/pages.ts';
import { registerSignIn } from './routes/sign-in.ts';

const bodyLimit = 64 * 1024;

function createFastify({ logger, trustedProxies = [] }: AppDeps) {
  const app = Fastify({
    loggerInstance: logger,
    // A URL can carry a link or a sign-in code; what is logged instead names the route.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    genReqId: () => crypto.randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<TypeBoxTypeProvider>();

  // Bodies are taken as they are: an unknown property or a number for a text is refused, not mended. Queries are text.
  const strict = addFormats.default(new Ajv({ allErrors: true, removeAdditional: false, useDefaults: true }));
  const coercing = addFormats.default(new Ajv({ coerceTypes: true, removeAdditional: false, useDefaults: true }));
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : coercing).compile(schema as object),
  );
  return app;
}

/**
 * Usher's HTTP side: the API and the pages.
 *
 * @returns an app that is not yet listening; closing it leaves the given connections open
 */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = createFastify(deps);
  const engine = createEngine({ db: deps.db, temporal: deps.temporal, log: deps.logger });
  const cookies = createCookies(deps.publicUrl);
  const limits = createLimits({ db: deps.db, key: deps.cookieKey, factor: deps.limitFactor ?? 1 });
  const all: RouteDeps = { ...deps, engine, cookies, limits };
  app.addHook('onClose', () => engine.close());

  await app.register(cookie, { secret: deps.cookieKey.toString('base64') });
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('account', undefined);
  app.addHook('preHandler', async (request) => {
    if (!isApi(request.url)) request.account = await accountOfCookie(request, all);
  });
  await app.register(csrf, {
    cookieKey: cookies.csrfName,
    cookieOpts: { ...cookies.options, signed: false },
    getToken: (request) => (request.body as { _csrf?: string } | undefined)?._csrf,
    // A token is good for the account it was made for alone.
    getUserInfo: (request) => csrfSubject(request.account),
    csrfOpts: { userInfo: true, hmacKey: deps.cookieKey.toString('base64') },
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        // Browsers hold the redirects after a form to this as well: whoever leaves does so by a page of ours.
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: deps.publicUrl.startsWith('https:') && { maxAge: 31_536_000 },
  });
  await app.register(fastifyStatic, {
    root: path.join(import.meta.dirname, 'pages/static'),
    prefix: '/static/',
    maxAge: '1h',
  });

  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  // A POST that says nothing says the empty object: `accept` by a session, `link`, `revoke`.
  app.addHook('preValidation', async (request) => {
    if (request.method === 'POST') request.body ??= {};
  });
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { id } = (request.params ?? {}) as { id?: string };
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        ...(id ? { id } : {}),
      },
      'request',
    );
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    const level = problem.status >= 500 ? 'error' : 'info';
    request.log[level]({ code: problem.code, ...(level === 'error' ? { error: errorForLog(error) } : {}) }, 'problem');
    reply.status(problem.status).headers(problem.headers);
    // RFC 9110, section 15.5.2.
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    if (problem.status === 503) reply.header('retry-after', '2');
    const body = { ...problem.body(), requestId: request.id };
    if (isApi(request.url)) return reply.type('application/problem+json').send(body);
    // A stale form's page is drawn anew; reloading this one would only send the form again.
    const { id } = (request.params ?? {}) as { id?: string };
    const next =
      problem.code === 'form_expired' && id ? { text: 'Back to the invitation', href: invitationPath(id) } : undefined;
    return sendPage(
      reply,
      problemPage({ ...frameOf(reply, request.account), ...body, detail: body.detail ?? '', next }),
    );
  });
  app.setNotFoundHandler((request, reply) => {
    const body = { ...problemOf({ statusCode: 404 }).body(), requestId: request.id };
    reply.status(404);
    if (isApi(request.url)) return reply.type('application/problem+json').send(body);
    return reply
      .type('text/html; charset=utf-8')
      .send(String(problemPage({ ...body, detail: 'There is nothing under this address.', requestId: request.id })));
  });

  await registerOpenApi(app);
  await app.register(async (scope) => {
    registerHealth(scope as unknown as App, all);
    registerInvitations(scope as unknown as App, all);
    registerEvents(scope as unknown as App, all);
    registerMe(scope as unknown as App, all);
    await registerDocs(scope as unknown as App);
  });
  await app.register(async (scope) => {
    // Forms are for pages: the API takes JSON alone.
    await scope.register(formbody, { bodyLimit });
    scope.addHook('preHandler', async (request) => {
      if (!request.account) await limits.use({ visit: request.ip });
    });
    registerSignIn(scope as unknown as App, all);
    registerPages(scope as unknown as App, all);
    registerHome(scope as unknown as App, all);
    registerConsole(scope as unknown as App, all);
  });
  await app.ready();
  return app as unknown as FastifyInstance;
}

const isApi = (url: string) => /^\/(v1|webhooks|openapi|healthz|readyz)\b/.test(url);
