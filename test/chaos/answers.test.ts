import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InvitationId } from '../../db/ids.ts';
import { findBreaches } from '../setup/consistency.ts';
import { until } from '../setup/until.ts';
import { type Installation, type LinkName, startInstallation } from './installation.ts';

/**
 * What each page and call answers while a part is down, refusing or silent: what can truthfully be said, soon. How soon is
 * printed; that it is within two seconds is the business of deadlines in the code.
 */

/** An identity provider that ends every connection at once, or takes it and never says a word. */
let provider: Server;
let isSilent = false;
const held = new Set<Socket>();
let usher: Installation;
beforeAll(async () => {
  provider = createServer((socket) => {
    socket.on('error', () => undefined);
    if (isSilent) held.add(socket);
    else socket.resetAndDestroy();
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  usher = await startInstallation({
    links: true,
    lookupPatience: 15,
    environment: { USHER_ISSUER: `http://127.0.0.1:${(provider.address() as AddressInfo).port}` },
  });
});
afterAll(async () => {
  await usher?.close();
  for (const socket of held) socket.destroy();
  provider?.close();
});

/** A signed-in invitee before their invitation, with the form already open. */
interface Scene {
  id: InvitationId;
  email: string;
  /** An address to invite. */
  other: string;
  link: string;
  browser: Awaited<ReturnType<Installation['browser']>>;
  form: Record<string, string>;
}
async function scene(name: string): Promise<Scene> {
  const email = `${name}@example.com`;
  const { id } = (await usher.invite(email)).body;
  await usher.sent(id);
  const browser = await usher.browser(email);
  const page = await (await browser(`/invitations/${id}`)).text();
  const form = page
    .split('<form ')
    .find((text) => text.includes(`action="/invitations/${id}/accept"`))!
    .split('</form>')[0]!;
  const fields = [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, field, value]) => [field, value]);
  const link = new URL((await usher.call(`/v1/invitations/${id}/link`, { body: {} })).body.url).pathname;
  return { id, email, other: `other-${email}`, link, browser, form: Object.fromEntries(fields) };
}

interface Answer {
  status: number;
  /** The problem's code, or the page's heading. */
  said?: string | undefined;
}
type Part = 'Postgres' | 'engine';

/** What is asked, in this order: what it needs, and how it is answered when that is there. */
const asks: Record<string, { needs: Part[]; well: number; ask: (s: Scene) => Promise<Answer> }> = {
  'GET /healthz': { needs: [], well: 200, ask: () => call('/healthz') },
  'GET /v1/invitations/{id}': { needs: ['Postgres'], well: 200, ask: ({ id }) => call(`/v1/invitations/${id}`) },
  'GET /v1/…/invitations': { needs: ['Postgres'], well: 200, ask: () => call('/v1/organizations/acme/invitations') },
  'GET /v1/invitations/{id}/events': {
    needs: ['Postgres'],
    well: 200,
    ask: ({ id }) => call(`/v1/invitations/${id}/events`),
  },
  'POST /v1/…/invitations': {
    needs: ['Postgres'],
    well: 201,
    ask: ({ other }) => answered(usher.invite(other)),
  },
  'GET /i/{token}': { needs: ['Postgres'], well: 303, ask: ({ browser, link }) => page(browser(link)) },
  'GET /invitations/{id}': {
    needs: ['Postgres'],
    well: 200,
    ask: ({ browser, id }) => page(browser(`/invitations/${id}`)),
  },
  'GET /': { needs: ['Postgres'], well: 200, ask: ({ browser }) => page(browser('/')) },
  // The identity provider is never there.
  'POST /sign-in': {
    needs: ['Postgres'],
    well: 503,
    ask: ({ browser, form }) => page(browser('/sign-in', { _csrf: form._csrf! })),
  },
  'POST /v1/invitations/{id}/resend': {
    needs: ['Postgres', 'engine'],
    well: 200,
    ask: ({ id, email }) => answered(usher.act('resend', id, email)),
  },
  'PATCH /v1/invitations/{id}': {
    needs: ['Postgres', 'engine'],
    well: 200,
    ask: ({ id }) => call(`/v1/invitations/${id}`, { method: 'PATCH', body: { teams: ['Blue'] } }),
  },
  'POST /invitations/{id}/accept': {
    needs: ['Postgres', 'engine'],
    well: 303,
    ask: ({ browser, id, form }) => page(browser(`/invitations/${id}/accept`, form)),
  },
  'POST /v1/invitations/{id}/revoke': {
    needs: ['Postgres', 'engine'],
    well: 409,
    ask: ({ id, email }) => answered(usher.act('revoke', id, email)),
  },
  'POST /sign-out': {
    needs: ['Postgres'],
    well: 303,
    ask: ({ browser, form }) => page(browser('/sign-out', { _csrf: form._csrf! })),
  },
};

/** What is said without a part. On a machine that is slow too, that it takes too long. */
const unreachable: Record<Part, string[]> = {
  Postgres: ['database_unreachable', 'The database does not answer', 'too_slow', 'It takes too long'],
  engine: ['engine_unreachable', 'We cannot reach the engine', 'too_slow', 'It takes too long'],
};

const answered = async (answer: ReturnType<Installation['call']>): Promise<Answer> => {
  const { status, body } = await answer;
  return { status, said: body.code };
};
const call = (path: string, o?: Parameters<Installation['call']>[1]) => answered(usher.call(path, o));
const page = async (response: Promise<Response>): Promise<Answer> => {
  const { status } = await response;
  return { status, said: /<h1[^>]*>([^<]*)/.exec(await (await response).text())?.[1] };
};

/** A link that becomes refusing (its connections are cut) or silent (they stay), until it is whole again. */
const link = (name: LinkName, state: 'refusing' | 'silent') => ({
  goes() {
    usher.link(name).become(state);
    if (state === 'refusing') usher.link(name).cut();
  },
  returns() {
    usher.link(name).become('whole');
    usher.link(name).cut();
  },
});

/** How each part goes, and comes back; what is then lacking, and what `/readyz` calls it. */
const outages: Record<string, { goes(): unknown; returns(): unknown; lacking?: Part; missing?: string }> = {
  nothing: { goes: () => undefined, returns: () => undefined },
  'Postgres refuses': { ...link('API to Postgres', 'refusing'), lacking: 'Postgres', missing: 'postgres' },
  'Postgres is silent': { ...link('API to Postgres', 'silent'), lacking: 'Postgres', missing: 'postgres' },
  'Temporal refuses': { ...link('API to Temporal', 'refusing'), lacking: 'engine', missing: 'temporal' },
  'Temporal is silent': { ...link('API to Temporal', 'silent'), lacking: 'engine', missing: 'temporal' },
  'no worker': {
    goes: async () => (await usher.running('worker')).end('SIGKILL'),
    returns: () => usher.running('worker'),
    lacking: 'engine',
  },
  'the identity provider is silent': {
    goes: () => {
      isSilent = true;
    },
    returns: () => {
      isSilent = false;
    },
  },
  'the mail provider refuses': link('worker to mail provider', 'refusing'),
  'the mail provider is silent': link('worker to mail provider', 'silent'),
};

test('before any worker has come, /readyz names it', async () => {
  await usher.running('api');
  expect((await usher.call('/readyz')).body).toEqual({ status: 'unready', missing: ['worker'] });
});

test.each(Object.entries(outages))('%s', async (name, { goes, returns, lacking, missing }) => {
  await usher.running('api');
  await usher.running('worker');
  const at = await scene(name.toLowerCase().replaceAll(' ', '-'));
  await goes();
  const took: [string, number][] = [];
  const timed = async (what: string) => {
    const begun = performance.now();
    const answer = await asks[what]!.ask(at);
    took.push([what, Math.round(performance.now() - begun)]);
    return answer;
  };
  const isLacking = (what: string) => lacking !== undefined && asks[what]!.needs.includes(lacking);
  const all = Object.keys(asks);
  await Promise.all(
    all.filter(isLacking).map(async (what) => {
      const { status, said } = await timed(what);
      expect([what, status]).toEqual([what, 503]);
      expect(unreachable[lacking!], what).toContain(said);
    }),
  );
  for (const what of all.filter((what) => !isLacking(what))) {
    const { well } = asks[what]!;
    // On a slow machine more than once.
    const { status } = await until(`an answer to ${what}`, async () => {
      const answer = await timed(what);
      return (answer.status !== 503 || well === 503) && answer;
    });
    expect([what, status]).toEqual([what, well]);
  }
  if (missing) expect((await usher.call('/readyz')).body).toEqual({ status: 'unready', missing: [missing] });
  const [slowest, ms] = took.sort(([, a], [, b]) => b - a)[0]!;
  console.log(`${name}: ${took.length} answers, the slowest after ${ms} ms (${slowest})`);

  await returns();
  await until('all to be well', async () => (await usher.call('/readyz')).status === 200);
  // Everything catches up by itself: what was invited meanwhile is mailed, what was asked takes effect when repeated.
  const other = (await settled(() => usher.invite(at.other))).body.id as InvitationId;
  if (lacking === 'engine') await usher.reconcile(other);
  await usher.sent(other);
  expect(await usher.mails(at.other)).toBe(1);
  await settled(() => usher.act('accept', other, at.other));
  expect(await usher.state(other)).toBe('accepted');
  expect(await findBreaches(usher.db)).toEqual([]);
});

const settled = (ask: () => ReturnType<Installation['call']>) =>
  until('an outcome', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });
