import { describe, expect, test } from 'vitest';
import { upsertAccount } from '../../db/accounts.ts';
import { insertMember } from '../../db/members.ts';
import { accountHolder, freshAddress, invitee, signedIn, stateOfInvitation, usher } from './invitee.ts';

const seats = async () => {
  const { reserved, assigned } = await usher.db
    .selectFrom('license_pools')
    .select(['reserved', 'assigned'])
    .executeTakeFirstOrThrow();
  return { reserved, assigned };
};

describe('an invitee joins', () => {
  test('with a new account: signs up, verifies, joins, and finds the licence at home', async () => {
    const email = freshAddress();
    const before = await seats();
    const message = 'Glad to have you with us!';
    const { id } = await usher.invite(email, { licenses: ['studio'], role: 'admin', teams: ['Firmware'], message });
    const person = await invitee();
    await person.followLinkInInbox(email);
    expect(await person.page.getByLabel('Email address').inputValue()).toBe(email);
    await person.signUp('Grace Hopper');
    expect(await person.verify(email)).toBe(200);

    expect(person.place).toBe(`/invitations/${id}`);
    const facts = ['Acme', 'Olivia Owner (owner@acme.example)', 'Admin', 'Studio', 'Firmware', message, email];
    for (const fact of facts) expect(await person.words()).toContain(fact);
    await person.inspect('invitation');
    await person.join();
    expect(await person.words()).toMatch(/Acme Admin Joined .*Your licence ?Studio/);
    expect(await seats()).toEqual({ ...before, assigned: before.assigned + 1 });
    await person.inspect('home');
    // The greeting is for the moment, and not for whoever makes up its address.
    await person.goto('/');
    expect(await person.words()).not.toContain('Welcome');
    await person.goto('/?joined=other');
    expect(await person.words()).not.toContain('Welcome');
  });

  test('with an account that exists; from then on the link leads home', async () => {
    const email = await accountHolder();
    const { id } = await usher.invite(email);
    const person = await invitee();
    await person.followLink(email);
    expect(await person.signIn(email)).toBe(200);
    await person.join();
    expect(await stateOfInvitation(id)).toBe('accepted');
    await person.followLink(email);
    expect(person.place).toBe('/');
    expect(await person.words()).toContain('Acme');
  });

  test('in a browser that is signed in already, and sees no page of the identity provider', async () => {
    const email = await accountHolder();
    const person = await invitee();
    await person.goto('/');
    await person.inspect('welcome');
    await person.press('Sign in');
    await person.signIn(email);
    expect(await person.words()).toContain('You are not a member of an organization yet.');
    await person.inspect('home-empty');
    await usher.invite(email);
    const before = person.asked.length;
    await person.followLinkInInbox(email);
    expect(await person.heading()).toContain('Acme');
    expect(person.asked.slice(before)).not.toContain(usher.provider.url);
    await person.join();
  });

  test('by the keyboard alone, from the inbox to home', async () => {
    const email = await accountHolder();
    const { id } = await usher.invite(email);
    const person = await invitee();
    person.page = await person.openEmail(email, /invited you/);
    const tab = person.context.waitForEvent('page');
    await person.choose('View the invitation', person.page.frameLocator('iframe'));
    person.page = await tab;
    await person.page.waitForLoadState();
    // The address is filled in, so the password is asked for.
    await person.page.locator('[type=password]:focus').waitFor();
    await person.page.keyboard.type('correct horse battery');
    await person.arrive(() => person.page.keyboard.press('Enter'));
    expect(person.place).toBe(`/invitations/${id}`);
    await person.choose('Join Acme');
    await person.page.waitForURL(`${usher.url}/?joined=acme`);
  });

  test('from the home page, when the email got lost', async () => {
    const email = await accountHolder();
    await usher.invite(email);
    await usher.invite(freshAddress());
    const person = await invitee();
    await person.goto('/');
    await person.press('Sign in');
    await person.signIn(email);
    const waiting = person.page.getByRole('link', { name: 'View invitation to Acme' });
    expect(await waiting.count()).toBe(1);
    await person.inspect('home-invited');
    await person.arrive(() => waiting.click());
    await person.join();
    expect(await waiting.count()).toBe(0);
  });

  test('after turning back at the identity provider first', async () => {
    const email = await accountHolder();
    const { id } = await usher.invite(email);
    const person = await invitee();
    await person.followLink(email);
    expect(await person.press('Cancel and go back to Usher')).toBe(200);
    expect(await person.words()).toContain('You have not signed in. Your invitation waits.');
    await person.inspect('sign-in-cancelled');
    await person.press('Sign in');
    await person.signIn(email);
    expect(person.place).toBe(`/invitations/${id}`);
    await person.join();
  });

  test('by the older link after a resend', async () => {
    const email = freshAddress();
    const { id } = await usher.invite(email);
    const older = await usher.linkTo(email);
    expect((await usher.call(`/v1/invitations/${id}/resend`, { body: {} })).status).toBe(200);
    await usher.until('the second email', async () => (await usher.messages(email)).length === 2);
    const person = await signedIn(email);
    await person.goto(older);
    await person.join();
  });

  test('by the new link when the address was amended, while the old one is dead', async () => {
    const [email, moved] = [freshAddress(), freshAddress()];
    const { id } = await usher.invite(email);
    const former = await signedIn(email);
    await former.followLink(email);
    expect((await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: moved } })).status).toBe(200);
    // The page was open before: what it shows is over.
    expect(await former.press('Join Acme')).toBe(410);
    expect(await former.heading()).toBe('Invalid link');
    expect(await former.page.content()).not.toContain(moved);
    expect(await stateOfInvitation(id)).toBe('pending');
    const person = await signedIn(moved);
    await person.followLink(moved);
    await person.join();
  });
});

test('declining is asked once and said; there is no access, the seat is free, and the link says what happened', async () => {
  const email = freshAddress();
  const before = await seats();
  const { id } = await usher.invite(email, { licenses: ['studio'] });
  const person = await signedIn(email);
  await person.followLink(email);
  const decline = person.page.getByRole('link', { name: 'Decline', exact: true });
  expect(await person.arrive(() => decline.click())).toBe(200);
  await person.inspect('decline');
  await person.arrive(() => person.page.getByRole('link', { name: 'Go back' }).click());
  expect(await stateOfInvitation(id)).toBe('pending');
  await person.arrive(() => decline.click());
  await person.press('Decline invitation');
  expect(await person.heading()).toBe('Invitation declined');
  expect(await person.words()).toContain('No access was given.');
  await person.inspect('declined');
  expect([await stateOfInvitation(id), await seats()]).toEqual(['declined', before]);
  await person.goto('/');
  expect(await person.words()).not.toContain('Acme');
  await person.followLink(email);
  expect([await person.reload(), await person.heading()]).toEqual([410, 'Invitation declined']);
  expect(await person.words()).toContain('owner@acme.example');
  // Whoever else has the link learns that, and no address.
  const other = await invitee();
  await other.followLink(email);
  expect([await other.reload(), await other.heading()]).toEqual([410, 'Invitation declined']);
  expect(await other.page.content()).not.toMatch(/@(acme|example)/);
});

describe('the wrong account', () => {
  test('is named beside the invited one, burns nothing, and can be switched', async () => {
    const [email, other] = [await accountHolder(), await accountHolder()];
    const { id } = await usher.invite(email);
    const person = await invitee();
    await person.followLink(email);
    expect(await person.signIn(other)).toBe(403);
    expect(await person.words()).toContain(`Invited${email} Signed in${other}`);
    await person.inspect('wrong-account');
    // Nor does a form that is sent all the same.
    const csrf = await person.page.locator('[name=_csrf]').first().inputValue();
    const forced = await person.context.request.post(`${usher.url}/invitations/${id}/accept`, {
      form: { _csrf: csrf, invitation: id, emailVersion: '1' },
    });
    expect([forced.status(), await stateOfInvitation(id)]).toEqual([403, 'pending']);
    await person.press('Switch account');
    expect(await person.page.getByLabel('Email address').inputValue()).toBe(email);
    expect(await person.signIn(email)).toBe(200);
    await person.join();
  });

  test('without the link learns nothing', async () => {
    const email = freshAddress();
    const { id } = await usher.invite(email);
    const person = await invitee();
    await person.goto(`/invitations/${id}`);
    expect(await person.page.getByLabel('Email address').inputValue()).toBe('');
    expect(await person.signIn(await accountHolder())).toBe(404);
    const unknown = await person.words();
    expect(unknown).not.toMatch(/Acme|Olivia|person-/);
    expect(await person.goto(`/invitations/${id.slice(0, -4)}0000`)).toBe(404);
    expect(await person.words()).toBe(unknown);
  });

  test('or rather the right one, not verified yet: is told what to do, verifies, and joins', async () => {
    const email = freshAddress();
    const { id } = await usher.invite(email);
    const person = await invitee();
    await person.followLink(email);
    await person.signUp('Mary Jackson');
    expect(await person.press('Verify later')).toBe(403);
    expect(person.place).toBe(`/invitations/${id}`);
    expect(await person.heading()).toBe('Verify your address first');
    await person.inspect('unverified');
    await person.goto('/');
    expect(await person.words()).not.toContain('Acme');
    await person.inspect('home-unverified');
    await person.page.goBack();
    await person.press('I have verified it – try again');
    await person.signIn(email);
    expect(await person.verify(email)).toBe(200);
    await person.join();
  });
});

test.each(['/console', '/console/acme'])('an admin who opens %s signs in and lands there', async (path) => {
  const email = freshAddress();
  const name = 'Ada Lovelace';
  const { subject } = await usher.provider.ensureUser({
    email,
    name,
    password: 'correct horse battery',
    emailVerified: true,
  });
  const account = await upsertAccount(usher.db, {
    issuer: usher.provider.url,
    subject,
    email,
    emailVerified: true,
    name,
  });
  await usher.db.transaction().execute((trx) =>
    insertMember(trx, {
      organization: usher.organization.id,
      account: account.id,
      role: 'admin',
      teams: [],
      invitation: null,
    }),
  );
  const admin = await invitee();
  await admin.goto(path);
  await admin.signIn(email);
  expect(admin.place).toBe('/console/acme');
  expect(await admin.words()).toContain('Studio');
});
