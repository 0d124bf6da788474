import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redraw } from '../../api/logos.ts';
import { setStaffRole } from '../../db/staff.ts';
import { mailDomain } from '../../identity/mail-domains.ts';
import { findBreaches } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** Organizations: what they decide for themselves, and what suspends them. */

let usher: Usher;
let support: string;
const path = '/v1/organizations/acme';
const change = (body: object, session?: string) =>
  usher.call(path, { method: 'PATCH', body, ...(session ? { session } : {}) });
const suspend = (suspended: boolean) => change({ suspended, reason: 'Ticket 9' }, support);
const code = ({ status, body }: { status: number; body: { code?: string } }) => `${status} ${body.code ?? ''}`.trim();
const invite = (email: string, more: object = {}) => usher.call(`${path}/invitations`, { body: { email, ...more } });
const day = 86_400_000;
const usual = {
  name: 'Acme',
  homeUrl: 'https://acme.example/home',
  expiresIn: 'P7D',
  reminders: null,
  allowedDomains: [],
  blockedDomains: [],
  languages: [],
  notices: ['accepted', 'declined', 'expired', 'undeliverable'],
  timeZone: 'UTC',
  color: null,
  senderName: null,
  replyTo: null,
  wording: {},
};

beforeAll(async () => {
  usher = await startUsher({ worker: { suspendedMs: 500 } });
  const { account, session } = await usher.person('support@usher.example');
  await setStaffRole(usher.db, account.id, 'support', { issuers: [usher.issuer], by: { kind: 'support', id: null } });
  support = session;
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

describe('the settings', () => {
  test('are as usual at first, and each change has an event that says what', async () => {
    expect((await usher.call(path)).body).toEqual({
      organization: 'acme',
      ...usual,
      logo: null,
      suspendedAt: null,
      createdAt: usher.organization.created_at.toISOString(),
    });
    const changed = await change({ name: ' Acme & Sons ', languages: ['de-CH'], expiresIn: 'P7D', reason: 'Ticket 1' });
    expect(changed).toMatchObject({ status: 200, body: { name: 'Acme & Sons', languages: ['de-CH'] } });
    expect((await usher.call(path)).body).toEqual(changed.body);
    // So it is already.
    await change({ name: 'Acme & Sons' });
    const { body } = await usher.call(`${path}/events?type=organization_changed`);
    expect(body.items.map((e: { detail: string; reason: string }) => [e.detail, e.reason])).toEqual([
      ['name expires_in languages', 'Ticket 1'],
    ]);
    expect((await change(usual)).body).toMatchObject(usual);
  });

  test.each([
    [{}, '400 invalid_request'],
    [{ reason: 'nothing else' }, '400 invalid_request'],
    [{ name: 'See https://evil.example' }, '400 unsafe_text'],
    [{ name: '  ' }, '400 unsafe_text'],
    [{ homeUrl: 'http://acme.example' }, '400 invalid_request'],
    [{ homeUrl: 'https://a:b@acme.example' }, '400 invalid_request'],
    [{ expiresIn: 'PT59M' }, '400 invalid_request'],
    [{ expiresIn: 'P91D' }, '400 invalid_request'],
    [{ reminders: ['P1D', 'P2D', 'P3D', 'P4D', 'P5D', 'P6D'] }, '400 invalid_request'],
    [{ allowedDomains: ['acme'] }, '400 invalid_request'],
    [{ blockedDomains: ['*'] }, '400 invalid_request'],
    [{ languages: ['no language'] }, '400 invalid_request'],
    [{ timeZone: 'Berlin' }, '400 invalid_request'],
    [{ timeZone: '+02:00' }, '400 invalid_request'],
    [{ color: 'blue' }, '400 invalid_request'],
    [{ color: '#777777' }, '400 invalid_request'],
    [{ senderName: 'ceo@acme.example' }, '400 unsafe_text'],
    [{ senderName: 'support＠bigbank.example' }, '400 unsafe_text'],
    [{ senderName: 'support﹫bigbank' }, '400 unsafe_text'],
    [{ senderName: '\u200b' }, '400 unsafe_text'],
    [{ senderName: '\u3164' }, '400 unsafe_text'],
    [{ senderName: '(–)' }, '400 unsafe_text'],
    [{ senderName: 'Acme\r\nBcc: eve@evil.example' }, '400 unsafe_text'],
    [{ replyTo: 'a@b, c@d' }, '400 invalid_request'],
    [{ replyTo: 'jörg@acme.example' }, '400 invalid_request'],
    [{ wording: { de: { subject: 'Hallo {name}' } } }, '400 invalid_request'],
    [{ wording: { de: { body: 'Bis {expires' } } }, '400 invalid_request'],
    [{ wording: { de: { body: '{em{inviter}ail}' } } }, '400 invalid_request'],
    [{ wording: { de: { body: 'See www.evil.example' } } }, '400 unsafe_text'],
    [{ wording: { de: { subject: 'Hallo\nBcc: eve@evil.example' } } }, '400 unsafe_text'],
    [{ wording: { it: { subject: 'Ciao' } } }, '400 invalid_request'],
    [{ suspended: true, reason: 'by an owner’s key' }, '403 not_allowed'],
  ])('refuse %j', async (body, expected) => {
    const before = (await usher.call(path)).body;
    expect(code(await change(body))).toBe(expected);
    expect((await usher.call(path)).body).toEqual(before);
  });

  test('say how long invitations live, when they remind, and in which language they are', async () => {
    await change({ expiresIn: 'P10D', reminders: ['P9D', 'P2D', 'P10D'], languages: ['fr', 'de-CH'] });
    const { body } = await invite('settled@example.com');
    const lifetime = new Date(body.expiresAt).getTime() - new Date(body.createdAt).getTime();
    expect([lifetime, body.locale]).toEqual([10 * day, 'fr']);
    const row = (id = body.id) =>
      usher.db.selectFrom('invitations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const reminders = async () => {
      const { reminders, expires_at } = await row();
      return reminders.map((time) => Math.round((expires_at.getTime() - time.getTime()) / day));
    };
    // None when it ends.
    expect(await reminders()).toEqual([8, 1]);
    await change({ reminders: ['P1D'] });
    await usher.call(`/v1/invitations/${body.id}/resend`, { body: {} });
    expect(await reminders()).toEqual([9]);
    expect((await invite('german@example.com', { locale: 'de-CH', expiresIn: 'P1D' })).body.locale).toBe('de-CH');
    expect(code(await invite('english@example.com', { locale: 'en' }))).toBe('400 language_not_allowed');
    const amend = (locale: string | null) =>
      usher.call(`/v1/invitations/${body.id}`, { method: 'PATCH', body: { locale } });
    expect(code(await amend(null))).toBe('400 language_not_allowed');
    await change({ languages: [] });
    expect((await amend(null)).status).toBe(200);
    expect((await row()).locale).toBeNull();
    await change({ reminders: [] });
    const { body: quiet } = await invite('quiet@example.com');
    expect((await row(quiet.id)).reminders).toEqual([]);
    await change(usual);
  });
});

describe('what an organization makes of its emails', () => {
  test('says what is wrong with a colour and with words, and what could be', async () => {
    const { body: pale } = await change({ color: '#ffcc00' });
    expect(pale.detail).toContain('contrast of 1.5 : 1 only');
    expect(await change({ color: '#767676' })).toMatchObject({ status: 200, body: { color: '#767676' } });
    const { body: broken } = await change({ wording: { de: { subject: 'Hallo\nWelt' } } });
    expect(broken.detail).toBe('Leave links, markup and line breaks out of the subject.');
    const { body: unknown } = await change({ wording: { en: { greeting: 'Dear {firstName},' } } });
    expect(unknown.errors).toEqual([
      {
        path: 'body/wording/en/greeting',
        message:
          'There is no {firstName}: in braces can stand {inviter}, {organization}, {role}, {licenses}, {expires}, {email}.',
      },
    ]);
  });

  test('is in every invitation of the language, from then on', async () => {
    const wording = {
      fr: { subject: 'Bienvenue chez {organization}', body: ' Bonjour,\r\n\r\n{inviter} vous attend. ' },
      de: { subject: '  ' },
    };
    const looks = { color: '#7C2D12', senderName: ' Acme Personal ', replyTo: ' people@büro.example' };
    const replyTo = 'people@xn--bro-hoa.example';
    const { body } = await change({ ...looks, wording });
    expect(body).toMatchObject({ color: '#7c2d12', senderName: 'Acme Personal', replyTo });
    expect(body.wording).toEqual({
      fr: { subject: 'Bienvenue chez {organization}', body: 'Bonjour,\n\n{inviter} vous attend.' },
    });
    // So it is already: no event.
    await change({ wording: { fr: wording.fr } });
    const { body: events } = await usher.call(`${path}/events?type=organization_changed&order=newest&limit=1`);
    expect(events.items[0].detail).toBe('color sender_name reply_to wording');
    await invite('own@example.com', { locale: 'fr-CA' });
    await invite('usual@example.com', { locale: 'de' });
    await usher.linkTo('own@example.com', /^Bienvenue chez Acme$/);
    const details = async (email: string) => {
      const [{ MessageID } = { MessageID: '' }] = await usher.messages(email);
      const answer = await fetch(`${usher.inbox}/messages/outbound/${MessageID}/details`, {
        headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' },
      });
      return (await answer.json()) as { From: string; Subject: string; HtmlBody: string; TextBody: string };
    };
    const own = await details('own@example.com');
    expect(own.From).toBe('"Acme Personal (via Usher)" <usher@usher.example>');
    expect(own.TextBody).toMatch(/Bonjour,\n\n.* vous attend\.\n/);
    expect(own.HtmlBody).toContain('background-color:#7c2d12');
    expect(own.TextBody).toContain(replyTo);
    const [{ MessageID } = { MessageID: '' }] = await usher.messages('own@example.com');
    expect(await (await fetch(`${usher.inbox}/inbox/${MessageID}`)).text()).toMatch(
      new RegExp(`<dt>Reply to</dt>\\s*<dd>${replyTo}<`),
    );
    await usher.linkTo('usual@example.com', /lädt Sie zu Acme ein$/);
    const sheet = await fetch(`${usher.url}/colors/7c2d12.css`);
    expect([sheet.headers.get('content-type'), await sheet.text()]).toEqual([
      expect.stringContaining('text/css'),
      expect.stringContaining('--accent:#7c2d12'),
    ]);
    for (const file of ['red.css', '7c2d12;}.css', '7C2D12.css'])
      expect((await fetch(`${usher.url}/colors/${file}`)).status).toBe(400);
    await change(usual);
  });

  test('reminds by day where it is, whenever it was sent, and so does a resend', async () => {
    await change({ timeZone: 'Asia/Kolkata', expiresIn: 'P10D', reminders: ['P1D', 'P2DT6H', 'P3DT12H', 'P5DT18H'] });
    const { body } = await invite('by-day@example.com');
    const hoursThere = async () => {
      const { reminders } = await usher.db
        .selectFrom('invitations')
        .select('reminders')
        .where('id', '=', body.id)
        .executeTakeFirstOrThrow();
      const clock = new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone: 'Asia/Kolkata' });
      return reminders.map((time) => Number(clock.format(time)));
    };
    // What is sent again is so a moment after its times are worked out.
    const byDay = (hours: number[]) => [hours.length, hours.filter((hour) => hour < 9 || hour > 18)];
    expect(byDay(await hoursThere())).toEqual([4, []]);
    await usher.call(`/v1/invitations/${body.id}/resend`, { body: {} });
    expect(byDay(await hoursThere())).toEqual([4, []]);
    const acts = await usher.call(`${path}/invitation-batches/resend`, { body: { invitations: [body.id] } });
    await usher.until('it is sent again', async () => {
      const { state } = (await usher.call(`/v1/invitation-batches/${acts.body.id}`)).body;
      return state === 'completed';
    });
    expect(byDay(await hoursThere())).toEqual([4, []]);
    await change(usual);
  });
});

describe('mail domains', () => {
  test.each([
    ['acme.example', 'acme.example'],
    [' ACME.example ', 'acme.example'],
    ['*.Bücher.example', '*.xn--bcher-kva.example'],
    ['acme', undefined],
    ['*', undefined],
    ['*.*.example', undefined],
    ['a@acme.example', undefined],
    ['10.0.0.1', undefined],
    ['acme.example/path', undefined],
  ])('%s is %s', (text, expected) => {
    expect(mailDomain(text)).toBe(expected);
  });

  test('decide who can be invited, also under another address', async () => {
    await change({ allowedDomains: ['acme.example', '*.Bücher.example'], blockedDomains: ['press.bücher.example'] });
    for (const [email, expected] of [
      ['a@ACME.example', '201'],
      ['a@shop.bücher.example', '201'],
      ['b@shop.xn--bcher-kva.example', '201'],
      ['a@bücher.example', '400 domain_not_allowed'],
      ['a@press.bücher.example', '400 domain_not_allowed'],
      ['a@sub.acme.example', '400 domain_not_allowed'],
      ['a@notacme.example', '400 domain_not_allowed'],
    ] as const)
      expect([email, code(await invite(email))]).toEqual([email, expected]);
    const { items } = (await usher.call(`${path}/invitations?email=a@acme.example`)).body;
    const amend = (body: object) => usher.call(`/v1/invitations/${items[0].id}`, { method: 'PATCH', body });
    expect(code(await amend({ email: 'a@elsewhere.example' }))).toBe('400 domain_not_allowed');
    expect(code(await amend({ email: 'c@acme.example' }))).toBe('200');
    await change({ allowedDomains: [] });
    expect(code(await invite('a@elsewhere.example'))).toBe('201');
    expect(code(await invite('b@press.bücher.example'))).toBe('400 domain_not_allowed');
    await change(usual);
  });
});

describe('a logo', () => {
  const draw = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#1d4ed8' } });
  const put = async (picture: Uint8Array<ArrayBuffer> | string, type = 'image/png') => {
    const answer = await fetch(`${usher.url}${path}/logo`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${usher.key}`, 'content-type': type },
      body: picture,
    });
    return { status: answer.status, body: (await answer.json()) as { code?: string; detail?: string; logo: string } };
  };

  test('is drawn anew, and nothing is left of what was sent but what is seen', async () => {
    // Of the north, by a camera that was held upright.
    const photo = await draw(800, 400)
      .withExif({ IFD0: { Artist: 'Ada' }, IFD3: { GPSLatitudeRef: 'N' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(photo.toString('latin1')).toContain('Ada');
    const set = await put(Buffer.concat([photo, Buffer.from('PK and an archive')]), 'image/jpeg');
    expect(set).toMatchObject({ status: 200, body: { logo: expect.stringMatching(/^\/logos\/[\w-]{43}\.png$/) } });
    const served = await fetch(usher.url + set.body.logo);
    const png = Buffer.from(await served.arrayBuffer());
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 128, height: 256 });
    expect(png.toString('latin1')).not.toMatch(/Ada|eXIf|archive/);
    expect(Object.fromEntries(served.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none';sandbox",
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(served.headers.getSetCookie()).toEqual([]);
    expect((await usher.call(path)).body.logo).toBe(set.body.logo);
    const { id } = (await invite('logo@example.com')).body;
    const { session } = await usher.person('logo@example.com');
    expect((await usher.call(`/invitations/${id}`, { key: null, session })).body).toContain(`src="${set.body.logo}"`);

    // Smaller ones stay as small, and other pictures are elsewhere.
    const small = await put(await draw(32, 32).webp().toBuffer(), 'image/webp');
    expect(await sharp(await (await fetch(usher.url + small.body.logo)).arrayBuffer()).metadata()).toMatchObject({
      format: 'png',
      width: 32,
    });
    expect((await fetch(usher.url + set.body.logo)).status).toBe(404);
    await put(await draw(32, 32).webp().toBuffer(), 'image/webp');
    const gone = await usher.call(`${path}/logo`, { method: 'DELETE' });
    expect(gone).toMatchObject({ status: 200, body: { logo: null } });
    expect((await fetch(usher.url + small.body.logo)).status).toBe(404);
    const { body } = await usher.call(`${path}/events?type=organization_changed&order=newest&limit=3`);
    expect(body.items.map((e: { detail: string }) => e.detail)).toEqual(['logo', 'logo', 'logo']);
  });

  test('is drawn one at a time, however many are sent', async () => {
    const png = await draw(600, 600).png().toBuffer();
    let most = 0;
    let isDone = false;
    const looking = (async () => {
      while (!isDone) {
        most = Math.max(most, sharp.counters().process);
        await new Promise(setImmediate);
      }
    })();
    const drawn = await Promise.allSettled([redraw(png), redraw(Buffer.from('none')), redraw(png), redraw(png)]);
    isDone = true;
    await looking;
    expect(drawn.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(most).toBe(1);
  });

  test('is a PNG, JPEG or WebP picture, and neither a large one nor one that unfolds', async () => {
    const png = await draw(600, 600).png().toBuffer();
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
    expect(code(await put(svg))).toBe('400 invalid_picture');
    expect(code(await put(await draw(9, 9).gif().toBuffer()))).toBe('400 invalid_picture');
    expect(code(await put(await draw(9, 9).tiff().toBuffer()))).toBe('400 invalid_picture');
    expect(code(await put(png.subarray(0, png.length / 2)))).toBe('400 invalid_picture');
    expect(code(await put(Buffer.alloc(0)))).toMatch(/^400 /);
    // 36 million pixels in 100 KB.
    const bomb = await draw(6_000, 6_000).png({ palette: true }).toBuffer();
    expect(bomb.length).toBeLessThan(200_000);
    const refused = await put(bomb);
    expect([code(refused), refused.body.detail]).toEqual([
      '400 invalid_picture',
      'It may have 25 million pixels at most.',
    ]);
    expect(code(await put(Buffer.alloc(1024 * 1024 + 1)))).toBe('413 too_large');
    expect(code(await put(svg, 'image/svg+xml'))).toBe('415 unsupported_media_type');
    expect(code(await put('{}', 'application/json'))).toBe('415 unsupported_media_type');
    expect((await usher.call(path)).body.logo).toBeNull();
    for (const file of ['x.png', `${'x'.repeat(43)}.png`, `${'x'.repeat(43)}.svg`])
      expect([400, 404]).toContain((await fetch(`${usher.url}/logos/${file}`)).status);
  });
});

describe('while an organization is suspended', () => {
  afterAll(() => suspend(false));

  test('nothing is sent for it and nobody joins; what was to be sent is sent afterwards', async () => {
    const { body: invitation } = await invite('waiting@example.com');
    await usher.linkTo('waiting@example.com');
    // Invited before, and not yet mailed.
    await usher.worker.stop();
    const { body: unsent } = await invite('unsent@example.com');
    const suspended = await suspend(true);
    expect(suspended.body.suspendedAt).not.toBeNull();
    usher.worker = await usher.startWorker();

    expect(code(await invite('nobody@example.com'))).toBe('409 organization_suspended');
    const post = (verb: string, session?: string) =>
      usher.call(`/v1/invitations/${invitation.id}/${verb}`, { method: 'POST', ...(session ? { session } : {}) });
    expect(code(await post('resend'))).toBe('409 organization_suspended');
    const amend = await usher.call(`/v1/invitations/${invitation.id}`, { method: 'PATCH', body: { teams: ['A'] } });
    expect(code(amend)).toBe('409 organization_suspended');
    const { session } = await usher.person('waiting@example.com');
    expect(code(await post('accept', session))).toBe('409 organization_suspended');
    const page = await usher.call(`/invitations/${invitation.id}`, { session });
    expect(page.body).toContain('suspended');
    expect((await usher.call(`/v1/invitations/${invitation.id}`)).body).toMatchObject({
      state: 'pending',
      allowed: ['decline', 'revoke'],
    });
    const handle = usher.temporal.client.workflow.getHandle(unsent.workflowId);
    await usher.until('the email is held back', async () => {
      const { raw } = await handle.describe();
      return raw.pendingActivities?.some(
        (a) => a.lastFailure?.applicationFailureInfo?.type === 'organization_suspended',
      );
    });
    expect(await usher.messages('unsent@example.com')).toEqual([]);

    expect((await suspend(false)).body.suspendedAt).toBeNull();
    await usher.linkTo('unsent@example.com');
    expect(await usher.messages('unsent@example.com')).toHaveLength(1);
    expect(code(await post('accept', session))).toBe('200');
    const { body } = await usher.call(`${path}/events?limit=100`);
    const types = body.items.filter((e: { target: { kind: string }; type: string }) =>
      /suspended|resumed/.test(e.type),
    );
    expect(types.map((e: { type: string; reason: string }) => [e.type, e.reason])).toEqual([
      ['organization_suspended', 'Ticket 9'],
      ['organization_resumed', 'Ticket 9'],
    ]);
  });

  test('people may still decline, and the organization revoke', async () => {
    const { body: first } = await invite('declining@example.com');
    const { body: second } = await invite('revoked@example.com');
    await suspend(true);
    const { session } = await usher.person('declining@example.com');
    const declined = await usher.call(`/v1/invitations/${first.id}/decline`, { method: 'POST', session });
    expect(code(declined)).toBe('200');
    expect(code(await usher.call(`/v1/invitations/${second.id}/revoke`, { body: {} }))).toBe('200');
  });
});
