import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { alreadyAcceptedPage } from '../../api/pages/already-accepted-page.ts';
import { homePage } from '../../api/pages/home-page.ts';
import { invalidLinkPage } from '../../api/pages/invalid-link-page.ts';
import { layout } from '../../api/pages/layout.ts';
import { signInUnavailablePage } from '../../api/pages/sign-in-unavailable-page.ts';
import { unreachablePage } from '../../api/pages/unreachable-page.ts';
import { welcomePage } from '../../api/pages/welcome-page.ts';
import { canLookAlike } from '../../identity/look-alike.ts';
import { english, languages, wordsFor } from '../../languages/words.ts';
import { casts, markup, pagesOf } from './views.ts';

const everyday = pagesOf(casts.everyday);
const page = async (name: string, cast = casts.everyday) => String(await pagesOf(cast)[name]);

/** What a form posts, and where. */
const formsOf = (document: string) =>
  [...document.matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(([, action, content]) => ({
    action,
    fields: Object.fromEntries(
      [...content!.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ),
    button: content!.replace(/^.*<button[^>]*>/s, '').replace(/<[^>]*>/g, ''),
  }));
const formsBesideSignOut = (document: string) => formsOf(document).filter(({ action }) => action !== '/sign-out');

const csrf = 'c5RfT0k3n';
const words = english;
const { id, account, organization } = casts.everyday;

describe.each(Object.keys(casts) as (keyof typeof casts)[])('pages of a cast that is %s', (name) => {
  test.each(Object.entries(pagesOf(casts[name])))('%s is a sound document', async (view, rendered) => {
    const document = String(await rendered);
    expect(document.startsWith('<!doctype html>')).toBe(true);
    expect(document).toContain('<html lang="en">');
    expect(document.match(/<h1/g)).toHaveLength(1);
    expect(document.match(/<main/g)).toHaveLength(1);
    // The console has a script, and shows emails in a frame.
    const frames = [...document.matchAll(/<iframe ([^>]*)>/g)].map(([, attributes]) => attributes);
    for (const attributes of frames) expect(attributes).toMatch(/ src="\/console\/acme\/[^"]*\/email" .*\ssandbox\s/);
    const scripts = document.match(/<script[^>]*>/g) ?? [];
    const isInConsole = view.startsWith('console') && view !== 'console-organizations';
    expect(scripts).toEqual(isInConsole ? ['<script type="module" src="/static/console.js">'] : []);
    const logos = document.match(/<img [^>]*>/g) ?? [];
    for (const logo of logos)
      expect(logo).toMatch(/^<img class="tile( small)?" src="\/logos\/[\w-]{43}\.png" alt="">$/);
    expect(document.replace(/<script[^>]*><\/script>|<i(frame|mg) [^>]*>/g, '')).not.toMatch(
      /<script|<style|\sstyle=|\son\w+="|<img|<iframe|javascript:/i,
    );
    expect(document).not.toContain(markup);
    expect(document).not.toMatch(/undefined|\[object|NaN|Invalid Date/);
    const subresources = [...document.matchAll(/<link [^>]*href="([^"]*)"|\ssrc="([^"]*)"/g)].map((m) => m[1] ?? m[2]);
    expect(subresources.slice(0, 2)).toEqual(['/static/favicon.svg', '/static/usher.css']);
    const colors = subresources.filter((url) => url === '/colors/7c2d12.css');
    expect(subresources).toHaveLength(2 + colors.length + scripts.length + frames.length + logos.length);
    for (const { action, fields } of formsOf(document)) {
      expect(action).toMatch(/^\/(?!\/)/);
      expect(fields._csrf).toBe(csrf);
    }
  });
});

test.each(languages.filter((language) => language !== 'en'))(
  'in %s, the pages of invitees are as in English',
  async (language) => {
    const pages = pagesOf(casts.everyday, wordsFor(language));
    const textOf = (document: string) =>
      document
        .replace(/<head>.*<\/head>|<(bdi|code|blockquote)\b.*?<\/\1>/gs, ' ')
        .replace(/<[^>]*>/g, '\n')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => /\p{L}{3}/u.test(line));
    // Given to the page as they are, or rightly the same in both languages.
    const rightly =
      /^(Usher|Tailspin Toys|Acme|Studio|Runtime|You (are signed out|could not)|Welcome to|.*\.example$|Invitations?$|Licences?$|Teams?$)/;
    for (const [name, rendered] of Object.entries(everyday)) {
      if (/^(console|support|problem)/.test(name)) continue;
      const [english, translated] = [String(await rendered), String(await pages[name])];
      expect(translated, name).toContain(`<html lang="${language}">`);
      // The same elements, so that nothing is missing and nothing hangs on a language.
      const elements = (document: string) => [...document.matchAll(/<\/?(\w+)/g)].map(([, element]) => element).sort();
      expect(elements(translated), name).toEqual(elements(english));
      expect(formsOf(translated).map(({ action, fields }) => ({ action, fields }))).toEqual(
        formsOf(english).map(({ action, fields }) => ({ action, fields })),
      );
      const kept = new Set(textOf(english));
      expect(
        textOf(translated).filter((line) => kept.has(line) && !rightly.test(line)),
        name,
      ).toEqual([]);
    }
  },
);

test('text that people supply is shown as text', async () => {
  const escaped = markup.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!,
  );
  const document = await page('invitation', casts.hostile);
  for (const letter of ['N', 'e', 'G', 'I', 'i', 'P', 'Q', 'T', 'M']) expect(document).toContain(letter + escaped);
});

test('a title loses the characters that reorder text', async () => {
  const document = String(await layout({ words, title: 'a\u202ex\u2066\nb', body: '' as never }));
  expect(document).toContain('<title>axb · Usher</title>');
});

test('the invitation names organization, inviter, role, licences, teams, message, expiry and the account that joins', async () => {
  const document = await page('invitation');
  for (const words of [
    organization,
    'Ruth Okafor',
    'ruth@acme.example',
    'Member',
    'Studio',
    'A seat is reserved for you',
    'Runtime Engine',
    'Firmware',
    'we start on Monday',
    '<time datetime="2026-12-08T08:23:00.000Z">8 December 2026 at 08:23 UTC</time>',
    'You are signed in as',
    account.email,
  ]) {
    expect(document).toContain(words);
  }
  expect(document).toContain(`href="/invitations/${id}/decline"`);
  expect(formsBesideSignOut(document)).toEqual([
    { action: '/sign-in', fields: { _csrf: csrf, invitation: id, prompt: 'login' }, button: 'Switch account' },
    {
      action: `/invitations/${id}/accept`,
      fields: { _csrf: csrf, invitation: id, emailVersion: '3' },
      button: `Join ${organization}`,
    },
  ]);
});

test('empty lines of a message cannot push the buttons out of sight', async () => {
  expect(await page('invitation', { ...casts.everyday, message: `a${'\n \t\r'.repeat(500)}\nb` })).toMatch(
    />a\s{1,3}b</,
  );
});

test('an address that can look like another is pointed out', async () => {
  expect(['ana@acme.example', 'a+b@acme.example'].map(canLookAlike)).toEqual([false, false]);
  expect(
    ['аna@acme.example', 'ana@bücher.example', 'ana@xn--bcher-kva.example', 'ana@mail.XN--BCHER-KVA.example'].map(
      canLookAlike,
    ),
  ).toEqual([true, true, true, true]);
  expect(await page('invitation')).not.toContain('can look like others');
  const document = await page('invitation', {
    ...casts.everyday,
    account: { name: 'Ana', email: 'ana@bücher.example' },
  });
  expect(document).toContain('can look like others');
  expect(document).toContain('<code>xn--bcher-kva.example</code>');
});

test('declining is asked once, and says afterwards that no access was given', async () => {
  expect(formsBesideSignOut(await page('decline'))).toEqual([
    {
      action: `/invitations/${id}/decline`,
      fields: { _csrf: csrf, invitation: id, emailVersion: '3' },
      button: 'Decline invitation',
    },
  ]);
  expect(await page('declined')).toContain('No access was given.');
});

test('an invalid link names the organization, shows no address, and can ask to resend', async () => {
  const document = await page('invalid-link-expired');
  expect(document).toContain('<title>Invalid link · Usher</title>');
  expect(document).toContain('This link has expired.');
  expect(document).toContain(organization);
  expect(document).not.toContain('@');
  expect(formsBesideSignOut(document)).toEqual([
    { action: `/invitations/${id}/ask-to-resend`, fields: { _csrf: csrf, invitation: id }, button: 'Ask to resend' },
  ]);
  for (const reason of ['revoked', 'replaced'] as const) {
    const other = String(
      await invalidLinkPage({
        words,
        csrf,
        invitation: id,
        organization: { name: organization },
        reason,
        ask: 'asked',
      }),
    );
    expect(other).toContain('This link is no longer valid.');
    expect(other).toContain('We have asked the person who invited you.');
    expect(formsOf(other)).toEqual([]);
  }
  expect(await page('invalid-link-replaced-already-asked')).toContain('within the last hour');
});

test('the wrong account sees both addresses and can switch', async () => {
  const document = await page('wrong-account');
  expect(document).toContain(account.email);
  expect(document).toContain(casts.everyday.otherEmail);
  expect(formsBesideSignOut(document)).toEqual([
    {
      action: '/sign-in',
      fields: { _csrf: csrf, invitation: id, prompt: 'login', login_hint: casts.everyday.otherEmail },
      button: 'Switch account',
    },
  ]);
});

test('an unverified account can try again where it is, or elsewhere if that is not believed', async () => {
  const fields = { _csrf: csrf, invitation: id, prompt: 'login' };
  expect(formsBesideSignOut(await page('unverified'))).toEqual([
    {
      action: '/sign-in',
      fields: { ...fields, provider: 'main' },
      button: 'I have verified it – try again',
    },
  ]);
  expect(formsBesideSignOut(await page('unverified-elsewhere'))).toEqual([
    { action: '/sign-in', fields, button: 'Switch account' },
  ]);
});

test('when the engine does not answer, the same act is offered again only while the invitation is pending', async () => {
  const view = { words, account, csrf, act: 'decline' } as const;
  const invitation = { id, emailVersion: 3, organization: { name: organization }, expiresAt: new Date(0) };
  const pending = String(await unreachablePage({ ...view, invitation: { ...invitation, state: 'pending' } }));
  expect(pending).toContain('Nothing was lost.');
  expect(formsBesideSignOut(pending)).toEqual([
    {
      action: `/invitations/${id}/decline`,
      fields: { _csrf: csrf, invitation: id, emailVersion: '3' },
      button: 'Try again',
    },
  ]);
  for (const state of ['accepted', 'declined', 'expired', 'revoked'] as const) {
    expect(
      formsBesideSignOut(String(await unreachablePage({ ...view, invitation: { ...invitation, state } }))),
    ).toEqual([]);
  }
});

test('an accepted invitation offers its member to sign in, or to switch to their account', async () => {
  expect(formsBesideSignOut(await page('already-accepted'))).toEqual([
    { action: '/sign-in', fields: { _csrf: csrf }, button: 'Sign in' },
  ]);
  const other = String(await alreadyAcceptedPage({ words, account, csrf, organization: { name: organization } }));
  expect(formsBesideSignOut(other)).toEqual([
    { action: '/sign-in', fields: { _csrf: csrf, prompt: 'login' }, button: 'Switch account' },
  ]);
});

test('a failed sign-in is tried again as it was', async () => {
  const fields = { _csrf: csrf, invitation: id, prompt: 'login' };
  const view = { words, csrf, invitation: id, switchAccount: true };
  const one = { id: 'main', name: 'Main' };
  expect(formsOf(String(await signInUnavailablePage({ ...view, choices: [one] })))).toEqual([
    { action: '/sign-in', fields, button: 'Try again' },
  ]);
  const choices = [one, { id: 'other', name: 'Other' }];
  expect(formsOf(String(await signInUnavailablePage({ ...view, choices })))).toEqual([
    { action: '/sign-in', fields: { ...fields, provider: 'main' }, button: 'Try again' },
    { action: '/sign-in', fields: { ...fields, provider: 'other' }, button: 'Sign in with Other' },
  ]);
});

test('somebody who can sign in at several places is asked where, and is brought back to where they were', async () => {
  const choices = [
    { id: 'last', name: 'Example SE' },
    { id: 'main', name: 'Main' },
  ];
  const document = String(await welcomePage({ words, csrf, choices, returnTo: '/console.signed' }));
  const fields = { _csrf: csrf, return_to: '/console.signed' };
  expect(formsOf(document)).toEqual([
    { action: '/sign-in', fields: { ...fields, provider: 'last' }, button: 'Sign in with Example SE' },
    { action: '/sign-in', fields: { ...fields, provider: 'main' }, button: 'Sign in with Main' },
  ]);
  expect(document.match(/button primary/g)).toHaveLength(1);
});

test('the home page shows organizations with licences, and pending invitations', async () => {
  const document = await page('home');
  for (const words of [
    `Welcome to ${organization}`,
    'Studio',
    'Named seat',
    'Yours since <time datetime="2026-11-24T08:23:00.000Z">24 November 2026</time>',
    'Joined <time',
    `href="${casts.everyday.url}"`,
    `href="/invitations/${id}"`,
    'as billing manager',
  ]) {
    expect(document).toContain(words);
  }
});

test('a licence that has ended is said to have, to whom it is offered, who has it, and who manages it', async () => {
  const ended = { ...casts.everyday, licenses: [{ product: 'Studio', kind: 'named', ended: true }] } as const;
  expect(await page('invitation', ended)).toContain('Has ended: of use again once the organization renews it');
  for (const name of ['home', 'console-overview'] as const) {
    expect(await page(name, ended)).toContain('<span class="badge bad">Ended</span>');
    expect(await page(name)).not.toContain('>Ended<');
  }
});

test('an organization’s home is linked only if it is on the web', async () => {
  for (const url of ['javascript:alert(1)', 'data:text/html,x', '//acme.example', 'acme', '']) {
    const memberships = [
      { organization: { name: 'A', url }, role: 'member', joinedAt: new Date(0), licenses: [] },
    ] as const;
    const view = { words, account: { ...account, emailVerified: true }, csrf, memberships, invitations: [] };
    expect(String(await homePage(view))).not.toContain('rel="noreferrer"');
  }
});

test('an unverified address is told why no invitation is listed', async () => {
  const document = await page('home', casts.empty);
  expect(document).toContain('Your address is not verified.');
  expect(formsBesideSignOut(document)[0]?.fields).toEqual({ _csrf: csrf, prompt: 'login' });
});

test('errors are announced at once, other notices in turn', async () => {
  expect(await page('invitation-refused')).toMatch(/class="notice error" role="alert"/);
  expect(await page('home')).toMatch(/class="notice success" role="status"/);
  expect(await page('problem')).toMatch(/<p role="alert">/);
});

test('every class that the pages use is styled, and every styled class is used', async () => {
  const css = await readFile(new URL('../../api/pages/static/usher.css', import.meta.url), 'utf8');
  const styled = new Set([...css.matchAll(/\.(-?[a-z][\w-]*)/g)].map((m) => m[1]!));
  const used = new Set<string>();
  for (const rendered of [
    ...Object.values(everyday),
    ...Object.values(pagesOf(casts.rightToLeft)),
    ...Object.values(pagesOf(casts.empty)),
  ]) {
    for (const [, names] of String(await rendered).matchAll(/class="([^"]*)"/g)) {
      for (const name of names!.split(/\s+/)) if (name) used.add(name);
    }
  }
  const tints = (name: string) => name.startsWith('tint-');
  expect([...used].filter((name) => !styled.has(name))).toEqual([]);
  expect([...styled].filter((name) => !used.has(name) && !tints(name))).toEqual([]);
});
