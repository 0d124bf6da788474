import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What people may write, or have an identity provider say of them, on every page and in every email: it stays text. */

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '" autofocus onfocus="alert(1)',
  '</title></h1><b>big</b>',
  '&lt;i&gt; &#60;i&#62;',
  'javascript:alert(1)',
  '${7*7} {{7*7}} <%= 7*7 %>',
  'Eve\r\nBcc: eve@evil.example',
  'Eve\nContent-Type: text/html\n\n<b>hi</b>',
  'Eve\u2028Bcc: eve@evil.example',
  '=?utf-8?B?QmNjOiBldmVAZXZpbC5leGFtcGxl?=',
  '"Boss" <boss@evil.example>, Eve',
  'eve@evil.example',
  'Eve\\" <eve@evil.example>, "x',
  'moc.live\u202eeve\u202c',
];

let usher: Usher;
let count = 0;
beforeAll(async () => {
  usher = await startUsher({ searchForPersonalData: false, seats: 100 });
});
afterAll(() => usher?.close());

/** The elements of a document and the names of their attributes: text that became markup shows here. */
const skeleton = (document: string): string[] =>
  [...document.matchAll(/<(\/?[a-z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi)].map(
    ([, tag, attributes]) =>
      `${tag} ${[...attributes!.matchAll(/([\w:-]+)(?:="[^"]*")?/g)].map((m) => m[1]).join(' ')}`,
  );

interface Mail {
  Subject: string;
  From: string;
  To: { Email: string }[];
  Cc: unknown[];
  Bcc: unknown[];
  Recipients: string[];
  HtmlBody: string;
  TextBody: string;
}

/** Every page and email of one invitation, when all names are such a text. */
async function everything(text: string, message: string) {
  const { db } = usher;
  const email = `person-${++count}@example.com`;
  await db.updateTable('organizations').set({ name: text }).execute();
  await db.updateTable('license_pools').set({ name: text }).execute();
  await db.updateTable('accounts').set({ name: text }).execute();
  const { id } = await usher.invite(email, { licenses: ['studio'], teams: ['Blue'], message });
  const token = (await usher.linkTo(email)).slice('/i/'.length);
  const ada = await usher.person(email);
  const eve = await usher.person('eve@example.com');
  const owner = await usher.person('owner@acme.example');
  await db
    .updateTable('members')
    .set({ account_id: owner.account.id })
    .where('account_id', '=', usher.owner.id)
    .execute();
  usher.owner = owner.account;
  await db.updateTable('accounts').set({ name: text }).execute();
  const port = new URL(usher.url).port;
  const page = async (path: string, session?: string) => {
    const cookie = `usher_${port}_link_${id}=${token}${session ? `; usher_${port}_session=${session}` : ''}`;
    const { body, headers } = await usher.call(path, { key: null, headers: { cookie } });
    expect(headers.get('location')).toBeNull();
    return String(body);
  };
  const pages: Record<string, string> = {
    invitation: await page(`/invitations/${id}`, ada.session),
    decline: await page(`/invitations/${id}/decline`, ada.session),
    home: await page('/', ada.session),
    wrongAccount: await page(`/invitations/${id}`, eve.session),
    console: await page('/console/acme', owner.session),
    consoleInvitations: await page('/console/acme/invitations', owner.session),
    consoleInvitation: await page(`/console/acme/invitations/${id}`, owner.session),
  };
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
  pages.invalid = await page(`/invitations/${id}`);
  const [newest] = await usher.messages(email);
  const answer = await fetch(`${usher.inbox}/messages/outbound/${newest!.MessageID}/details`, {
    headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' },
  });
  const mail = (await answer.json()) as Mail;
  // Postmark's own API does not tell these; the inbox page does.
  const shown = await (await fetch(`${usher.inbox}/inbox/${newest!.MessageID}`)).text();
  const characters: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  const plain = (escaped: string) => escaped.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => characters[name]!);
  const replyTo = plain(/<dt>Reply to<\/dt>\s*<dd>(.*?)<\/dd>/s.exec(shown)![1]!);
  const headers = [...shown.split('id="headers"')[1]!.matchAll(/<dt>(.*?)<\/dt>\s*<dd>(.*?)<\/dd>/gs)].map(
    ([, name, value]) => [name!, plain(value!)] as const,
  );
  return { email, pages, mail, replyTo, headers };
}

describe('as the name of an organization, an inviter, a licence and an account', () => {
  let harmless: Awaited<ReturnType<typeof everything>>;
  beforeAll(async () => {
    harmless = await everything('Harmless', 'Hello there');
  });

  test.each(hostile)('%j stays text on every page and in the email, and becomes no header', async (text) => {
    const { email, pages, mail, replyTo, headers } = await everything(text, 'Hello there');
    for (const [name, document] of Object.entries(pages)) {
      const rows = (d: string) =>
        skeleton(d).filter((tag) => name !== 'consoleInvitations' || !/^\/?(tr|td|th|a|time|span|div|p)\b/.test(tag));
      expect([...new Set(rows(document))].sort(), name).toEqual([...new Set(rows(harmless.pages[name]!))].sort());
      const ours = '<script type="module" src="/static/console.js"></script>';
      expect(document.replace(ours, ''), name).not.toMatch(/<script|<img|<b>|<i>|\son\w+="/i);
    }
    expect(skeleton(mail.HtmlBody)).toEqual(skeleton(harmless.mail.HtmlBody));
    expect(mail.Recipients).toEqual([email]);
    expect([mail.Cc, mail.Bcc]).toEqual([[], []]);
    expect(headers.map(([name]) => name)).toEqual(harmless.headers.map(([name]) => name));
    for (const header of [mail.Subject, mail.From, replyTo, ...headers.map(([, value]) => value)]) {
      expect(header).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
    }
    expect(mail.From).toBe(harmless.mail.From);
    // One address to answer to, after a name that is quoted whole.
    expect(replyTo).toMatch(/^"(?:[^"\\]|\\.)*" <owner@acme\.example>$/);
    // The text part: one link, on a line of its own.
    expect(mail.TextBody.split('\n').filter((line) => /https?:\/\//.test(line))).toHaveLength(1);
    expect(mail.TextBody).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e]/u);
  });
});

describe('in a request', () => {
  const fields: [string, (text: string) => object][] = [
    ['email', (email) => ({ email })],
    ['email, before the @', (text) => ({ email: `${text}@example.com` })],
    ['message', (message) => ({ message })],
    ['teams', (team) => ({ teams: [team] })],
    ['role', (role) => ({ role })],
    ['licenses', (license) => ({ licenses: [license] })],
    ['locale', (locale) => ({ locale })],
    ['redirectUrl', (redirectUrl) => ({ redirectUrl })],
    ['expiresIn', (expiresIn) => ({ expiresIn })],
  ];
  test.each(fields)('%s is refused, with a code, or taken as plain text', async (name, body) => {
    await usher.db.updateTable('organizations').set({ name: 'Acme' }).execute();
    await usher.db.updateTable('accounts').set({ name: 'Ada' }).execute();
    for (const text of hostile) {
      const answer = await usher.call('/v1/organizations/acme/invitations', {
        body: { email: `taken-${++count}@example.com`, ...body(text) },
      });
      if (answer.status === 201) {
        // What gets through has no markup in it, and nothing that ends a line but in a message.
        const kept = JSON.stringify([answer.body.email, answer.body.teams, answer.body.locale, answer.body.message]);
        expect(kept, `${name}: ${text}`).not.toMatch(/[<>]|[\u202a-\u202e]/);
        if (name !== 'message') expect(kept, `${name}: ${text}`).not.toMatch(/\\[rn]|\u2028/);
      } else {
        expect(answer.status, `${name}: ${text}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${name}: ${text}`).toBeLessThan(500);
        expect(answer.body.code, `${name}: ${text}`).toMatch(/^[a-z_]+$/);
      }
    }
  });
});
