import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { type Claims, type Issuer, startIssuer } from './issuer.ts';
import { Visitor } from './visitor.ts';

/** Signing in through the whole app: what of an identity provider's answer lets somebody in, and to what. */

let usher: Usher;
let issuer: Issuer;
let stranger: Issuer;
let sub: string;

beforeAll(async () => {
  [issuer, stranger] = await Promise.all([startIssuer(), startIssuer()]);
  usher = await startUsher({ issuer: issuer.url });
});
afterAll(async () => {
  await usher?.close();
  for (const one of [issuer, stranger]) await one?.close();
});
beforeEach(() => {
  sub = `sub-${crypto.randomUUID().slice(0, 8)}`;
  issuer.idToken = {};
  issuer.state = 'up';
});

const says = (email: string, more: Claims = {}) => {
  issuer.person = { sub, email, email_verified: true, name: 'Some Body', ...more };
};
/** Signs in, from the page of an invitation if one is given. */
async function signIn(o: { invitation?: string; visitor?: Visitor } = {}): Promise<Visitor> {
  const visitor = o.visitor ?? new Visitor();
  await visitor.visit(`${usher.url}${o.invitation ? `/invitations/${o.invitation}` : '/console'}`);
  return visitor;
}
/** Follows the link in an invitation's email, and signs in. */
async function follow(email: string): Promise<Visitor> {
  const visitor = new Visitor();
  await visitor.visit(`${usher.url}${await usher.linkTo(email)}`);
  return visitor;
}
const home = async (visitor: Visitor) => (await visitor.visit(`${usher.url}/`)).text;
const join = (visitor: Visitor) => decided(() => visitor.submit('/accept'));
const stateOfInvitation = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.state;
const account = () => usher.db.selectFrom('accounts').selectAll().where('subject', '=', sub).executeTakeFirst();
const memberships = async () =>
  usher.db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'account_id')
    .select('members.id')
    .where('subject', '=', sub)
    .execute();
const isOut = async (visitor: Visitor) => (await home(visitor)).includes('action="/sign-in"');

test('whoever owns the invited, verified address joins', async () => {
  const { id } = await usher.invite('owner-of-it@example.com');
  says('Owner-Of-It@EXAMPLE.com');
  const visitor = await signIn({ invitation: id });
  await join(visitor);
  expect(await stateOfInvitation(id)).toBe('accepted');
});

test.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  ['Claim it at www.evil.example', 'named'],
  ['<b>Ada</b>', 'named'],
  ['A\0da', 'named'],
  ['Ada\u202eevil', 'named'],
  ['x'.repeat(201), 'named'],
])('a name that is no plain text is not taken: %j', async (name, taken) => {
  says('named@example.com', { name });
  await signIn();
  expect((await account())?.name).toBe(taken);
});

describe('nobody is signed in by an ID token', () => {
  const now = () => Math.floor(Date.now() / 1000);
  test.each<[string, () => Claims]>([
    ['with the nonce of another sign-in', () => ({ nonce: 'another' })],
    ['without a nonce', () => ({ nonce: undefined })],
    ['of another issuer', () => ({ iss: stranger.url })],
    ['of our issuer with a slash more', () => ({ iss: `${issuer.url}/` })],
    ['for another client', () => ({ aud: 'another' })],
    ['for Usher’s API', () => ({ aud: usher.url })],
    ['for us and another, without saying which is meant', () => ({ aud: ['usher', 'another'] })],
    ['that was meant for another', () => ({ aud: ['usher', 'another'], azp: 'another' })],
    ['that has expired', () => ({ exp: now() - 600 })],
    ['without an address', () => ({ email: undefined as never })],
    ['with an address that is none', () => ({ email: 'nobody' })],
    ['with an address that holds a NUL', () => ({ email: 'victim\0@example.com' })],
  ])('%s', async (_, wrong) => {
    says('victim@example.com');
    issuer.idToken = wrong();
    const visitor = await signIn();
    expect([visitor.page.url.pathname, visitor.page.status]).toEqual(['/sign-in/callback', 400]);
    expect(visitor.cookie('_session')).toBeUndefined();
    expect(await isOut(visitor)).toBe(true);
    expect(await account()).toBeUndefined();
  });

  test('that a stranger signed', async () => {
    says('victim@example.com');
    const own = issuer.key;
    issuer.key = { ...stranger.key };
    try {
      const visitor = await signIn();
      expect(visitor.page.status).toBe(400);
      expect(await account()).toBeUndefined();
    } finally {
      issuer.key = own;
    }
  });

  test('that another browser’s sign-in brought: the mix-up', async () => {
    says('mallory@example.com');
    const mallory = new Visitor();
    mallory.stopAt = `${usher.url}/sign-in/callback`;
    await mallory.visit(`${usher.url}/console`);
    // Mallory has a victim open the end of mallory's own sign-in, to have them act as mallory.
    const victim = new Visitor();
    await victim.visit(mallory.page.url);
    expect(victim.page.status).toBe(400);
    expect(victim.cookie('_session')).toBeUndefined();
  });
});

describe('an address that is not said to be verified', () => {
  test.each([
    ['no', false],
    ['no-in-letters', 'false'],
    ['a-number', 1],
    ['a-word', 'yes'],
    ['null', null],
    ['absent', undefined],
  ])('(%s) sees no invitation and joins nothing', async (name, email_verified) => {
    const email = `unverified-${name}@example.com`;
    const { id } = await usher.invite(email);
    says(email, { email_verified });
    const visitor = await signIn();
    const session = visitor.cookie('_session')!;
    expect(await home(visitor)).not.toContain(id);
    expect((await usher.call('/v1/me/invitations', { session })).body.items).toEqual([]);
    const before = await stateOf(usher.db, id);
    for (const verb of ['accept', 'decline']) {
      const answer = await usher.call(`/v1/invitations/${id}/${verb}`, { body: {}, session });
      expect([answer.status, answer.body.code]).toEqual([404, 'invitation_not_found']);
    }
    // Not even from the page that the link leads to.
    const link = await usher.linkTo(email);
    await visitor.visit(link);
    expect([visitor.page.status, visitor.page.text.includes('/accept')]).toEqual([403, false]);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(visitor.page.text)![1]!;
    await visitor.visit(`/invitations/${id}/accept`, { _csrf: csrf, invitation: id });
    expect(visitor.page.status).toBe(403);
    const after = await stateOf(usher.db, id);
    // The email may have been sent meanwhile.
    const withoutDelivery = (state: string) =>
      JSON.parse(state).filter(([table]: string[]) => !/deliv|events/.test(table!));
    expect(withoutDelivery(after)).toEqual(withoutDelivery(before));
  });

  test('was verified at the last sign-in, and is not any more', async () => {
    const email = 'lost-it@example.com';
    const { id } = await usher.invite(email);
    says(email);
    const visitor = await follow(email);
    expect(visitor.page.text).toContain('/accept');
    says(email, { email_verified: false });
    await signIn({ visitor: new Visitor() });
    // The page is still open in the first browser.
    await join(visitor);
    expect(visitor.page.status).toBe(403);
    expect(await stateOfInvitation(id)).toBe('pending');
  });
});

describe('an account whose address changes', () => {
  test('keeps what it has, is invited there no more at the new address, and has nothing of the old one’s', async () => {
    const [old, renamed] = ['maiden@example.com', 'married@example.com'];
    const first = await usher.invite(old, { licenses: ['studio'] });
    says(old);
    await join(await signIn({ invitation: first.id }));
    expect(await memberships()).toHaveLength(1);
    const { id: accountId } = (await account())!;

    const atNew = (await usher.invite(renamed)).id;
    says(renamed);
    const visitor = await signIn();
    const page = await home(visitor);
    expect(page).toContain('Acme');
    expect(page).toContain('Studio');
    await usher.until(
      'a member’s invitation to be taken back',
      async () => (await stateOfInvitation(atNew)) === 'revoked',
    );
    expect(await account()).toMatchObject({ id: accountId, email: renamed });
    expect(await memberships()).toHaveLength(1);

    // The old address has no member now, and may go to somebody else.
    const atOld = (await usher.invite(old)).id;
    expect(await home(visitor)).not.toContain(atOld);
    const session = visitor.cookie('_session')!;
    const answer = await usher.call(`/v1/invitations/${atOld}/accept`, { body: {}, session });
    // As a member they may know that it exists, and that is all.
    expect(answer).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    sub = 'the-next-owner';
    says(old);
    await join(await signIn({ invitation: atOld }));
    expect(await stateOfInvitation(atOld)).toBe('accepted');
  });

  test('while a page is open: the button of the old address’s page joins nothing', async () => {
    const { id } = await usher.invite('open-page@example.com');
    says('open-page@example.com');
    const visitor = await follow('open-page@example.com');
    says('moved-on@example.com');
    await signIn();
    await join(visitor);
    expect([visitor.page.status, await stateOfInvitation(id)]).toEqual([403, 'pending']);
    expect(await memberships()).toEqual([]);
  });

  test('to that of another account: each stays who they are', async () => {
    const email = 'recycled@example.com';
    says(email);
    await signIn();
    const { id: former } = (await account())!;
    sub = `${sub}-new`;
    says(email);
    const visitor = await signIn();
    const { id: present } = (await account())!;
    expect(present).not.toBe(former);
    const { id } = await usher.invite(email);
    await signIn({ invitation: id, visitor });
    await join(visitor);
    const row = await usher.db.selectFrom('invitations').select('decided_by').where('id', '=', id).executeTakeFirst();
    expect(row).toEqual({ decided_by: present });
  });
});

test('a provider that goes down in the middle signs nobody in, and says so', async () => {
  says('unlucky@example.com');
  const visitor = new Visitor();
  visitor.stopAt = `${usher.url}/sign-in/callback`;
  await visitor.visit(`${usher.url}/console`);
  issuer.state = 'down';
  visitor.stopAt = undefined;
  await visitor.visit(visitor.page.url);
  expect(visitor.page.status).toBe(503);
  expect(visitor.cookie('_session')).toBeUndefined();
});

test('nothing of all this has left the database inconsistent, but for addresses that have changed since', async () => {
  const breaches = (await findBreaches(usher.db)).filter(
    (breach) => !breach.startsWith('a member owns another mailbox'),
  );
  expect(breaches).toEqual([]);
});
