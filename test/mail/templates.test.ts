import { describe, expect, it } from 'vitest';
import type { Wording } from '../../languages/wording.ts';
import { senderFor } from '../../mail/message.ts';
import { type InvitationEmail, invitationEmail } from '../../mail/templates/invitation-email.ts';
import { type NoticeEmail, noticeEmail } from '../../mail/templates/notice-email.ts';
import { resendRequestEmail } from '../../mail/templates/resend-request-email.ts';
import { webhookDisabledEmail } from '../../mail/templates/webhook-disabled-email.ts';

const url = 'https://usher.example/i/AZqk3o6Yd1yk9d3yZ0xJ2Rr1xq0wAbqk3o6Yd1yk9d3yZ0xJ2Rr1xq0w8QpYt';
const invitation = (change: Partial<InvitationEmail> = {}): InvitationEmail => ({
  kind: 'invitation',
  organization: 'Acme',
  inviter: { name: 'Ada Lovelace', email: 'ada@acme.test' },
  role: 'billing_manager',
  licenses: [
    { name: 'Studio', ended: false },
    { name: 'Plugins', ended: false },
  ],
  url,
  expiresAt: new Date('2026-12-08T09:00:00Z'),
  email: 'grace@navy.test',
  locale: 'en',
  ...change,
});
const logo = 'https://usher.example/logos/x.png';
const resendRequest = (manageUrl?: string) =>
  resendRequestEmail({
    inviterName: 'Ada Lovelace',
    organization: 'Acme',
    email: 'grace@navy.test',
    locale: 'en',
    ...(manageUrl !== undefined && { manageUrl }),
  });

/** Everything a mail program might fetch or follow. */
const references = (html: string) =>
  [
    ...html.matchAll(
      /\s(?:href|src|srcset|background|action|poster|data)="([^"]*)"|url\(([^)]*)\)|@import\s*([^;]+)/gi,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3]);

describe('the invitation email', () => {
  it('names organization, inviter, role, licences, address and expiry, in HTML and in text', async () => {
    const { subject, html, text } = await invitationEmail(invitation());
    expect(subject).toBe('Ada Lovelace invited you to join Acme');
    for (const part of [html, text]) {
      for (const fact of [
        'Acme',
        'Ada Lovelace',
        'ada@acme.test',
        'Billing manager',
        'Studio, Plugins',
        'grace@navy.test',
      ]) {
        expect(part).toContain(fact);
      }
      expect(part).toMatch(/Tuesday,? 8 December 2026 at 09:00 UTC/);
      expect(part).toContain('you can ignore this email');
    }
  });

  it('leads nowhere but to the invitation, and loads nothing', async () => {
    const { html } = await invitationEmail(invitation({ message: 'See you' }));
    expect(new Set(references(html))).toEqual(new Set([url]));
    expect(html).not.toMatch(/<(img|script|link|iframe|object|embed|form|video|audio)\b/i);
  });

  it('shows the link as text too, whole, in HTML and in text', async () => {
    const { html, text } = await invitationEmail(invitation());
    expect(html).toContain(`>${url}</a>`);
    expect(text.split('\n')).toContain(url);
    expect(text.split(url)).toHaveLength(2);
  });

  it('shows what users wrote as text: markup is escaped', async () => {
    const attack = '<img src=x onerror=alert(1)></style><script>alert(1)</script>"\'&amp;';
    const { html } = await invitationEmail(
      invitation({
        organization: attack,
        inviter: { name: attack, email: 'ada@acme.test' },
        licenses: [{ name: attack, ended: true }],
        message: attack,
        wording: { en: { subject: attack, greeting: attack, body: `${attack} {organization} {inviter} {licenses}` } },
        looks: { logo: { url: logo, alt: attack } },
      }),
    );
    expect(html.replace(/<img src="https:\/\/usher\.example\/logos\/x\.png" [^>]*>/, '')).not.toMatch(
      /<img|<script|onerror=alert\(1\)>/,
    );
    expect(html).toContain('&lt;script&gt;');
    expect(new Set(references(html))).toEqual(new Set([url, logo]));
  });

  it('keeps what users wrote from becoming a link', async () => {
    const { html, text } = await invitationEmail(
      invitation({ organization: 'https://win.evil/prize', message: 'Write to eve@evil.test or see www.evil.test' }),
    );
    for (const part of [html, text]) {
      expect(part).not.toMatch(/https:\/\/win|win\.evil|eve@evil|evil\.test/);
      expect(part).toContain('prize');
    }
  });

  it('keeps the lines of a message, and drops what would turn its order around', async () => {
    const { html, text } = await invitationEmail(invitation({ message: 'One\r\nTwo\u202e\u0007' }));
    expect(text).toContain('> One\n> Two');
    expect(html).toMatch(/One<br\/?>Two/);
    for (const character of ['\u202e', '\u0007']) expect(html).not.toContain(character);
  });

  it('keeps its subject on one line, whatever the organization is called', async () => {
    const { subject } = await invitationEmail(invitation({ organization: 'Acme\r\nBcc: eve@evil.test' }));
    expect(subject).toBe('Ada Lovelace invited you to join Acme Bcc: eve@evil.test');
  });

  it('does without licences, without a message, and without the name of the inviter', async () => {
    const { subject, text } = await invitationEmail(
      invitation({ licenses: [], inviter: { name: '', email: 'ada@acme.test' } }),
    );
    expect(subject).toBe('ada@acme.test invited you to join Acme');
    expect(text).not.toMatch(/licence|writes/);
  });

  it('says that it reminds when it does', async () => {
    const { subject, text } = await invitationEmail(invitation({ kind: 'reminder' }));
    expect(subject).toBe('Reminder: Ada Lovelace invited you to join Acme');
    expect(text).toContain('You have not answered yet');
  });

  it.each([
    ['en-US', 'en', 'Ada Lovelace invited you to join Acme', /Tuesday, December 8, 2026/, 'Billing manager'],
    ['de-AT', 'de', 'Ada Lovelace lädt Sie zu Acme ein', /Dienstag, 8\. Dezember 2026 um 09:00 UTC/, 'Ihre Lizenzen'],
    ['fr', 'fr', 'Ada Lovelace vous invite à rejoindre Acme', /mardi 8 décembre 2026/, 'Vos licences'],
    ['es-419', 'es', 'Ada Lovelace le invita a unirse a Acme', /martes,? 8 de diciembre de 2026/, 'Sus licencias'],
    ['not a locale', 'en', 'Ada Lovelace invited you to join Acme', /Tuesday,? 8 December 2026/, 'Your licences'],
  ])('is in the language of the locale %j', (locale, language, subject, time, word) => {
    const email = invitationEmail(invitation({ locale }));
    expect(email.subject).toBe(subject);
    expect(email.html).toContain(`lang="${language}"`);
    for (const part of [email.html, email.text]) {
      expect(part).toMatch(time);
      expect(part).toContain(word);
    }
    expect(invitationEmail(invitation({ locale, kind: 'reminder' })).subject).toMatch(
      new RegExp(`^\\p{L}+\\s?: ${subject}$`, 'u'),
    );
  });

  it('says that a licence has ended, in the language of the reader', () => {
    const licenses = [{ name: 'Studio', ended: true }];
    expect(invitationEmail(invitation({ licenses })).text).toContain('Studio (has ended)');
    expect(invitationEmail(invitation({ licenses, locale: 'fr' })).text).toContain('Studio (expirée)');
  });
});

describe('the invitation email of an organization with its own', () => {
  const body = 'Willkommen bei {organization} als {role}.\n\nBis {expires},\n{inviter}';
  const wording = { de: { subject: '{organization}: Komm, {email}', greeting: 'Liebe Kollegin,', body } };

  it('wording has that in its language, and still names who invites', () => {
    const { subject, html, text } = invitationEmail(invitation({ locale: 'de', wording }));
    expect(subject).toBe('Acme: Komm, grace@navy.test');
    expect(text).toContain(
      'Liebe Kollegin,\n\nWillkommen bei Acme als Abrechnungsverwalter.\n\nBis Dienstag, 8. Dezember 2026 um 09:00 UTC,\nAda Lovelace',
    );
    expect(html).toContain('>Liebe Kollegin,</p>');
    expect(text).toMatch(/Eingeladen von +Ada Lovelace \(ada@acme\.test\)/);
    expect(text).not.toContain('lädt Sie ein');
    const reminder = invitationEmail(invitation({ kind: 'reminder', locale: 'de', wording }));
    expect(reminder.subject).toBe('Erinnerung: Acme: Komm, grace@navy.test');
    expect(reminder.text).toContain('Sie haben noch nicht geantwortet.');
    expect(invitationEmail(invitation({ locale: 'fr', wording })).subject).toContain('vous invite');
  });

  it('wording says nothing of licences where there are none, and is as usual where nothing is left of it', () => {
    const of = (en: Wording, more: Partial<InvitationEmail> = {}) =>
      invitationEmail(invitation({ licenses: [], wording: { en }, ...more }));
    const body = 'Welcome.\n \nYour seat: {licenses}.\n\nSee you';
    expect(of({ body }).text).toContain('Welcome.\n\nSee you\n');
    expect(of({ body }, { licenses: [{ name: 'Studio', ended: true }] }).text).toContain(
      'Welcome.\n\nYour seat: Studio (has ended).\n\nSee you\n',
    );
    const nothing = of({ subject: 'Yours: {licenses}', greeting: 'For {licenses}', body: '{licenses}' });
    expect(nothing).toEqual(invitationEmail(invitation({ licenses: [] })));
  });

  it('wording that is too long for a subject is cut between characters, and says so', () => {
    const wording = { en: { subject: '{organization}' } };
    const { subject } = invitationEmail(invitation({ organization: `A${'🎉'.repeat(300)}`, wording }));
    expect(subject).toBe(`A${'🎉'.repeat(248)}…`);
  });

  it.each([
    ['Usher <usher@usher.example>', '"Bank (via Usher)" <usher@usher.example>'],
    ['"Acme, \\"Inc.\\"" <usher@usher.example>', '"Bank (via Acme, \\"Inc.\\")" <usher@usher.example>'],
    ['<usher@usher.example>', '"Bank (via usher.example)" <usher@usher.example>'],
    ['usher@usher.example', '"Bank (via usher.example)" <usher@usher.example>'],
  ])('name comes with whose the address is: %s', (from, sender) => {
    expect(senderFor('Bank', from)).toBe(sender);
  });

  it.each([
    ['en', 'Answers go to'],
    ['de', 'Antworten gehen an'],
    ['fr', 'Les réponses vont à'],
    ['es', 'Las respuestas van a'],
  ])('address for answers says so, in %s', (locale, words) => {
    const { html, text } = invitationEmail(invitation({ locale, replyTo: 'people@acme.test' }));
    expect(text).toMatch(new RegExp(`\n${words} +people@acme\\.test\n`));
    expect(html).toContain('people@acme.test');
    expect(invitationEmail(invitation({ locale })).text).not.toContain(words);
  });

  it('wording puts in what users wrote as text, and never a second time', () => {
    const { subject, html, text } = invitationEmail(
      invitation({
        organization: '{inviter} win.evil/prize\r\nBcc: eve@evil.test',
        locale: 'de',
        wording: { de: { subject: '{organization}', body: '{organization}' } },
      }),
    );
    expect(subject).toBe('{inviter} win.evil/prize Bcc: eve@evil.test');
    for (const part of [html, text]) expect(part).not.toMatch(/win\.evil|eve@evil/);
    expect(text).toContain('{inviter}');
  });

  it('colour and logo shows them, and loads nothing else', () => {
    const looks = { color: '#7c2d12', logo: { url: logo, alt: 'Acme' } };
    const { html } = invitationEmail(invitation({ looks, message: 'Hi' }));
    expect(html).toMatch(new RegExp(`<img src="${logo}" alt="Acme" `));
    expect(html.match(/#7c2d12/g)).toHaveLength(5);
    expect(html).not.toMatch(/#1d4ed8/);
    expect(new Set(references(html))).toEqual(new Set([url, logo]));
  });
});

describe('the email that asks for a new invitation', () => {
  it.each(['de', 'fr', 'es'])('is in the language of those who invite: %s', (locale) => {
    const { html, text } = resendRequestEmail({
      inviterName: 'Ada',
      organization: 'Acme',
      email: 'grace@navy.test',
      locale,
    });
    expect(html).toContain(`lang="${locale}"`);
    expect(text).not.toMatch(/invitation to|asks for/);
  });

  it('names the address and the organization and leads to where it can be resent', async () => {
    const { subject, html, text } = await resendRequest('https://usher.example/console/invitations/inv_1');
    expect(subject).toBe('grace@navy.test asks for a new invitation to Acme');
    expect(text).toContain('https://usher.example/console/invitations/inv_1');
    expect(text).toContain('you can ignore this email');
    expect(new Set(references(html))).toEqual(new Set(['https://usher.example/console/invitations/inv_1']));
  });

  it('leads nowhere when there is no such page', async () => {
    const { html, text } = await resendRequest();
    expect(references(html)).toEqual([]);
    expect(text).toContain('choose Resend');
  });
});

describe('the email that tells an inviter', () => {
  const told = (change: Partial<NoticeEmail> = {}) =>
    noticeEmail({
      inviterName: 'Ada Lovelace',
      organization: 'Acme',
      notices: [notice('undeliverable')],
      url: 'https://usher.example/console/acme/invitations/inv_1',
      locale: 'en',
      ...change,
    });
  const notice = (kind: NoticeEmail['notices'][number]['kind'], n = 0) => ({
    kind,
    email: `grace-${n}@navy.test`,
    delivery: { status: 'bounced', detail: 'hard_bounce' },
  });

  it.each([
    ['undeliverable', 'Your invitation for grace-0@navy.test to Acme could not be delivered'],
    ['accepted', 'grace-0@navy.test joined Acme'],
    ['declined', 'grace-0@navy.test declined your invitation to Acme'],
    ['expired', 'Your invitation for grace-0@navy.test to Acme has expired'],
  ] as const)('says of one that it was %s, and leads there', (kind, said) => {
    const { subject, html, text } = told({ notices: [notice(kind)] });
    expect(subject).toBe(said);
    expect(new Set(references(html))).toEqual(new Set(['https://usher.example/console/acme/invitations/inv_1']));
    expect(text).toContain('grace-0@navy.test');
    expect(/correct it.*copy the link/s.test(text)).toBe(kind === 'undeliverable');
  });

  const english = /[Ii]nvitation (for|to)|invited|[Jj]oined|could not|mail (server|provider)|spam, so|Hello|You get/;
  const subjects = {
    de: [
      'Ihre Einladung an grace-0@navy.test zu Acme konnte nicht zugestellt werden',
      'grace-0@navy.test ist Acme beigetreten',
      'grace-0@navy.test hat Ihre Einladung zu Acme abgelehnt',
      'Ihre Einladung an grace-0@navy.test zu Acme ist abgelaufen',
      'Ihre Einladungen zu Acme: 1 nicht zugestellt, 21 angenommen',
      'grace-19@navy.test und 1 weitere',
    ],
    fr: [
      'L’invitation à rejoindre Acme envoyée à grace-0@navy.test n’a pas pu être remise',
      'grace-0@navy.test a rejoint Acme',
      'grace-0@navy.test a refusé votre invitation à rejoindre Acme',
      'L’invitation à rejoindre Acme envoyée à grace-0@navy.test a expiré',
      'Vos invitations à rejoindre Acme\u00a0: 1 non remise, 21 acceptées',
      'grace-19@navy.test et 1 de plus',
    ],
    es: [
      'No se pudo entregar la invitación a Acme que envió a grace-0@navy.test',
      'grace-0@navy.test se ha unido a Acme',
      'grace-0@navy.test rechazó su invitación a Acme',
      'La invitación a Acme que envió a grace-0@navy.test ha caducado',
      'Sus invitaciones a Acme: 1 no entregada, 21 aceptadas',
      'grace-19@navy.test y 1 más',
    ],
  };

  it.each(['de', 'fr', 'es'] as const)('is in the language of those who invite: %s', (locale) => {
    const kinds = ['undeliverable', 'accepted', 'declined', 'expired'] as const;
    const one = kinds.map((kind) => told({ locale, notices: [notice(kind)] }));
    const reasons = ['complained', 'failed', 'bounced'].map((status) =>
      told({ locale, notices: [{ ...notice('undeliverable'), delivery: { status, detail: null } }] }),
    );
    const accepted = Array.from({ length: 21 }, (_, n) => notice('accepted', n));
    const many = told({ locale, notices: [notice('undeliverable', 99), ...accepted] });
    expect([...one, many].map(({ subject }) => subject)).toEqual(subjects[locale].slice(0, 5));
    expect(many.text).toContain(subjects[locale][5]);
    expect(new Set(reasons.map(({ text }) => text)).size).toBe(3);
    for (const { html, text } of [...one, ...reasons, many]) {
      expect(html).toContain(`lang="${locale}"`);
      expect(text).not.toMatch(english);
      expect(text).not.toMatch(/[{}]/);
    }
  });

  it('counts many, and names as many as can be read', () => {
    const { subject, text } = told({
      notices: [notice('declined', 99), ...Array.from({ length: 25 }, (_, n) => notice('accepted', n))],
    });
    expect(subject).toBe('Your invitations to Acme: 25 accepted, 1 declined');
    for (const shown of ['grace-19@navy.test, and 5 more', 'grace-99@navy.test']) expect(text).toContain(shown);
    expect(text).not.toContain('grace-20@navy.test');
  });

  it('shows what users wrote as text, in one line where it is a header', () => {
    const { subject, html } = told({
      organization: '<b>Acme</b>\r\nBcc: eve@evil.test',
      inviterName: 'https://win.evil',
    });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<b>Acme|https:\/\/win|win\.evil|eve@evil/);
  });
});

describe('the email that tells an owner of a webhook', () => {
  it.each([
    ['en', 'A webhook of Acme has been disabled'],
    ['de', 'Ein Webhook von Acme wurde abgeschaltet'],
    ['fr', 'Un webhook de Acme a été désactivé'],
    ['es', 'Se ha desactivado un webhook de Acme'],
  ])('is in the language of the organization, and says why: %s', (locale, subject) => {
    const [gone, failing] = [true, false].map((isGone) =>
      webhookDisabledEmail({
        ...{ name: 'Ada', organization: 'Acme', url: 'https://hooks.acme.test/', isGone, locale },
        since: new Date('2026-12-08T09:00:00Z'),
      }),
    );
    expect([gone!.subject, failing!.subject]).toEqual([subject, subject]);
    expect([gone!.text.includes('410'), failing!.text.includes('410')]).toEqual([true, false]);
    for (const { html, text } of [gone!, failing!]) {
      expect(html).toContain(`lang="${locale}"`);
      expect(text).not.toMatch(/[{}]/);
      if (locale !== 'en') expect(text).not.toMatch(/Hello|webhook has been|no longer|You get/);
    }
  });
});
