import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import protos from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { workflowBundle } from '../../bundle.ts';
import type { InvitationId } from '../../db/ids.ts';
import { createLinks } from '../../identity/links.ts';
import { freePort } from '../../local/ports.ts';
import { type Installation, startInstallation } from '../chaos/installation.ts';
import { until } from '../setup/until.ts';
import '../setup/temporal.ts';
import { type Collector, type Span, startCollector } from './collector.ts';
import { readQuery } from './promql.ts';

/** What an installation says of itself, its programs in processes of their own: logs, metrics, traces. */

const token = 'a-token-of-prometheus';
const linkKey = Buffer.alloc(32, 'l');
const email = 'traced@example.com';
const root = path.join(import.meta.dirname, '../..');

/** Of a caller who sends more along than Usher wants. */
const caller = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=state-of-caller',
  baggage: 'user=baggage-of-caller',
};

let collector: Collector;
let provider: Server;
/** The headers of what the mail provider was asked. */
const asked: string[][] = [];
let usher: Installation;
let workerAt: string;
let id: InvitationId;
let link: string;

beforeAll(async () => {
  collector = await startCollector();
  provider = createServer(async (request, response) => {
    asked.push(request.rawHeaders);
    const answer = await fetch(`${usher.inbox}${request.url}`, {
      method: request.method!,
      headers: { 'X-Postmark-Server-Token': 'test', 'content-type': 'application/json' },
      ...(request.method === 'POST' ? { body: await buffer(request) } : {}),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  workerAt = `127.0.0.1:${await freePort()}`;
  usher = await startInstallation({
    environment: {
      USHER_METRICS_ADDRESS: workerAt,
      USHER_METRICS_TOKEN: token,
      USHER_LINK_KEYS: linkKey.toString('base64'),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      USHER_POSTMARK_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
    },
  });
  await usher.running('api');
  await usher.running('worker');
  // Invited, and joined in the browser by the link of the email.
  const body = { email, licenses: ['studio'] };
  id = (await usher.call('/v1/organizations/acme/invitations', { body, headers: caller })).body.id;
  await usher.sent(id);
  link = createLinks(usher.url, [linkKey]).token({ invitation: id, generation: 1 });
  const browser = await usher.browser(email);
  expect((await browser(`/i/${link}`)).status).toBe(303);
  const page = await (await browser(`/invitations/${id}`)).text();
  const fields = [...page.matchAll(/name="(_csrf|invitation|emailVersion)" value="([^"]*)"/g)];
  const form = Object.fromEntries(fields.map(([, name, value]) => [name, value]));
  await until('a member', async () => (await browser(`/invitations/${id}/accept`, form)).status === 303);
  expect(await usher.state(id)).toBe('accepted');
  await (await fetch(`${usher.url}/openapi.json`, { headers: caller })).text();
  // Refused: it is over.
  expect((await usher.act('decline', id, email)).status).toBe(409);
});
afterAll(async () => {
  await usher?.close();
  await collector?.close();
  provider?.close();
});

test('one id is found in the log of every program, and nothing but lines of JSON', async () => {
  const lines = async () => {
    const parts = [await usher.running('api'), await usher.running('worker')];
    // The last may not have come whole.
    return parts.flatMap((part): Record<string, unknown>[] =>
      part
        .output()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    );
  };
  const said = (what: Record<string, unknown>) =>
    until(`a line of ${JSON.stringify(what)}`, async () => {
      const wanted = Object.entries({ invitation: id, ...what });
      const found = (await lines()).filter((line) => wanted.every(([key, value]) => line[key] === value));
      return found.length > 0 && found;
    });
  for (const route of ['/v1/organizations/:organization/invitations', '/i/:token', '/invitations/:id'])
    await said({ part: 'API', msg: 'request', route });
  expect(await said({ part: 'API', msg: 'problem', code: 'invitation_accepted' })).toHaveLength(1);
  expect(await said({ part: 'worker', msg: 'email', result: 'sent' })).toHaveLength(1);
  const [joined] = await said({ part: 'worker', msg: 'transition', event: 'accepted' });
  // What the transition was for is the request that the API says it took.
  expect(await said({ part: 'API', msg: 'request', reqId: joined!.request })).toMatchObject([
    { route: '/invitations/:id/accept', status: 303 },
  ]);
});

const ofApi = (authorization: string) => fetch(`${usher.url}/metrics`, { headers: { authorization } });
const ofWorker = () => fetch(`http://${workerAt}/metrics`);

test('what has happened is counted, where it happened', async () => {
  const api = await (await ofApi(`Bearer ${token}`)).text();
  const worker = await (await ofWorker()).text();
  for (const [text, sample] of [
    [api, 'usher_http_request_duration_seconds_count{route="/i/:token",method="GET",status="3xx"} 1'],
    [api, 'usher_http_problems_total{code="invitation_accepted"} 1'],
    [api, 'usher_invitation_events_total{event="created"} 1'],
    [api, 'usher_invitation_refusals_total{event="decline",code="invitation_accepted"} 1'],
    [worker, 'usher_invitation_events_total{event="accepted"} 1'],
    [worker, 'usher_invitation_duration_seconds_count{state="sent"} 1'],
    [worker, 'usher_invitation_duration_seconds_count{state="accepted"} 1'],
    [worker, 'usher_emails_total{kind="invitation",result="sent",code="none"} 1'],
    [worker, 'usher_license_seats{state="assigned"} 1'],
    [worker, 'usher_license_seats{state="available"} 99'],
    [worker, 'usher_emails_queued 0'],
    [worker, 'usher_database_up 1'],
  ] as const)
    expect(text.split('\n')).toContain(sample);
});

/** The labels of every metric that is exported, by its name. */
async function exported(): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const answer of [await ofApi(`Bearer ${token}`), await ofWorker()]) {
    expect(answer.status).toBe(200);
    for (const line of (await answer.text()).split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? [-+\w.]+$/.exec(line) ?? [];
      expect(name, line).toBeDefined();
      const known = found.get(name!) ?? new Set();
      for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label!);
      found.set(name!, known);
    }
  }
  return found;
}

test('dashboard and alerts ask for metrics, and for labels of theirs, that are really exported', async () => {
  await usher.temporal.schedule.getHandle('reconcile').trigger();
  const metrics = await until('a run of the reconciler', async () => {
    const now = await exported();
    return now.has('temporal_workflow_completed') && now;
  });
  const read = (name: string) => readFileSync(path.join(root, 'docs/operations', name), 'utf8');
  const { panels } = JSON.parse(read('dashboard.json')) as { panels: { targets?: { expr: string }[] }[] };
  const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const { groups } = parse(read('alerts.yml')) as { groups: { rules: { expr: string }[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
  expect(shown.length).toBeGreaterThan(20);
  expect(alerts.length).toBeGreaterThan(10);
  for (const expression of [...shown, ...alerts]) {
    const query = readQuery(expression);
    expect(query.metrics.length, expression).toBeGreaterThan(0);
    for (const { name, labels } of query.metrics) {
      expect(metrics.has(name), `${name} in ${expression}`).toBe(true);
      expect(
        [...labels, ...query.groups].filter((label) => !metrics.get(name)!.has(label)),
        `labels of ${name} in ${expression}`,
      ).toEqual([]);
    }
  }
});

test('whoever has no token finds no metrics at the API', async () => {
  expect((await ofApi(`Bearer ${token}x`)).status).toBe(404);
  expect((await fetch(`${usher.url}/metrics`)).status).toBe(404);
  expect((await fetch(`http://${workerAt}/`)).status).toBe(404);
});

test('while Postgres is down a scrape says so, and leaves out what it does not know', async () => {
  const up = async (answer: Response) => /^usher_database_up (\d)$/m.exec(await answer.text())?.[1];
  await usher.servers.postgres.kill();
  const noticed = async (scrape: () => Promise<Response>) => {
    await until('it to be noticed', async () => (await up(await scrape())) === '0');
    const text = await (await scrape()).text();
    expect(text).not.toMatch(/^usher_(emails_queued|license)/m);
    expect(text).toMatch(/^usher_database_connections_max 20$/m);
  };
  await Promise.all([noticed(() => ofApi(`Bearer ${token}`)), noticed(ofWorker)]);
  await usher.servers.postgres.restart();
  await until('it to be back', async () => (await up(await ofWorker())) === '1');
});

test('one trace leads from creating to the provider, another from the click to membership, and neither tells anything personal', async () => {
  for (const name of ['api', 'worker'] as const) expect(await (await usher.running(name)).end('SIGTERM')).toBe(0);
  const spans = collector.spans();
  /** The names of a span and of those around it, but for those that Fastify's own handler has. */
  const around = (span: Span): string[] => {
    const parent = spans.find((other) => other.trace === span.trace && other.id === span.parent);
    const names = parent ? around(parent) : [];
    return span.name.startsWith('handler - ') ? names : [span.name, ...names];
  };
  const sent = spans.find(
    ({ name, attributes }) => name === 'send invitation' && attributes['usher.invitation'] === id,
  )!;
  expect(around(sent)).toEqual([
    'send invitation',
    'RunActivity:load',
    'StartWorkflow:invitation',
    'POST /v1/organizations/:organization/invitations',
  ]);
  const taken = spans.filter(({ parent, trace }) => parent === sent.id && trace === sent.trace);
  expect(taken.map(({ name, attributes }) => [name, attributes['server.address']])).toEqual([['POST', '127.0.0.1']]);

  const commits = spans.filter(
    ({ name, attributes }) => name === 'RunActivity:commit' && attributes.temporalWorkflowId === `invitation/${id}`,
  );
  expect(commits.map(around)).toEqual([
    ['RunActivity:commit', 'HandleUpdate:accept', 'UpdateWithStartWorkflow:accept', 'POST /invitations/:id/accept'],
  ]);

  // A caller who is refused is no error of the service's.
  const refused = spans.find(({ name }) => name === 'POST /v1/invitations/:id/decline')!;
  expect(spans.filter(({ trace, isError }) => trace === refused.trace && isError)).toEqual([]);

  // What a caller has begun goes on, and nobody traces those who look whether it lives.
  expect(spans.find(({ name }) => name === 'GET /openapi.json')).toMatchObject({
    trace: '0af7651916cd43dd8448eb211c80319c',
    parent: 'b7ad6b7169203331',
  });
  expect(spans.map(({ name }) => name)).not.toContain('GET /metrics');

  // What a span could have said: it is at hand where they are made.
  expect(spans.map(({ name }) => name)).toContain('GET /i/:token');
  const sentAway = Buffer.concat(collector.bodies).toString('latin1');
  for (const secret of [link, '/i/inv', email, 'traced', 'owner@acme.example', 'Olivia', 'select ', 'usher_sk_'])
    expect(sentAway.includes(secret), secret).toBe(false);
  const keys = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  expect([...keys].filter((key) => /url|query|path|message|db\./.test(key))).toEqual([]);
});

test('what else a caller sends along is passed on to nobody, and providers are told nothing of traces', async () => {
  const { History } = protos.temporal.api.history.v1;
  const history = await usher.temporal.workflow.getHandle(`invitation/${id}`).fetchHistory();
  const kept = Buffer.from(History.encode(history).finish()).toString('latin1');
  expect(kept).toContain('0af7651916cd43dd8448eb211c80319c');
  expect(kept).not.toMatch(/of-caller|baggage|tracestate/);
  expect(asked.length).toBeGreaterThan(0);
  const names = asked.flatMap((headers) => headers.filter((_, i) => i % 2 === 0)).map((name) => name.toLowerCase());
  expect(names).toContain('x-postmark-server-token');
  for (const name of Object.keys(caller)) expect(names).not.toContain(name);
});

test('what ran with traces goes on without them, and the other way round', async () => {
  const run = usher.temporal.workflow.getHandle(`invitation/${id}`);
  const history = await run.fetchHistory();
  const sinks = { tracing: { updated: { fn: () => undefined } } };
  for (const isTraced of [true, false])
    await Worker.runReplayHistory(
      { workflowBundle: await workflowBundle(isTraced), sinks },
      history,
      `invitation/${id}`,
    );
});
