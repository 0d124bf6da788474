import { describe, expect, test } from 'vitest';
import { createLinks } from '../../identity/links.ts';
import { accountHolder, freshAddress, type Invitee, invitee, signedIn, stateOfInvitation, usher } from './invitee.ts';

const act = async (id: string, name: string, body = {}) => {
  const answer = await usher.call(`/v1/invitations/${id}/${name}`, { body });
  expect(answer.status).toBe(200);
};

const expire = (id: string) =>
  usher.db
    .updateTable('invitations')
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where('id', '=', id as never)
    .execute();

/** Emails that ask the owner for a new link to an address. */
const requestsFor = async (email: string) =>
  (await usher.messages(usher.owner.email)).filter(({ Subject }) => Subject.startsWith(email)).length;

/** Nothing on the page tells who was invited, or by whom. */
const showsNoAddress = async (person: Invitee) => expect(await person.page.content()).not.toMatch(/@(acme|example)/);

describe('a dead link', () => {
  test.each([
    ['revoked', 'This link is no longer valid.', (id: string) => act(id, 'revoke')],
    ['expired', 'This link has expired.', expire],
    ['replaced', 'A newer email may be in your mailbox', (id: string) => act(id, 'resend', { replaceLink: true })],
  ] as const)('of an invitation that was %s says so, and asks the inviter once an hour', async (how, words, kill) => {
    const email = freshAddress();
    const { id } = await usher.invite(email);
    const link = await usher.linkTo(email);
    await kill(id);
    const person = await invitee();
    expect([await person.goto(link), await person.heading()]).toEqual([410, 'Invalid link']);
    expect(await person.words()).toContain(words);
    await showsNoAddress(person);
    await person.inspect(`invalid-${how}`);
    expect(await person.press('Ask to resend')).toBe(200);
    expect(await person.words()).toContain('We have asked the person who invited you.');
    await showsNoAddress(person);
    await usher.until('the request', async () => (await requestsFor(email)) === 1);
    await person.goto(link);
    expect(await person.press('Ask to resend')).toBe(200);
    expect(await person.words()).toContain('was asked within the last hour');
    if (how === 'expired') await person.inspect('asked-again');
    expect(await requestsFor(email)).toBe(1);

    // The inviter does as asked: now its invitee joins, by the older link too, unless it was killed on purpose.
    await act(id, 'resend');
    const heir = await signedIn(email);
    expect(await person.goto(link)).toBe(how === 'expired' ? 200 : 410);
    await heir.followLink(email);
    await heir.join();
  });

  test('that is forged, foreign or broken is unknown, in the same words', async () => {
    const email = freshAddress();
    const { id } = await usher.invite(email);
    const token = usher.links.token({ invitation: id, generation: 1 });
    const foreign = createLinks(usher.url, [Buffer.alloc(32)]).token({ invitation: id, generation: 1 });
    const flipped = `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`;
    const unheardOf = usher.links.token({ invitation: `${id.slice(0, -4)}0000` as never, generation: 1 });
    const person = await invitee();
    const seen = new Set<string>();
    for (const dud of [foreign, flipped, unheardOf, token.slice(0, -1), `${token}A`, 'x', '%F0%9F%91%8B']) {
      expect([dud, await person.goto(`/i/${dud}`)]).toEqual([dud, 404]);
      seen.add(await person.words());
    }
    expect([...seen]).toEqual([expect.stringContaining('We do not know this link')]);
    await person.inspect('unknown-link');
    expect((await person.context.cookies()).filter(({ name }) => name.includes('_link_'))).toEqual([]);
  });
});

test('an accepted invitation leads its member home, and tells others that it works once', async () => {
  const email = await accountHolder();
  await usher.invite(email);
  const person = await invitee();
  await person.followLink(email);
  await person.signIn(email);
  await person.join();
  await person.followLink(email);
  expect(person.place).toBe('/');

  const other = await signedIn(freshAddress());
  expect(await other.goto(await usher.linkTo(email))).toBe(410);
  expect(await other.heading()).toBe('This invitation has been accepted');
  expect(await other.page.content()).not.toContain(email);
  await other.inspect('already-accepted');

  // The member on another machine.
  const again = await invitee();
  expect(await again.goto(await usher.linkTo(email))).toBe(410);
  await showsNoAddress(again);
  await again.press('Sign in');
  await again.signIn(email);
  expect(again.place).toBe('/');
  expect(await again.words()).toContain('Acme');
});

describe('while a part of Usher is down', () => {
  test.each([
    ['Join Acme', 'accepted'],
    ['Decline invitation', 'declined'],
  ] as const)('%s says that nothing was lost and how things stand; trying again does it', async (button, outcome) => {
    const email = freshAddress();
    const { id } = await usher.invite(email);
    await usher.linkTo(email);
    const person = await signedIn(email);
    await person.followLink(email);
    if (outcome === 'declined') await person.goto(`/invitations/${id}/decline`);
    await usher.worker.stop();
    try {
      expect(await person.press(button)).toBe(503);
      expect(await person.heading()).toBe('We cannot reach the engine');
      expect(await person.words()).toMatch(/Nothing was lost\..*The invitation to Acme is still open, until /);
      if (outcome === 'accepted') await person.inspect('unreachable');
      expect(await person.press('Try again')).toBe(503);
      expect(await stateOfInvitation(id)).toBe('pending');
      // The invitation's page itself needs no engine.
      const other = await signedIn(email);
      await other.followLink(email);
      expect(await other.heading()).toBe('You are invited to join Acme');
    } finally {
      usher.worker = await usher.startWorker();
    }
    await usher.until('the outcome', async () => {
      const again = person.button('Try again');
      if (await again.count()) await person.press('Try again');
      return (await again.count()) === 0;
    });
    expect(await stateOfInvitation(id)).toBe(outcome);
    if (outcome === 'accepted') expect(person.place).toBe('/?joined=acme');
    else expect(await person.heading()).toBe('Invitation declined');
  });

  test('the identity provider does not answer: the page says so, and trying again leads on', async () => {
    const email = await accountHolder();
    const { id } = await usher.invite(email);
    const link = await usher.linkTo(email);
    const person = await invitee();
    await usher.withoutProvider(async () => {
      expect(await person.goto(link)).toBe(503);
      expect(await person.words()).toMatch(/Sign-in is not available.*your invitation waits/);
      await person.inspect('sign-in-unavailable');
      expect(await person.press('Try again')).toBe(503);
    });
    await person.press('Try again');
    // The very moment of coming back is no better: the person has a code that nobody redeems.
    const callback = await person.signInUpToCallback(email);
    await usher.withoutProvider(async () => {
      expect(await person.goto(callback)).toBe(503);
      expect(await person.words()).toContain('Nothing was lost, and your invitation waits');
    });
    // Signed in at the provider by now, one press is enough.
    expect(await person.press('Try again')).toBe(200);
    expect(person.place).toBe(`/invitations/${id}`);
    await person.join();
  });
});
