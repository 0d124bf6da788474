import { describe, expect, test } from 'vitest';
import { registerTrust } from '../../db/organizations.ts';
import { accountHolder, freshAddress, invitee, signedIn, usher } from './invitee.ts';

/** How people get from Usher's forms to other sites, though its pages let forms lead nowhere but to Usher. */

describe('whoever joins', () => {
  test('is taken to where the inviter said, which learns nothing from it', async () => {
    await registerTrust(usher.db, 'acme', { origins: [usher.inbox] }, [usher.issuer]);
    const email = freshAddress();
    await usher.invite(email, { redirectUrl: `${usher.inbox}/?recipient=welcome` });
    const person = await signedIn(email);
    await person.followLink(email);
    const referers: (string | undefined)[] = [];
    person.page.on('request', (request) => {
      if (request.url().startsWith(usher.inbox)) referers.push(request.headers().referer);
    });
    await person.press('Join Acme');
    expect(person.place).toBe(`${usher.inbox}/?recipient=welcome`);
    expect(referers[0]).toBeUndefined();
    await person.goto('/');
    expect(await person.words()).toContain('Acme');
  });

  test('finds the page between legible, and its link beside the way there', async () => {
    await registerTrust(usher.db, 'acme', { origins: [usher.inbox] }, [usher.issuer]);
    const email = freshAddress();
    await usher.invite(email, { redirectUrl: `${usher.inbox}/` });
    const person = await signedIn(email);
    await person.followLink(email);
    // As in a browser that does not go by itself.
    await person.page.route('**/accept', async (route) => {
      const response = await route.fetch();
      const { refresh: _, ...headers } = response.headers();
      await route.fulfill({ response, headers });
    });
    await person.press('Join Acme');
    expect(await person.heading()).toBe('Welcome to Acme');
    await person.inspect('leaving');
    await person.arrive(() => person.page.getByRole('link', { name: 'Continue' }).click());
    expect(person.place).toBe(`${usher.inbox}/`);
  });
});

test('signing in, switching and signing out lead to the provider and back', async () => {
  const [one, other] = [await accountHolder(), await accountHolder()];
  const person = await invitee();
  await person.goto('/');
  await person.press('Sign in');
  await person.signIn(one);
  expect(await person.words()).toContain(one);
  await usher.invite(other);
  await person.followLink(other);
  expect(await person.heading()).toBe('Another account is invited');
  await person.press('Switch account');
  await person.signIn(other);
  await person.join();
  await person.press('Sign out everywhere');
  expect(person.place).toBe('/');
  expect(await person.heading()).toBe('Sign in to Usher');
});
