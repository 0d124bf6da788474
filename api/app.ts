import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import path from 'node:path';
import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { issuersOf } from '../identity/providers.ts';
import { english, type Words } from '../languages/words.ts';
import { errorForLog, subjectOf } from '../telemetry/log.ts';
import { httpProblems, httpSeconds } from '../telemetry/metrics.ts';
import { findBrokenText } from './broken-text.ts';
import { personOfCookie } from './caller.ts';
import { createCookies } from './cookies.ts';
import type { App, AppDeps, RouteDeps } from './deps.ts';
import { createEngine } from './engine.ts';
import { createLimits } from './limits.ts';
import { csrfSubject, frameOf, policy, sendPage, wordsOf } from './page.ts';
import { invitationPath } from './pages/post-form.ts';
import { problemPage } from './pages/problem-page.ts';
import { Problem, problemOf, problems } from './problem.ts';
import { problemWords } from './problem-words.ts';
import { registerApiKeys } from './routes/api-keys.ts';
import { registerBatches } from './routes/batches.ts';
import { registerConsole } from './routes/console/console.ts';
import { registerDocs, registerOpenApi } from './routes/docs.ts';
import { registerEvents } from './routes/events.ts';
import { registerHealth } from './routes/health.ts';
import { registerHome } from './routes/home.ts';
import { registerInvitations } from './routes/invitations.ts';
import { registerLicenses } from './routes/licenses.ts';
import { registerLogos } from './routes/logos.ts';
import { registerMe } from './routes/me.ts';
import { registerMembers } from './routes/members.ts';
import { registerMetrics } from './routes/metrics.ts';
import { registerOrganizations } from './routes/organizations.ts';
import { registerPages } from './routes/pages.ts';
import { registerPostmark } from './routes/postmark.ts';
import { registerSignIn } from './routes/sign-in.ts';
import { registerWebhooks } from './routes/webhooks.ts';

/** What a request may have; each refusal names its limit. Schemas limit the rest. */
const bodyLimit = 64 * 1024;
const headerLimit = 16 * 1024;
const pathPartLimit = 200;
/** How long a client may take for its headers, for the whole request, and between two, ms: slow ones hold no connection. */
const headersTimeout = 10_000;
const requestTimeout = 30_000;
const keepAliveTimeout = 72_000;
/** Whatever is down or slow, callers have an answer within 2 s. Each part has less; this is for their sum. */
const usualPatienceMs = 1_800;

/** What writes answers is made once for each schema, not for each answer of each operation: nearly all of these are problems. */
const buildSerializer: SerializerSelector.SerializerFactory = (schemas, options) => {
  const compile = SerializerSelector()(schemas, options);
  const made = new Map<string, SerializerSelector.Serializer>();
  return (route) => {
    const key = JSON.stringify(route.schema);
    const serializer = made.get(key) ?? compile(route);
    made.set(key, serializer);
    return serializer;
  };
};

/** How long a connection on which nothing is answered may stay when the API ends, ms. */
const quietMs = 1_000;
/** How long those who are being answered have when the API ends, ms. The longest exports are cut off, and may be asked for again. */
const endingPatienceMs = 25_000;

/**
 * Has the API end although somebody has connected and asks nothing, as browsers do to have a connection at hand, or keeps a
 * connection after an answer: a server that closes looks once at which are idle, and no more at how long headers take (Node 24).
 */
function endQuiet(app: FastifyInstance): void {
  /** Connections on which nothing is answered: since when. */
  const quiet = new Map<Socket, number>();
  const answers = new WeakMap<Socket, number>();
  app.server.on('connection', (socket) => {
    quiet.set(socket, performance.now());
    socket.once('close', () => quiet.delete(socket));
  });
  app.server.on('request', ({ socket }, response) => {
    answers.set(socket, (answers.get(socket) ?? 0) + 1);
    quiet.delete(socket);
    response.once('close', () => {
      const left = answers.get(socket)! - 1;
      answers.set(socket, left);
      if (left === 0 && !socket.destroyed) quiet.set(socket, performance.now());
    });
  });
  let looking: NodeJS.Timeout;
  app.addHook('preClose', async () => {
    const began = performance.now();
    looking = setInterval(() => {
      const now = performance.now();
      for (const [socket, since] of quiet) if (now - since > quietMs) socket.destroy();
      if (now - began > endingPatienceMs) app.server.closeAllConnections();
    }, quietMs / 2);
  });
  app.addHook('onClose', async () => clearInterval(looking));
}

function createFastify({ logger, trustedProxies = [], patienceMs = usualPatienceMs }: AppDeps) {
  const app = Fastify({
    loggerInstance: logger,
    // A URL can carry a link or a sign-in code; what is logged instead names the route.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout,
    keepAliveTimeout,
    handlerTimeout: patienceMs,
    http: { maxHeaderSize: headerLimit, headersTimeout, connectionsCheckingInterval: 5_000 },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: refuseUrl,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    genReqId: () => crypto.randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: pathPartLimit },
    schemaController: { compilersFactory: { buildSerializer } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  // Bodies are taken as they are: an unknown property or a number for a text is refused, not mended. Queries are text.
  const usual = { removeAdditional: false, useDefaults: true };
  const strict = addFormats.default(new Ajv({ ...usual, allErrors: true }));
  // Of a body that may hold thousands of things the first fault will do: all of them could fill the memory, before anybody has shown a key.
  const brief = addFormats.default(new Ajv(usual));
  const coercing = addFormats.default(new Ajv({ ...usual, coerceTypes: true }));
  // What an address is, `mailboxOf` knows better than a format.
  for (const ajv of [strict, brief, coercing]) ajv.addFormat('idn-email', true);
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const ajv = httpPart !== 'body' ? coercing : /"maxItems":\d{4}/.test(JSON.stringify(schema)) ? brief : strict;
    return ajv.compile(schema as object);
  });
  return app;
}

/**
 * Usher's HTTP side: the API and the pages.
 *
 * @returns an app that is not yet listening; closing it leaves the given connections open
 */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = createFastify(deps);
  const engine = createEngine({
    ...{ db: deps.db, temporal: deps.temporal, log: deps.logger, patienceMs: deps.enginePatienceMs },
  });
  const cookies = createCookies(deps.publicUrl);
  const limits = createLimits({ db: deps.db, key: deps.cookieKey, factor: deps.limitFactor ?? 1 });
  const all: RouteDeps = { ...deps, engine, cookies, limits, issuers: issuersOf(deps.providers) };
  app.addHook('onClose', () => engine.close());
  endQuiet(app);
  // First of all: it sees the hooks and routes that come after it.
  if (deps.tracing) await app.register(deps.tracing);

  await app.register(cookie, { secret: deps.cookieKey.toString('base64') });
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('account', undefined);
  app.decorateRequest('countsIn', undefined);
  app.decorateRequest('invitation', undefined);
  app.addHook('preHandler', async (request) => {
    if (isApi(request.url)) return;
    const person = await personOfCookie(request, all);
    request.account = person?.account;
    request.countsIn = person?.organization;
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
      directives: policy,
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
  /** Methods of each path of the API. */
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    if (isApi(url)) methods.set(url, [...(methods.get(url) ?? []), method].flat());
  });
  app.addHook('onRequest', async (request) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0]!;
    const [, allowed] = [...methods].find(([url]) => pathPattern(url).test(path)) ?? [];
    if (!allowed) return;
    // RFC 9110, section 15.5.6.
    const allow = allowed.toSorted().join(', ');
    throw new Problem('method_not_allowed', `It takes ${allow}.`, undefined, { allow });
  });
  // A POST that says nothing says the empty object: `accept` by a session, `link`, `revoke`.
  app.addHook('preValidation', async (request) => {
    if (request.method === 'POST' && request.body === undefined) request.body = {};
  });
  // After the schemas, which bound what there is to look through.
  app.addHook('preHandler', async (request) => {
    for (const part of ['params', 'query', 'body'] as const) {
      const broken = findBrokenText(request[part], part);
      if (broken)
        throw new Problem('invalid_request', `${broken} holds U+0000 or half a surrogate pair, which no text may.`);
    }
  });
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const { url: route = 'none' } = request.routeOptions;
    httpSeconds.observe(
      { route, method, status: `${Math.floor(reply.statusCode / 100)}xx` },
      reply.elapsedTime / 1_000,
    );
    request.log.info(
      { method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime), ...subjectOfRequest(request) },
      'request',
    );
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request.routeOptions.bodyLimit);
    const level = problem.status >= 500 ? 'error' : 'info';
    httpProblems.inc({ code: problem.code });
    request.log[level](
      {
        code: problem.code,
        ...subjectOfRequest(request),
        ...(level === 'error' ? { error: errorForLog(error) } : {}),
      },
      'problem',
    );
    reply.status(problem.status).headers(problem.headers);
    // RFC 9110, section 15.5.2.
    if (problem.status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Bearer');
    if (problem.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', '2');
    const body = { ...problem.body(), requestId: request.id };
    if (isApi(request.url)) return reply.type('application/problem+json').send(body);
    // A stale form's page is drawn anew; reloading this one would only send the form again.
    const { id, organization } = (request.params ?? {}) as { id?: string; organization?: string };
    const words = wordsOfProblem(request);
    const next =
      problem.code !== 'form_expired'
        ? undefined
        : organization !== undefined
          ? { text: 'Back to the console', href: `/console/${encodeURIComponent(organization)}` }
          : id && { text: words.text('problem.backToInvitation'), href: invitationPath(id) };
    return sendPage(
      reply,
      problemPage({
        ...frameOf(reply, request.account),
        ...body,
        ...(isConsole(request.url) ? { detail: body.detail ?? '' } : problemWords(words, problem)),
        words,
        next: next || undefined,
      }),
    );
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = problemOf({ statusCode: 404 });
    const body = { ...problem.body(), requestId: request.id };
    reply.status(404);
    if (isApi(request.url)) return reply.type('application/problem+json').send(body);
    const words = wordsOfProblem(request);
    return sendPage(reply, problemPage({ ...body, ...problemWords(words, problem), words }));
  });

  await registerOpenApi(app);
  await app.register(async (scope) => {
    registerHealth(scope as unknown as App, all);
    registerMetrics(scope as unknown as App, all);
    registerInvitations(scope as unknown as App, all);
    registerEvents(scope as unknown as App, all);
    registerLicenses(scope as unknown as App, all);
    registerApiKeys(scope as unknown as App, all);
    registerMe(scope as unknown as App, all);
    registerMembers(scope as unknown as App, all);
    registerOrganizations(scope as unknown as App, all);
    registerPostmark(scope as unknown as App, all);
    registerWebhooks(scope as unknown as App, all);
    await registerDocs(scope as unknown as App);
  });
  // Pictures are taken here alone, CSV there.
  await app.register(async (scope) => registerLogos(scope as unknown as App, all));
  await app.register(async (scope) => registerBatches(scope as unknown as App, all));
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

/** What matches a path that a route's URL stands for. */
const pathPattern = (url: string) => new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`);

const isConsole = (url: string) => /^\/(console|support)\b/.test(url);
/** The console speaks English. */
const wordsOfProblem = (request: FastifyRequest): Words => (isConsole(request.url) ? english : wordsOf(request));

const isApi = (url: string) => /^\/(v1|webhooks|openapi|healthz|readyz|metrics)\b/.test(url);

/** What a request is about, by which logs are searched: what its path names, or what it has made or found. */
function subjectOfRequest({ params, invitation }: FastifyRequest): Record<string, string> {
  const { id } = (params ?? {}) as { id?: string };
  const subject = subjectOf(invitation ?? id);
  return { ...subject, ...(id && Object.keys(subject).length === 0 ? { id } : {}) };
}

/** A URL that cannot be read, or has too long a part: found before any route or hook. */
function refuseUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const detail =
    error.code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? `A part of the path may have ${pathPartLimit} characters at most.`
      : 'The path could not be read: check its percent-encoding.';
  const problem = new Problem('invalid_request', detail);
  const body = { ...problem.body(), requestId: request.id };
  const words = wordsOfProblem(request);
  // It is not repeated to whoever sent it: it may hold a link.
  reply.status(body.status).headers({ 'cache-control': 'no-store', 'x-request-id': request.id });
  if (isApi(request.url)) return void reply.type('application/problem+json').send(body);
  return void sendPage(reply, problemPage({ ...body, ...problemWords(words, problem), words }));
}

/** What Node cannot read as a request, or not in time. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [code, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? (['headers_too_large', `Headers may have ${headerLimit / 1024} KiB at most.`] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([
            'request_timeout',
            `Headers must arrive within ${headersTimeout / 1000} s, the whole request within ${requestTimeout / 1000} s.`,
          ] as const)
        : (['invalid_request', 'This is no HTTP/1.1 that can be read.'] as const);
  const body = JSON.stringify(new Problem(code, detail).body());
  const { status } = problems[code];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
