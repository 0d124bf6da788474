import { beforeAll, describe, expect, test } from 'vitest';
import { ensureOrganization } from '../../db/organizations.ts';
import { stateOf } from '../setup/consistency.ts';
import { accountHolder, freshAddress, type Invitee, invitee, signedIn, stateOfInvitation, usher } from './invitee.ts';

/** A key of a second organization, Borealis. */
let otherKey: string;
beforeAll(async () => {
  const organization = await ensureOrganization(usher.db, { slug: 'borealis', name: 'Borealis' });
  otherKey = await usher.apiKey({ organization });
});

/** Invites one address to both organizations. */
async function inviteToBoth(email: string) {
  const acme: string = (await usher.invite(email)).id;
  const answer = await usher.call('/v1/organizations/borealis/invitations', { key: otherKey, body: { email } });
  const borealis: string = answer.body.id;
  const states = async () => [
    await stateOfInvitation(acme),
    (await usher.call(`/v1/invitations/${borealis}`, { key: otherKey })).body.state,
  ];
  return { acme, borealis, states };
}

/** The values of the form on the page that posts to such an action. */
const formOf = async ({ page }: Invitee, action: string) => {
  const inputs = await page.locator(`form[action$="${action}"] input`).all();
  return Object.fromEntries(
    await Promise.all(inputs.map(async (i) => [(await i.getAttribute('name'))!, await i.inputValue()] as const)),
  );
};

const post = async ({ context }: Invitee, path: string, form: Record<string, string>) =>
  (await context.request.post(`${usher.url}${path}`, { form, maxRedirects: 0 })).status();

describe('two invitations in two tabs', () => {
  test('never cross: accepting in one does not touch the other', async () => {
    const email = freshAddress();
    const { states } = await inviteToBoth(email);
    const person = await signedIn(email);
    await person.followLinkInInbox(email, 'Acme');
    const first = person.page;
    await person.followLinkInInbox(email, 'Borealis');
    const second = person.page;
    person.page = first;
    await person.join();
    expect(await states()).toEqual(['accepted', 'pending']);
    person.page = second;
    await person.join('Borealis');
    expect(await states()).toEqual(['accepted', 'accepted']);
  });

  test('nor do two sign-ins: each comes back to its own invitation', async () => {
    const email = await accountHolder();
    const { acme, borealis } = await inviteToBoth(email);
    const person = await invitee();
    await person.followLink(email, 'Acme');
    const first = person.page;
    await person.followLink(email, 'Borealis');
    const second = person.page;
    person.page = first;
    await person.signIn(email);
    expect(person.place).toBe(`/invitations/${acme}`);
    person.page = second;
    await person.signIn(email);
    expect(person.place).toBe(`/invitations/${borealis}`);
    // The second sign-in ended the first session; the page of the first still belongs to the same person.
    person.page = first;
    await person.join();
  });
});

describe('a form', () => {
  test('is good for the invitation that it was drawn for alone, and in the browser it was drawn in', async () => {
    const email = freshAddress();
    const { acme, borealis, states } = await inviteToBoth(email);
    const person = await signedIn(email);
    await person.goto(`/invitations/${acme}`);
    const form = await formOf(person, '/accept');
    expect(form).toEqual({ _csrf: expect.any(String), invitation: acme, emailVersion: '1' });
    const stranger = await signedIn(freshAddress());
    await stranger.goto('/');
    const { _csrf } = await formOf(stranger, '/sign-out');
    const before = await stateOf(usher.db);
    for (const act of ['accept', 'decline', 'ask-to-resend']) {
      expect(await post(person, `/invitations/${borealis}/${act}`, form)).toBe(403);
      expect(await post(person, `/invitations/${acme}/${act}`, { ...form, invitation: borealis })).toBe(403);
      expect(await post(person, `/invitations/${acme}/${act}`, { ...form, _csrf: _csrf! })).toBe(403);
      expect(await post(person, `/invitations/${acme}/${act}`, { ...form, _csrf: '' })).toBe(403);
      expect(await post(await invitee(), `/invitations/${acme}/${act}`, form)).toBe(403);
      // Not theirs: there is no such invitation.
      expect(await post(stranger, `/invitations/${acme}/${act}`, { ...form, _csrf: _csrf! })).toBe(404);
    }
    expect(await states()).toEqual(['pending', 'pending']);
    expect(await stateOf(usher.db)).toBe(before);
    // As it was drawn it does work.
    expect(await post(person, `/invitations/${acme}/accept`, form)).toBe(303);
  });

  test('kept open while somebody else signs in does nothing, and its page leads on', async () => {
    const [email, other] = [freshAddress(), await accountHolder()];
    const { id } = await usher.invite(email);
    const person = await signedIn(email);
    await person.followLink(email);
    const kept = person.page;
    person.page = await person.context.newPage();
    await person.goto(`/invitations/${id}`);
    await person.press('Switch account');
    await person.signIn(other);
    person.page = kept;
    expect(await person.press('Join Acme')).toBe(403);
    expect(await person.words()).toMatch(
      /The form has expired.*somebody has signed in or out since\. Nothing was done\./,
    );
    expect(await person.page.getByRole('banner').textContent()).toContain(other);
    await person.inspect('form-expired');
    await person.arrive(() => person.page.getByRole('link', { name: 'Back to the invitation' }).click());
    expect(await person.heading()).toBe('Another account is invited');
    expect(await stateOfInvitation(id)).toBe('pending');
  });
});

describe('a session', () => {
  const session = async ({ context }: Invitee) =>
    (await context.cookies(usher.url)).find(({ name }) => name.endsWith('_session'));

  test('begins with each sign-in under a new id: one that was planted, or was there before, is worth nothing', async () => {
    const email = await accountHolder();
    const person = await signedIn(freshAddress());
    const before = (await session(person))!;
    await person.goto('/');
    await usher.invite(email);
    await person.followLink(email);
    await person.press('Switch account');
    await person.signIn(email);
    const after = (await session(person))!;
    expect(after.value).not.toBe(before.value);
    expect(after).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' });
    const elsewhere = await invitee();
    await elsewhere.context.addCookies([before]);
    await elsewhere.goto('/');
    expect(await elsewhere.heading()).toBe('Sign in to Usher');

    const victim = await invitee();
    await victim.context.addCookies([{ ...before, value: 'planted' }]);
    await victim.goto('/');
    await victim.press('Sign in');
    await victim.signIn(email);
    expect((await session(victim))!.value).not.toBe('planted');
  });

  test('ends with signing out, here and at the identity provider, and nothing of it is left in the browser', async () => {
    const email = await accountHolder();
    await usher.invite(email);
    const person = await invitee();
    await person.followLink(email);
    await person.signIn(email);
    const before = (await session(person))!;
    const kept = person.page;
    person.page = await person.context.newPage();
    await person.goto('/');
    await person.press('Sign out');
    expect([person.place, await person.heading()]).toEqual(['/', 'Sign in to Usher']);
    expect(await session(person)).toBeUndefined();
    await person.page.goBack();
    expect(await person.page.content()).not.toContain(email);
    // The page in the other tab is nobody's now.
    person.page = kept;
    expect(await person.press('Sign out')).toBe(200);
    expect(await person.heading()).toBe('Sign in to Usher');
    await person.context.addCookies([before]);
    await person.goto('/');
    expect(await person.heading()).toBe('Sign in to Usher');
    // The provider asks for the password again.
    await person.followLink(email);
    await person.signIn(email);
    await person.join();
  });
});

test('every cookie is kept from scripts and from other sites’ posts, and names the port', async () => {
  const email = await accountHolder();
  const { id } = await usher.invite(email);
  const person = await invitee();
  await person.followLinkInInbox(email);
  const names = new Set<string>();
  const look = async () => {
    for (const cookie of await person.context.cookies(usher.url)) {
      names.add(cookie.name.replace(/(?<=_login_).*/, '*'));
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' });
    }
  };
  await look();
  await person.signIn(email);
  await look();
  const prefix = `usher_${new URL(usher.url).port}_`;
  expect([...names].sort()).toEqual(['csrf', `link_${id}`, 'login_*', 'session'].map((name) => prefix + name));
  // What was remembered for the sign-in is forgotten after it.
  expect((await person.context.cookies(usher.url)).filter(({ name }) => name.includes('_login_'))).toEqual([]);
});

test('of many opened invitations a browser keeps twenty links and ten sign-ins, the last ones', async () => {
  const person = await invitee();
  const ids: string[] = [];
  for (let i = 0; i < 25; i++) {
    const { id } = await usher.invite(freshAddress());
    ids.push(id);
    for (const path of [`/i/${usher.links.token({ invitation: id, generation: 1 })}`, `/invitations/${id}`])
      await person.context.request.get(`${usher.url}${path}`, { maxRedirects: 0 });
  }
  const kept = async (kind: string) =>
    (await person.context.cookies(usher.url)).map(({ name }) => name).filter((name) => name.includes(`_${kind}_`));
  expect((await kept('link')).map((name) => name.split('_link_')[1]).sort()).toEqual(ids.slice(-20).sort());
  expect(await kept('login')).toHaveLength(10);
});

test('a mail scanner, or a browser that fetches ahead, changes nothing', async () => {
  const email = freshAddress();
  const { id } = await usher.invite(email, { licenses: ['studio'] });
  await usher.until(
    'the email',
    async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent',
  );
  const [newest] = await usher.messages(email);
  const scanner = await invitee();
  const member = await signedIn(email);
  const before = await stateOf(usher.db);

  /** Fetches a page twice, by HEAD and by GET, and then whatever it links to. Returns the paths at Usher it came by. */
  const crawl = async ({ context: { request } }: Invitee, start: string) => {
    const found = new Set([start]);
    for (const url of found) {
      await request.head(url);
      const answer = await request.get(url);
      const links = [...(await answer.text()).matchAll(/(?:href="|\b)(https?:\/\/[^\s"<]+|(?<=href=")\/[^"]*)/g)];
      for (const [, link] of links) {
        const next = new URL(link!.replaceAll('&amp;', '&'), answer.url());
        if ([usher.url, usher.provider.url].includes(next.origin)) found.add(next.href.split('#')[0]!);
      }
    }
    return [...found].filter((url) => url.startsWith(usher.url)).map((url) => url.slice(usher.url.length));
  };
  const inEmail = `${usher.inbox}/inbox/${newest!.MessageID}`;
  for (const person of [scanner, member]) {
    expect(await crawl(person, `${inEmail}/html`)).toContainEqual(expect.stringMatching(/^\/i\//));
    expect(await crawl(person, inEmail)).toContainEqual(expect.stringMatching(/^\/i\//));
  }
  expect(await crawl(member, `${usher.url}/`)).toEqual(
    expect.arrayContaining([`/invitations/${id}`, `/invitations/${id}/decline`]),
  );
  expect(await stateOf(usher.db)).toBe(before);
});
