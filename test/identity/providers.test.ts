import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../config.ts';
import { ensureOrganization, registerTrust } from '../../db/organizations.ts';
import { type RunningProvider, startProvider } from '../../identity/provider/start-provider.ts';
import type { Trust } from '../../identity/providers.ts';
import { freePort } from '../../local/ports.ts';
import { emptyDatabase } from '../setup/database.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { Visitor } from './visitor.ts';

/**
 * Several providers in a running Usher: the main one and another that counts everywhere, Globex's own, and Initech's own,
 * which is hostile.
 */

let usher: Usher;
let globex: RunningProvider;
let shared: Issuer;
let initech: Issuer;
const keys: Record<string, string> = {};
const password = 'correct horse battery';
/** Of the one that counts everywhere. */
const domains = ['shared.example', 'taken.example'];

beforeAll(async () => {
  [shared, initech] = await Promise.all([startIssuer(), startIssuer()]);
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const client = { clientId: 'usher', clientSecret: 'a secret with Globex' };
  usher = await startUsher({
    withProvider: true,
    providers: [
      { id: 'globex', name: 'Globex', issuer, ...client, everywhere: false, hidden: true, domains: [] },
      {
        ...{ id: 'shared', name: 'Shared', issuer: shared.url, ...client },
        ...{ everywhere: true, hidden: false, domains },
      },
      {
        ...{ id: 'initech', name: 'Initech', issuer: initech.url, ...client },
        ...{ everywhere: false, hidden: true, domains: ['initech.example'] },
      },
    ],
  });
  globex = await startProvider({
    ...{ issuer, host: '127.0.0.1', port, databaseUrl: (await emptyDatabase()).url },
    client: {
      ...{ id: client.clientId, secret: client.clientSecret },
      ...{ redirectUris: [`${usher.url}/sign-in/callback/globex`], postLogoutRedirectUris: [`${usher.url}/`] },
    },
    mail: { url: usher.inbox, token: 'test', from: 'identity@globex.example' },
  });
  for (const [slug, of] of Object.entries({ globex: issuer, initech: initech.url })) {
    await ensureOrganization(usher.db, { slug, name: slug });
    const organization = await registerTrust(usher.db, slug, { issuer: of }, [usher.issuer, shared.url]);
    keys[slug] = await usher.apiKey({ organization });
  }
  keys.acme = usher.key;
});
afterAll(async () => {
  await globex?.close();
  await usher?.close();
  for (const one of [shared, initech]) await one?.close();
});
beforeEach(() => {
  shared.person = { sub: crypto.randomUUID(), email: 'somebody@shared.example', email_verified: true };
  initech.person = { sub: crypto.randomUUID(), email: 'somebody@initech.example', email_verified: true };
});

const invite = async (slug: string, email: string): Promise<string> =>
  (await usher.call(`/v1/organizations/${slug}/invitations`, { body: { email }, key: keys[slug]! })).body.id;
const stateOf = async (slug: string, id: string) =>
  (await usher.call(`/v1/invitations/${id}`, { key: keys[slug]! })).body.state;
const account = (email: string) =>
  usher.db.selectFrom('accounts').selectAll().where('email', '=', email).executeTakeFirst();
/** Not that of a provider, which is on this machine too. */
const sessionOf = (visitor: Visitor) => visitor.cookie(`usher_${new URL(usher.url).port}_session`);
/** Where somebody is asked to choose between, in their order. */
const choices = ({ page }: Visitor) => [...page.text.matchAll(/name="provider" value="([\w-]+)"/g)].map(([, id]) => id);
/** A browser that came by the link of an organization's invitation. */
async function follow(email: string, organization: string): Promise<Visitor> {
  const visitor = new Visitor();
  await visitor.visit(`${usher.url}${await usher.linkTo(email, new RegExp(`join ${organization}$`))}`);
  return visitor;
}
/** Somebody of Globex, who has followed the link of its invitation and signed in. */
async function ofGlobex(email: string): Promise<Visitor> {
  await globex.ensureUser({ email, name: 'Some Body', password, emailVerified: true });
  const visitor = await follow(email, 'globex');
  expect(visitor.page.url.origin).toBe(globex.url);
  await visitor.submit('/sign-in', { email, password });
  return visitor;
}

describe('an organization with a provider of its own', () => {
  test('has whom it invites sign in there, and lets them in', async () => {
    const email = 'hank@globex.example';
    const id = await invite('globex', email);
    const visitor = await ofGlobex(email);
    expect(visitor.page.url.pathname).toBe(`/invitations/${id}`);
    await decided(() => visitor.submit('/accept'));
    expect(await stateOf('globex', id)).toBe('accepted');
    const me = await usher.call('/v1/me', { session: sessionOf(visitor)! });
    expect(me.body.memberships).toMatchObject([{ organization: 'globex' }]);
    // They are signed out where they have signed in.
    await visitor.visit(`${usher.url}/`);
    visitor.stopAt = globex.url;
    await visitor.submit('/sign-out');
    expect(visitor.page.url.href).toContain(`${globex.url}/session/end?`);
  });

  test('lets nobody in anywhere else, though it says whose address it is', async () => {
    const email = 'scorpio@globex.example';
    const mine = await invite('globex', email);
    const theirs = await invite('acme', email);
    const visitor = await ofGlobex(email);
    const session = sessionOf(visitor)!;
    expect((await visitor.visit(`${usher.url}/`)).text).not.toContain(theirs);
    expect(visitor.page.text).toContain(mine);
    const listed = (await usher.call('/v1/me/invitations', { session })).body.items;
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([mine]);
    for (const verb of ['accept', 'decline']) {
      const answer = await usher.call(`/v1/invitations/${theirs}/${verb}`, { body: {}, session });
      expect([answer.status, answer.body.code]).toEqual([404, 'invitation_not_found']);
    }
    // Nor by the page that the link of the other invitation leads to.
    const link = usher.links.url({ invitation: theirs as never, generation: 1 });
    await visitor.visit(link);
    expect([visitor.page.status, visitor.title]).toEqual([403, 'Another account is invited']);
    expect(visitor.page.text).toContain('an account that another organization has given you');
    const csrf = /name="_csrf" value="([^"]+)"/.exec(visitor.page.text)![1]!;
    await visitor.visit(`/invitations/${theirs}/accept`, { _csrf: csrf, invitation: theirs });
    expect([visitor.page.status, await stateOf('acme', theirs)]).toEqual([403, 'pending']);
  });

  test('leaves whom it does not know the choice of another account', async () => {
    const known = 'smithers@globex.example';
    await invite('globex', known);
    const visitor = await ofGlobex(known);
    const email = 'unknown-there@example.com';
    await invite('globex', email);
    await visitor.visit(`${usher.url}${await usher.linkTo(email)}`);
    expect([visitor.page.status, visitor.title]).toEqual([403, 'Another account is invited']);
    await visitor.submit('/sign-in');
    expect(choices(visitor)).toEqual(['globex', 'main', 'shared']);
  });

  test('makes nobody staff, nor a member elsewhere, whatever the account once was', async () => {
    const email = 'elevated@globex.example';
    await invite('globex', email);
    const visitor = await ofGlobex(email);
    const { id } = (await account(email))!;
    await usher.db.updateTable('accounts').set({ staff_role: 'operator' }).where('id', '=', id).execute();
    const session = sessionOf(visitor)!;
    expect((await visitor.visit(`${usher.url}/support`)).status).toBe(403);
    expect((await visitor.visit(`${usher.url}/console/acme`)).status).toBe(404);
    expect((await usher.call('/v1/organizations/acme/invitations', { session })).status).toBe(404);
    expect((await usher.call('/v1/me', { session })).body.staff).toBeNull();
  });

  test('that takes it away has nobody signed in by it, and says so instead of asking again and again', async () => {
    const email = 'late@globex.example';
    await invite('globex', email);
    const visitor = await ofGlobex(email);
    await registerTrust(usher.db, 'globex', { issuer: null }, []);
    try {
      expect((await usher.call('/v1/me', { session: sessionOf(visitor)! })).status).toBe(401);
      await visitor.visit(`${usher.url}/`);
      expect(choices(visitor)).toEqual(['globex', 'main', 'shared']);
      await visitor.submit('/sign-in', { provider: 'globex' });
      expect([visitor.page.status, visitor.page.text]).toEqual([400, expect.stringContaining('No organization here')]);
    } finally {
      await registerTrust(usher.db, 'globex', { issuer: globex.url }, []);
    }
  });
});

describe('where there are several', () => {
  test('people choose, those of one organization alone are not shown, and where they were last comes first', async () => {
    const visitor = new Visitor();
    await visitor.visit(`${usher.url}/`);
    expect(choices(visitor)).toEqual(['main', 'shared']);
    // Nor is it found by guessing.
    await visitor.submit('/sign-in', { provider: 'globex' });
    expect(choices(visitor)).toEqual(['main', 'shared']);
    await visitor.submit('/sign-in', { provider: 'shared' });
    expect(visitor.page.text).toContain('somebody@shared.example');
    await visitor.submit('/sign-out');
    expect(choices(visitor)).toEqual(['shared', 'main']);
  });

  test('they come back to where they were, and nowhere else', async () => {
    const visitor = new Visitor();
    await visitor.visit(`${usher.url}/console/acme?a=b`);
    expect(choices(visitor)).toEqual(['main', 'shared']);
    await visitor.submit('/sign-in', { provider: 'shared' });
    expect(visitor.page.url.href).toBe(`${usher.url}/console/acme?a=b`);

    const another = new Visitor();
    await another.visit(`${usher.url}/console`);
    await another.submit('/sign-in', { provider: 'shared', return_to: 'https://evil.example/' });
    expect(another.page.url.href).toBe(`${usher.url}/`);
  });

  test('an invitation of an organization without its own leaves the choice; whoever has no link learns nothing', async () => {
    const email = 'choice@shared.example';
    const id = await invite('acme', email);
    const visitor = await follow(email, 'Acme');
    expect(choices(visitor)).toEqual(['main', 'shared']);
    shared.person.email = email;
    await visitor.submit('/sign-in', { provider: 'shared' });
    expect(visitor.page.url.pathname).toBe(`/invitations/${id}`);
    await decided(() => visitor.submit('/accept'));
    expect(await stateOf('acme', id)).toBe('accepted');

    const stranger = new Visitor();
    await stranger.visit(`${usher.url}/invitations/${await invite('globex', 'unseen@globex.example')}`);
    expect(choices(stranger)).toEqual(['main', 'shared']);
  });

  test('the same subject of another is another account', async () => {
    const visitor = new Visitor();
    await visitor.visit(`${usher.url}/`);
    shared.person.sub = 'owner';
    await visitor.submit('/sign-in', { provider: 'shared' });
    expect((await visitor.visit(`${usher.url}/console/acme`)).status).toBe(404);
  });
});

describe('a provider that knows the owners of some domains alone', () => {
  test('verifies no other address, by a sign-in or a token', async () => {
    const email = 'victim@elsewhere.example';
    const id = await invite('acme', email);
    shared.person.email = email;
    const visitor = await follow(email, 'Acme');
    await visitor.submit('/sign-in', { provider: 'shared' });
    expect([visitor.page.status, visitor.title]).toEqual([403, 'Sign in another way']);
    await visitor.submit('/sign-in');
    expect(choices(visitor)).toEqual(['shared', 'main']);
    expect(await account(email)).toMatchObject({ email_verified: false });

    const token = await shared.token({ ...shared.person, aud: usher.url });
    const headers = { authorization: `Bearer ${token}` };
    expect((await usher.call('/v1/me', { key: null, headers })).body).toMatchObject({ email, emailVerified: false });
    const answer = await usher.call(`/v1/invitations/${id}/accept`, { key: null, headers, body: {} });
    expect([answer.status, await stateOf('acme', id)]).toEqual([404, 'pending']);
  });

  test('nor by the key of its organization', async () => {
    const email = 'victim@elsewhere.example';
    const id = await invite('initech', email);
    const said = { issuer: initech.url, subject: 'mallory', email, emailVerified: true };
    const answer = await usher.call(`/v1/invitations/${id}/accept`, { key: keys.initech!, body: { account: said } });
    expect([answer.body.code, await stateOf('initech', id)]).toEqual(['email_unverified', 'pending']);
  });

  test('is believed no longer of those that are taken from it, whoever is signed in by it', async () => {
    const email = 'somebody@taken.example';
    const id = await invite('acme', email);
    shared.person.email = email;
    const visitor = await follow(email, 'Acme');
    await visitor.submit('/sign-in', { provider: 'shared' });
    const token = await shared.token({ sub: shared.person.sub, aud: usher.url });
    const callers = [{ session: sessionOf(visitor)! }, { key: null, headers: { authorization: `Bearer ${token}` } }];
    const accept = (caller: object) => usher.call(`/v1/invitations/${id}/accept`, { body: {}, ...caller });

    // The worker has its own word on it, in the transaction that lets somebody in.
    const workerWith = async (providers?: Trust[]) => {
      await usher.worker.stop();
      usher.worker = await usher.startWorker(providers && { providers });
    };
    await workerWith([{ issuer: shared.url, everywhere: true, domains: ['shared.example'] }]);
    for (const caller of callers) {
      expect((await usher.call('/v1/me', caller)).body).toMatchObject({ email, emailVerified: true });
      expect((await accept(caller)).body.code).toBe('email_unverified');
    }
    await workerWith();
    domains.pop();
    try {
      for (const caller of callers) {
        expect((await usher.call('/v1/me', caller)).body).toMatchObject({ email, emailVerified: false });
        expect((await accept(caller)).body.code).toBe('invitation_not_found');
      }
      expect((await visitor.visit(`${usher.url}/`)).text).not.toContain(id);
    } finally {
      domains.push('taken.example');
    }
    expect((await accept(callers[0]!)).body.state).toBe('accepted');
  });
});

describe('what one provider sends is not taken for what another does', () => {
  /** A browser on its way back from Initech's provider. @returns its callback */
  async function onTheWayBack(visitor: Visitor, email: string): Promise<URL> {
    await invite('initech', email);
    shared.asked.length = initech.asked.length = 0;
    visitor.stopAt = `${usher.url}/sign-in/callback`;
    await visitor.visit(`${usher.url}${await usher.linkTo(email)}`);
    visitor.stopAt = undefined;
    return visitor.page.url;
  }

  test.each([
    ['at the callback of another', (back: URL) => back.href.replace('/callback/initech', '/callback/shared')],
    ['at the callback of none', (back: URL) => back.href.replace('/callback/initech', '/callback/none')],
    ['in the name of another', (back: URL) => `${back.href}&iss=${encodeURIComponent(usher.issuer)}`],
  ])('%s: a code is redeemed nowhere, and nobody is signed in', async (where, change) => {
    const visitor = new Visitor();
    const back = await onTheWayBack(visitor, `mix-up-${where.replaceAll(' ', '-')}@initech.example`);
    expect(back.pathname).toBe('/sign-in/callback/initech');
    await visitor.visit(change(back));
    expect(visitor.page.status).toBe(400);
    expect(sessionOf(visitor)).toBeUndefined();
    expect([...shared.asked, ...initech.asked]).not.toContain('/token');
  });

  test('an ID token in which it names another issuer signs nobody in', async () => {
    const visitor = new Visitor();
    const back = await onTheWayBack(visitor, 'impersonator@initech.example');
    initech.idToken = { iss: usher.issuer, sub: 'owner' };
    await visitor.visit(back);
    initech.idToken = {};
    expect([visitor.page.status, sessionOf(visitor)]).toEqual([400, undefined]);
  });
});

test('one of an organization alone is hidden unless its entry says otherwise', () => {
  const key = Buffer.alloc(32).toString('base64');
  const entry = (id: string, more: object) => ({
    ...{ id, name: id, issuer: `https://${id}.example`, clientId: 'usher', clientSecret: 'secret', ...more },
  });
  const { providers } = readConfig({
    USHER_DATABASE_URL: 'postgres://usher@db/usher',
    USHER_PUBLIC_URL: 'https://usher.example.com',
    USHER_LINK_KEYS: key,
    USHER_COOKIE_KEY: key,
    USHER_ISSUER: 'https://login.example.com',
    USHER_CLIENT_ID: 'usher',
    USHER_CLIENT_SECRET: 'secret',
    USHER_MAIL_FROM: 'usher@example.com',
    USHER_POSTMARK_TOKEN: 'token',
    USHER_PROVIDERS: JSON.stringify([
      entry('own', {}),
      entry('shown', { hidden: false }),
      entry('all', { everywhere: true }),
    ]),
  });
  expect(providers.filter(({ hidden }) => hidden).map(({ id }) => id)).toEqual(['own']);
});
