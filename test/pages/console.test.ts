import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Problem } from '../../api/problem.ts';
import { find as findAnywhere } from '../../api/support.ts';
import { createDatabase } from '../../db/database.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { insertMember } from '../../db/members.ts';
import { type NoticeKind, noticeKinds } from '../../db/notices.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { setStaffRole } from '../../db/staff.ts';
import { startReceiver } from '../setup/receiver.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

/** The console over HTTP, by a browser without scripts: what its pages do, and to whom. */

let usher: Usher;
let admin: SignedIn;
beforeAll(async () => {
  usher = await startUsher({ withProvider: true });
  admin = await visitorOf('admin@acme.example', { role: 'admin' });
});
afterAll(() => usher?.close());

const visitorOf = (email: string, more?: Parameters<typeof signedIn>[2]) => signedIn(usher, email, more);

const eventsOf = async (invitation: string) =>
  (await usher.call(`/v1/invitations/${invitation}/events`)).body.items as { type: string; reason: string | null }[];
const countOf = async (invitation: string, type: string) =>
  (await eventsOf(invitation)).filter((event) => event.type === type).length;

describe('the console opens', () => {
  test('at once for whoever manages one organization, and with a choice for whoever manages several', async () => {
    const several = await visitorOf('several@acme.example', { role: 'owner' });
    expect((await several.visit('/console')).url.pathname).toBe('/console/acme');
    const tailspin = await ensureOrganization(usher.db, { slug: 'tailspin', name: 'Tailspin' });
    await usher.db.transaction().execute((trx) =>
      insertMember(trx, {
        organization: tailspin.id,
        account: several.account.id,
        role: 'admin',
        teams: [],
        invitation: null,
      }),
    );
    const { text } = await several.visit('/console');
    expect(text).toContain('href="/console/acme"');
    expect(text).toContain('href="/console/tailspin"');
  });

  test('for nobody who may not: a stranger finds nothing there, a member is told who may', async () => {
    const other = await ensureOrganization(usher.db, { slug: 'other', name: 'Other' });
    const stranger = await visitorOf('stranger@other.example', { role: 'admin', of: other });
    const member = await visitorOf('member@acme.example', { role: 'member' });
    const { id } = await usher.invite('secret@people.example');
    for (const path of [
      '',
      '/invitations',
      `/invitations/${id}`,
      `/invitations/${id}/revoke`,
      '/api-keys',
      '/webhooks',
      '/settings',
      '/events',
    ]) {
      expect((await stranger.visit(`/console/acme${path}`)).status, path).toBe(404);
      const refused = await member.visit(`/console/acme${path}`);
      expect([refused.status, refused.text.includes('Owners and admins of the organization may.')], path).toEqual([
        403,
        true,
      ]);
    }
    // Of another organization, though they manage that one.
    expect((await stranger.visit(`/console/other/invitations/${id}`)).status).toBe(404);
    expect(stranger.page.text).not.toContain('secret@');
  });
});

describe('the overview', () => {
  test('counts what became of invitations, and says what needs attention with the way to it', async () => {
    const of = await ensureOrganization(usher.db, { slug: 'seen', name: 'Seen' });
    const seen = await visitorOf('admin@seen.example', { role: 'owner', of });
    expect((await seen.visit('/console/seen')).text).toContain('Nobody has been invited since');
    const former = await visitorOf('former@seen.example', { role: 'owner', of });
    const invite = async (email: string, session?: string) => {
      const key = await usher.apiKey({ organization: of });
      const options = session ? { session } : { key };
      return (await usher.call('/v1/organizations/seen/invitations', { body: { email, role: 'admin' }, ...options }))
        .body;
    };
    const bounced = await invite('bounced@people.example');
    await usher.until('it is sent', async () => {
      const { body } = await usher.call(`/v1/invitations/${bounced.id}`, {
        key: await usher.apiKey({ organization: of }),
      });
      return body.delivery.status === 'sent';
    });
    await usher.db
      .updateTable('deliveries')
      .set({ status: 'bounced', detail: 'HardBounce' })
      .where('invitation_id', '=', bounced.id)
      .execute();
    await invite('flagged@people.example', former.session);
    await usher.db
      .updateTable('members')
      .set({ removed_at: new Date() })
      .where('account_id', '=', former.account.id)
      .execute();
    await ensureLicensePool(usher.db, { organization: of.id, product: 'p', name: 'Pro', kind: 'named', quantity: 0 });
    const { text } = await seen.visit('/console/seen');
    const figures = Object.fromEntries(
      [...text.matchAll(/<th scope="row">([^<]+)<svg.*?<td>(\d+)<\/td>/g)].map(([, name, count]) => [name, count]),
    );
    expect(figures).toMatchObject({ Invited: '2', Joined: '0', 'Still open': '2' });
    expect(text).toMatch(/No seat of <a href="\/console\/seen\/licenses\/lic_\w+"><bdi>Pro<\/bdi><\/a> is left\./);
    expect(text).toMatch(/1 pending invitation<\/a> by <bdi>former<\/bdi>.*who is no member any more/);
    for (const [query, email] of [
      [`state=pending&amp;delivery=bounced`, 'bounced@people.example'],
      [`state=pending&amp;invitedBy=${former.account.id}`, 'flagged@people.example'],
    ] as const) {
      expect(text).toContain(`href="/console/seen/invitations?${query}"`);
      const list = await seen.visit(`/console/seen/invitations?${query.replace('&amp;', '&')}`);
      expect([...new Set(list.text.match(/[a-z]+@people.example/g))]).toEqual([email]);
    }
  });
});

describe('the list of invitations', () => {
  test('is filtered by what its address says, and says so when nothing matches', async () => {
    await usher.invite('ada@filter.example', { role: 'billing_manager' });
    await usher.invite('bob@filter.example');
    const shown = async (query: string) => {
      const { text } = await admin.visit(`/console/acme/invitations?${query}`);
      return ['ada@filter.example', 'bob@filter.example'].filter((email) => text.includes(`>${email}<`));
    };
    expect(await shown('')).toEqual(['ada@filter.example', 'bob@filter.example']);
    expect(await shown('email=&state=&role=billing_manager&license=&createdAfter=')).toEqual(['ada@filter.example']);
    expect(await shown('email=bob%40filter.example&state=pending')).toEqual(['bob@filter.example']);
    expect(await shown('email=OB%40filter')).toEqual(['bob@filter.example']);
    expect(await shown('email=ob_filter')).toEqual([]);
    expect(await shown('createdAfter=2999-01-01')).toEqual([]);
    expect(admin.page.text).toContain('No invitation matches.');
    expect(await shown('license=studio')).toEqual([]);
  });

  test('says beside the field what is wrong with a filter', async () => {
    const { status, text } = await admin.visit('/console/acme/invitations?role=emperor&state=pending');
    expect(status).toBe(400);
    expect(text).toMatch(/id="field-role"[^>]* aria-describedby="field-role-error" aria-invalid="true"/);
    expect(text).toMatch(/<option value="pending" selected>/);
    expect((await admin.visit('/console/acme/invitations?cursor=none')).status).toBe(400);
  });

  test('has pages, and the way back to the newest', async () => {
    for (let i = 0; i < 51; i++) await usher.invite(`page-${i}@pages.example`, { role: 'owner' });
    const first = await admin.visit('/console/acme/invitations?role=owner');
    expect(first.text.match(/<tr /g)).toHaveLength(1 + 50);
    const next = /href="([^"]*)" rel="next"/.exec(first.text)![1]!.replaceAll('&amp;', '&');
    const last = await admin.visit(next);
    expect(last.text).toContain('page-0@pages.example');
    expect(last.text.match(/<tr /g)).toHaveLength(1 + 1);
    expect(last.text).not.toContain('rel="next"');
    expect(last.text).toContain('href="/console/acme/invitations?role=owner"');
  });
});

describe('a selection of invitations', () => {
  test('is revoked after a question, and what could not be is told; nothing of another organization', async () => {
    const theirs = await ensureOrganization(usher.db, { slug: 'theirs', name: 'Theirs' });
    const key = await usher.apiKey({ organization: theirs });
    const stray = await usher.call('/v1/organizations/theirs/invitations', { body: { email: 'a@b.example' }, key });
    const [one, other, ended] = await Promise.all(
      ['one', 'other', 'ended'].map((name) => usher.invite(`${name}@selected.example`)),
    );
    await admin.visit('/console/acme/invitations');
    expect(admin.page.text).toContain(`name="ids" value="${one.id}"`);
    expect((await admin.submit('/selected', { act: 'revoke' })).text).toContain('Select some first.');
    const select = (more: Record<string, string>, ids = [one.id, other.id, ended.id, stray.body.id]) =>
      admin.submit(
        '/selected',
        more,
        ids.map((id) => ['ids', id]),
      );
    const asked = await select({ act: 'revoke' });
    expect(asked.text).toContain('Revoke 3 invitations?');
    expect(asked.text).not.toContain('a@b.example');
    await usher.call(`/v1/invitations/${ended.id}/revoke`, { body: {} });
    const done = await select({}, [one.id, other.id, ended.id]);
    expect(done.text).toContain('2 of 3 revoked. The invitation has been revoked.');
    for (const { id } of [one, other]) expect(await countOf(id, 'revoked')).toBe(1);
    expect((await usher.call(`/v1/invitations/${stray.body.id}`, { key })).body.state).toBe('pending');
    await admin.visit('/console/acme/invitations');
    await select({ act: 'resend' }, [one.id]);
    expect((await select({}, [one.id])).text).toContain('1 of 1 sent again.');
    expect(await countOf(one.id, 'resent')).toBe(1);
  });
});

describe('an invitation', () => {
  const at = (id: string) => `/console/acme/invitations/${id}`;

  test('is sent again by its form, once however often that is sent, and says so once', async () => {
    const { id } = await usher.invite('resent@people.example');
    await admin.visit(at(id));
    const drawn = admin.page;
    expect((await admin.submit(`${id}/resend`, { expiresIn: 'P30D' })).url.pathname).toBe(at(id));
    expect(admin.page.text).toContain('It is sent again');
    admin.page = drawn;
    await admin.submit(`${id}/resend`, { expiresIn: 'P30D' });
    expect(await countOf(id, 'resent')).toBe(1);
    const { body } = await usher.call(`/v1/invitations/${id}`);
    expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    expect((await admin.visit(at(id))).text).not.toContain('It is sent again');
    await admin.submit(`${id}/resend`);
    expect(await countOf(id, 'resent')).toBe(2);
  });

  test('is revoked after a question, and offers then only what its chart allows', async () => {
    const { id } = await usher.invite('revoked@people.example', { licenses: ['studio'] });
    await admin.visit(at(id));
    expect(admin.page.text).toContain(`href="${at(id)}/revoke"`);
    const asked = await admin.visit(`${at(id)}/revoke`);
    expect(asked.text).toContain('seats it reserves are free');
    const after = await admin.submit(`${id}/revoke`);
    expect(after.text).toContain('It is revoked');
    expect(after.text).not.toContain(`href="${at(id)}/revoke"`);
    expect(after.text).toContain(`action="${at(id)}/resend"`);
    expect((await usher.call(`/v1/invitations/${id}`)).body.state).toBe('revoked');
    // A page that was open meanwhile: it cannot be done, and the page says why.
    admin.page = asked;
    expect(await admin.submit(`${id}/revoke`)).toMatchObject({
      status: 200,
      url: expect.objectContaining({ pathname: at(id) }),
    });
    await admin.visit(`${at(id)}/revoke`);
    const refused = await admin.submit(`${id}/revoke`);
    expect([refused.status, refused.text.includes('The invitation has been revoked')]).toEqual([409, true]);
  });

  test('shows its chart where it stands, what happened to it and by whom, and its email without a link', async () => {
    const { id } = await usher.invite('shown@people.example', { message: 'We start on Monday' });
    await usher.until('it is sent', async () => (await countOf(id, 'invitation_sent')) === 1);
    await admin.visit(at(id));
    await admin.submit(`${id}/resend`);
    await usher.until('it is sent again', async () => (await countOf(id, 'invitation_sent')) === 2);
    const { text } = await admin.visit(at(id));
    const present = [...text.matchAll(/class="state( whole)? is-present"><span class="state-name">(\w+)</g)];
    expect(present.map(([, , name]) => name)).toEqual(['pending', 'waiting']);
    const told = [...text.matchAll(/<li><p><strong>([^<]*)<\/strong>(.*?)<\/p>/g)].map(([, what, who]) =>
      `${what}${who}`.replace(/<[^>]*>/g, ''),
    );
    expect(told).toEqual([
      'Invited by the API key test',
      'The email was sent',
      'Sent again by admin (admin@acme.example)',
      'The email was sent',
    ]);
    expect(text).toContain(`src="${at(id)}/email"`);
    const email = await admin.visit(`${at(id)}/email`);
    expect(email.text).toContain('We start on Monday');
    expect(email.text).not.toContain('/i/');
    expect(email.headers.get('content-security-policy')).toMatch(/sandbox/);
    expect(text).not.toContain('Its workflow');
  });

  test('has its link copied, which the audit log tells once, and no more when it has ended', async () => {
    const { id } = await usher.invite('copied@people.example');
    const link = await usher.linkTo('copied@people.example');
    await admin.visit(at(id));
    const drawn = admin.page;
    const shown = await admin.submit(`${id}/link`);
    expect(shown.text).toContain(`value="${usher.url}${link}"`);
    admin.page = drawn;
    await admin.submit(`${id}/link`);
    expect(await countOf(id, 'link_copied')).toBe(1);
    await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
    admin.page = drawn;
    const refused = await admin.submit(`${id}/link`, { _form: 'another' });
    expect([refused.status, refused.text.includes('Its link is dead; resend it first.')]).toEqual([409, true]);
  });

  test('is changed by its form, in what the form changes and nothing else', async () => {
    const { id } = await usher.invite('amended@people.example', {
      locale: 'de',
      licenses: ['studio'],
      teams: ['Blue'],
      message: 'Hi',
    });
    const now = async () => (await usher.call(`/v1/invitations/${id}`)).body;
    const filled = { email: 'amended@people.example', role: 'member', licenses: 'studio', message: 'Hi', locale: 'de' };
    await admin.visit(`${at(id)}/amend`);
    const drawn = admin.page;
    expect((await admin.submit('/amend', { ...filled, teams: 'Blue' })).text).toContain('Nothing is changed yet.');
    await admin.submit('/amend', { ...filled, teams: 'Blue, Green', role: 'admin' });
    expect(admin.page.text).toContain('It is changed.');
    expect(await now()).toMatchObject({ teams: ['Blue', 'Green'], role: 'admin', licenses: ['studio'], generation: 1 });
    // Drawn before that: it would have taken it back unseen.
    for (const _ of ['once', 'and the same again']) {
      admin.page = drawn;
      const stale = await admin.submit('/amend', { ...filled, teams: 'Blue', email: 'other@people.example' });
      expect([stale.status, stale.text.includes('has changed meanwhile')]).toEqual([409, true]);
      expect(stale.text).toContain('value="other@people.example"');
      expect(stale.text).toMatch(/id="field-role-error">Now: Admin\..*id="field-teams-error">Now: Blue, Green\./s);
      expect(stale.text).not.toContain('field-message-error');
    }
    const { role, licenses, ...same } = filled;
    // Nothing ticked: a browser sends nothing.
    await admin.submit('/amend', {
      ...same,
      role: 'admin',
      teams: 'Blue, Green',
      email: 'other@people.example',
    });
    expect(await now()).toMatchObject({ email: 'other@people.example', generation: 2, licenses: [], message: 'Hi' });
    await admin.visit(`${at(id)}/amend`);
    // Nothing is said of its language any more.
    await admin.submit('/amend', {
      ...same,
      role: 'admin',
      teams: 'Blue, Green',
      locale: '',
      email: 'other@people.example',
    });
    const { locale } = await usher.db
      .selectFrom('invitations')
      .select('locale')
      .where('email', '=', 'other@people.example')
      .executeTakeFirstOrThrow();
    expect(locale).toBeNull();
    await admin.visit(`${at(id)}/amend`);
    const wrong = await admin.submit('/amend', { ...same, role: 'owner', teams: '', email: 'nobody' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toMatch(/id="field-email"[^>]* aria-invalid="true"[^>]*value="nobody"/);
  });

  test('keeps what was filled in when it is refused, with the error beside its field', async () => {
    const { id } = await usher.invite('refused@people.example');
    await admin.visit(at(id));
    const refused = await admin.submit(`${id}/resend`, { expiresIn: 'P3000D' });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('expiresIn must be from PT1H');
    expect(await countOf(id, 'resent')).toBe(0);
  });

  test('leads operators to its workflow', async () => {
    const { id } = await usher.invite('operated@people.example');
    const operator = await visitorOf('operator@usher.example');
    const by = { kind: 'support', id: null } as const;
    await setStaffRole(usher.db, operator.account.id, 'operator', { issuers: [usher.issuer], by });
    expect((await operator.visit(at(id))).text).toContain(`<code>invitation/${id}</code>`);
  });

  test('is changed by those who run Usher with a reason alone, which the audit log has', async () => {
    const { id } = await usher.invite('supported@people.example');
    const support = await visitorOf('support@usher.example');
    await setStaffRole(usher.db, support.account.id, 'support', {
      issuers: [usher.issuer],
      by: { kind: 'support', id: null },
    });
    await support.visit(at(id));
    const refused = await support.submit(`${id}/resend`, { reason: ' ' });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/id="field-reason"[^>]* aria-invalid="true"/);
    const done = await support.submit(`${id}/resend`, { reason: 'Ticket 12' });
    expect(done.text).toContain('It is sent again');
    // They correct an address, and nothing else; they copy no link.
    expect(done.text).not.toContain(`action="${at(id)}/link"`);
    await support.visit(`${at(id)}/amend`);
    expect(support.page.text).not.toContain('name="role"');
    await support.submit('/amend', { email: 'corrected@people.example', reason: 'Ticket 13' });
    expect((await usher.call(`/v1/invitations/${id}`)).body.email).toBe('corrected@people.example');
    expect((await eventsOf(id)).find(({ type }) => type === 'resent')).toMatchObject({ reason: 'Ticket 12' });
  });
});

describe('API keys', () => {
  test('are made by a form, shown once, and end after a question', async () => {
    await admin.visit('/console/acme/api-keys/new');
    expect(admin.page.text).not.toContain('<option value="owner"');
    const drawn = admin.page;
    const filled = { name: 'Sign-up page', scopes: 'invite', role: 'member', days: '30' };
    const none = await admin.submit('/api-keys', { name: 'see https://evil.example', role: 'member', days: '' });
    expect([none.status, none.text.includes('Choose at least one.')]).toEqual([400, true]);
    const unknown = await admin.submit('/api-keys', { ...filled, days: '31' });
    expect(unknown.text).toMatch(/id="field-days"[^>]* aria-invalid="true"/);
    const unsafe = await admin.submit('/api-keys', { ...filled, name: 'see https://evil.example' });
    expect(unsafe.text).toMatch(/id="field-name"[^>]* aria-invalid="true"[^>]*value="see https/);
    admin.page = drawn;
    const made = await admin.submit('/api-keys', filled);
    const secret = /value="(usher_sk_[^"]+)"/.exec(made.text)![1]!;
    const { id } = (await usher.call('/v1/me', { key: secret })).body;
    admin.page = drawn;
    const again = await admin.submit('/api-keys', filled);
    expect([again.text.includes('usher_sk_'), again.text.includes(`/api-keys/${id}/revoke`)]).toEqual([false, true]);
    const [listed] = (await usher.call('/v1/organizations/acme/api-keys')).body.items;
    expect(listed).toMatchObject({
      id,
      scopes: ['invite'],
      role: 'member',
      createdBy: { email: 'admin@acme.example' },
    });
    expect(Date.parse(listed.expiresAt) / 86_400_000).toBeCloseTo(Date.now() / 86_400_000 + 30, 2);
    expect((await admin.visit('/console/acme/api-keys')).text).not.toContain(secret);
    await admin.visit(`/console/acme/api-keys/${id}/revoke`);
    const after = await admin.submit(`${id}/revoke`);
    expect(after.text).toContain('It is revoked: programs that use it are refused.');
    expect(after.text).not.toContain(`${id}/revoke`);
    expect((await usher.call('/v1/me', { key: secret })).status).toBe(401);
  });

  test('are none of another organization’s, and only shown to those who run Usher', async () => {
    const theirs = await ensureOrganization(usher.db, { slug: 'keyed', name: 'Keyed' });
    await usher.apiKey({ organization: theirs });
    const { id } = await usher.db
      .selectFrom('api_keys')
      .select('id')
      .where('organization_id', '=', theirs.id)
      .executeTakeFirstOrThrow();
    expect((await admin.visit(`/console/acme/api-keys/${id}/revoke`)).status).toBe(404);
    const support = await visitorOf('support-of-keys@usher.example');
    const by = { kind: 'support', id: null } as const;
    await setStaffRole(usher.db, support.account.id, 'support', { issuers: [usher.issuer], by });
    expect((await support.visit('/console/keyed/api-keys')).text).not.toContain('Make');
    expect((await support.visit('/console/keyed/api-keys/new')).status).toBe(403);
  });
});

describe('webhooks', () => {
  test('are added, tried, changed, rested and removed, and their messages looked at and sent again', async () => {
    const receiver = await startReceiver();
    try {
      await admin.visit('/console/acme/webhooks/new');
      const drawn = admin.page;
      const refused = await admin.submit('/webhooks', { url: 'https://10.0.0.1/' });
      expect([refused.status, refused.text]).toEqual([
        400,
        expect.stringMatching(/id="field-url"[^>]* aria-invalid="true"/),
      ]);
      admin.page = drawn;
      const made = await admin.submit('/webhooks', { url: receiver.url, types: 'member.joined' });
      const secret = /value="(whsec_[^"]+)"/.exec(made.text)![1]!;
      admin.page = drawn;
      const again = await admin.submit('/webhooks', { url: receiver.url, types: 'member.joined' });
      expect(again.text).not.toContain('whsec_');
      const [{ id }] = (await usher.call('/v1/organizations/acme/webhooks')).body.items;
      expect((await admin.visit('/console/acme/webhooks')).text).toContain(`/console/acme/webhooks/${id}"`);
      const path = `/console/acme/webhooks/${id}`;
      await admin.visit(path);
      expect(admin.page.text).not.toContain(secret);
      expect((await admin.submit(`${id}/test`)).text).toContain('A test message is on its way.');
      await usher.until('it', async () => receiver.received.length === 1);
      const message = receiver.received[0]!.id;
      expect((await admin.visit(path)).text).toContain(`${path}/messages/${message}"`);
      const shown = await admin.visit(`${path}/messages/${message}`);
      expect(shown.text).toContain('&quot;type&quot;: &quot;webhook.test&quot;');
      await admin.submit(`${message}/resend`);
      await usher.until('it again', async () => receiver.received.length === 2);

      // Somebody else has changed it meanwhile.
      await admin.visit(`${path}/change`);
      const old = admin.page;
      const types = ['member.removed'];
      await usher.call(`/v1/organizations/acme/webhooks/${id}`, { method: 'PATCH', body: { types } });
      const stale = await admin.submit('/change', { url: receiver.url });
      expect([stale.status, stale.text.includes('Now: member.removed.')]).toEqual([409, true]);
      admin.page = old;
      expect((await admin.submit('/change', { url: receiver.url })).status).toBe(409);
      await admin.visit(`${path}/change`);
      expect((await admin.submit('/change', { url: receiver.url })).text).toContain('It is changed.');
      expect((await usher.call(`/v1/organizations/acme/webhooks/${id}`)).body.types).toEqual([]);

      expect((await admin.submit('/turn')).text).toContain('It is disabled.');
      expect(admin.page.text).not.toContain(`${id}/test`);
      expect((await admin.submit('/turn')).text).toContain('It is enabled');
      await admin.visit(`${path}/rotate`);
      expect((await admin.submit('/rotate')).text).toMatch(/value="whsec_[^"]+"/);
      await admin.visit(`${path}/remove`);
      expect((await admin.submit('/remove')).text).toContain('It is removed.');
      expect((await admin.visit(path)).status).toBe(404);
    } finally {
      await receiver.close();
    }
  });

  test('are none of another organization’s', async () => {
    const theirs = await ensureOrganization(usher.db, { slug: 'hooked', name: 'Hooked' });
    const key = await usher.apiKey({ organization: theirs });
    const body = { url: 'https://app.example.com/' };
    const { id } = (await usher.call('/v1/organizations/hooked/webhooks', { key, body })).body;
    for (const below of ['', '/change', '/rotate', '/remove', '/messages/msg_1'])
      expect((await admin.visit(`/console/acme/webhooks/${id}${below}`)).status, below).toBe(404);
    expect((await usher.call(`/v1/organizations/acme/webhooks/${id}`)).status).toBe(404);
  });
});

describe('the settings', () => {
  test('are changed by their form, in what it changes, and never over what somebody else has changed meanwhile', async () => {
    const of = await ensureOrganization(usher.db, { slug: 'settled', name: 'Settled' });
    const owner = await visitorOf('owner@settled.example', { role: 'owner', of });
    const other = await visitorOf('other@settled.example', { role: 'admin', of });
    const path = '/v1/organizations/settled';
    const now = async () => (await usher.call(path, { session: owner.session })).body;
    const filled = {
      ...{ name: 'Settled', homeUrl: '', expiresIn: 'P7D', remind: 'usual', reminders: '', timeZone: 'UTC' },
      ...{ allowedDomains: '', blockedDomains: '', languages: '' },
    };
    const boxes = (...kinds: NoticeKind[]) => kinds.map((kind): [string, string] => ['notices', kind]);
    await owner.visit('/console/settled/settings');
    await other.visit('/console/settled/settings');
    expect((await owner.submit('/settings', filled, boxes(...noticeKinds))).text).toContain('Nothing is changed yet.');
    const wanted = {
      ...filled,
      ...{ name: 'Settled & Sons', homeUrl: 'https://settled.example/', expiresIn: 'P14D', remind: 'own' },
      ...{ reminders: '3, 36h', allowedDomains: 'settled.example\r\n*.Settled.example', languages: 'de-AT, en' },
      timeZone: 'europe/berlin',
    };
    const wrong = await owner.submit('/settings', {
      ...wanted,
      ...{ homeUrl: 'http://settled.example', allowedDomains: 'nothing', reminders: 'soon' },
    });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toMatch(/id="field-reminders"[^>]* aria-invalid="true"[^>]*value="soon"/);
    const drawn = owner.page;
    const fields = async (more: object) => (await owner.submit('/settings', { ...wanted, ...more })).text;
    expect(await fields({ homeUrl: 'http://settled.example' })).toMatch(/id="field-homeUrl"[^>]* aria-invalid="true"/);
    expect(await fields({ allowedDomains: 'nothing' })).toMatch(/id="field-allowedDomains"[^>]* aria-invalid="true"/);
    expect(await fields({ timeZone: 'Berlin' })).toMatch(/id="field-timeZone"[^>]* aria-invalid="true"/);
    expect(await fields({ reminders: '' })).toMatch(/id="field-reminders"[^>]* aria-invalid="true"/);
    owner.page = drawn;
    expect((await owner.submit('/settings', wanted, boxes('declined', 'undeliverable'))).text).toContain(
      'It is saved.',
    );
    expect(await now()).toMatchObject({
      ...{ name: 'Settled & Sons', homeUrl: 'https://settled.example/', expiresIn: 'P14D' },
      ...{ reminders: ['P3D', 'PT36H'], allowedDomains: ['settled.example', '*.settled.example'] },
      ...{ blockedDomains: [], languages: ['de-AT', 'en'], notices: ['declined', 'undeliverable'] },
      timeZone: 'Europe/Berlin',
    });
    // Drawn before that: it would have taken it back unseen.
    const before = other.page;
    for (const _ of ['once', 'and the same again']) {
      other.page = before;
      const stale = await other.submit('/settings', { ...filled, blockedDomains: 'spam.example' });
      expect([stale.status, stale.text.includes('has changed meanwhile')]).toEqual([409, true]);
      expect(stale.text).toContain('>spam.example</textarea>');
      expect(stale.text).toContain('Now: Somebody declined, An email could not be delivered.');
      expect(stale.text).toMatch(
        /-error">Now: Settled &amp; Sons\..*-error">Now: 14 days\..*Now: At times of our own\./s,
      );
    }
    await other.visit('/console/settled/settings');
    const { homeUrl, reminders, ...rest } = wanted;
    await other.submit('/settings', { ...rest, homeUrl: '', remind: 'never', reminders });
    const changed = { name: 'Settled & Sons', homeUrl: null, reminders: [], expiresIn: 'P14D', notices: [] };
    expect(await now()).toMatchObject(changed);
    // What was carried out is not again, whatever others have made of it.
    owner.page = drawn;
    expect((await owner.submit('/settings', wanted, boxes('declined', 'undeliverable'))).text).toContain('counts once');
    expect(await now()).toMatchObject(changed);
  });

  test('say how emails look and read, in each language, which is seen before it is saved', async () => {
    const of = await ensureOrganization(usher.db, { slug: 'worded', name: 'Worded' });
    const owner = await visitorOf('owner@worded.example', { role: 'owner', of });
    const path = '/console/worded/settings/emails';
    const now = async () => (await usher.call('/v1/organizations/worded', { session: owner.session })).body;
    expect((await owner.visit('/console/worded/settings')).text).toContain(`href="${path}/en"`);
    await owner.visit(`${path}/de`);
    const drawn = owner.page;
    const filled = {
      ...{ senderName: 'Worded Team', replyTo: 'people@worded.example', color: '#7c2d12' },
      ...{ subject: 'Willkommen bei {organization}', greeting: '', body: 'Hallo\r\n\r\nbis {expires}' },
    };
    const again = (more: object) => {
      owner.page = drawn;
      return owner.submit('/de', { ...filled, ...more });
    };
    const hidden = Object.fromEntries(
      [...drawn.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    );
    const preview = async (more: object, query = '') =>
      (await owner.visit(`${path}/de/email${query}`, { ...hidden, ...filled, ...more })).text;
    expect(await preview({})).toMatch(
      /From: <strong>Worded Team \(via .*people@worded\.example<.*Subject: <strong>Willkommen bei Worded<.*>Hallo<\/p><p.*background-color:#7c2d12/s,
    );
    const licensed = { body: 'Hallo\n\nmit {licenses}' };
    expect(await preview(licensed)).toContain('>mit Studio<');
    expect(await preview(licensed, '?licenses=none')).not.toMatch(/>mit |Studio/);
    expect(await preview({ body: 'Hallo {you}' })).toContain('There is no {you}');
    expect((await again({ color: '#ffcc00' })).text).toMatch(/id="field-color"[^>]* aria-invalid="true"/);
    expect((await again({ body: '{you}' })).text).toMatch(/id="field-body"[^>]* aria-invalid="true"/);
    expect(await now()).toMatchObject({ senderName: null, color: null, wording: {} });
    expect((await again({})).text).toContain('It is saved.');
    const { subject } = filled;
    const saved = {
      ...{ senderName: 'Worded Team', replyTo: 'people@worded.example', color: '#7c2d12' },
      wording: { de: { subject, body: 'Hallo\n\nbis {expires}' } },
    };
    expect(await now()).toMatchObject(saved);
    // Another language beside it; a form that was drawn before is not saved over it.
    await owner.visit(`${path}/fr`);
    expect(owner.page.text).toContain('value="Worded Team"');
    await owner.submit('/fr', { ...filled, subject: 'Bienvenue', greeting: '', body: '' });
    expect((await now()).wording).toEqual({ de: saved.wording.de, fr: { subject: 'Bienvenue' } });
    owner.page = drawn;
    const stale = await owner.submit('/de', { ...filled, subject: 'Other', _form: crypto.randomUUID() });
    expect([stale.status, stale.text.includes('Now: Willkommen bei {organization}.')]).toEqual([409, true]);
    const { text: framed } = await owner.visit(`${path}/fr/email`);
    expect(framed).toMatch(/lang="fr".*Subject: <strong>Bienvenue</s);
  });

  test('are seen by those who run Usher, who suspend the organization with a reason', async () => {
    const of = await ensureOrganization(usher.db, { slug: 'suspended', name: 'Suspended' });
    const owner = await visitorOf('owner@suspended.example', { role: 'owner', of });
    const support = await visitorOf('suspending@usher.example');
    const by = { kind: 'support', id: null } as const;
    await setStaffRole(usher.db, support.account.id, 'support', { issuers: [usher.issuer], by });
    expect((await support.visit('/console/suspended/settings')).text).not.toContain('name="name"');
    await support.visit('/console/suspended/settings/suspension');
    const refused = await support.submit('/suspension', {});
    expect(refused.text).toMatch(/id="field-reason"[^>]* aria-invalid="true"/);
    expect((await support.submit('/suspension', { reason: 'Ticket 9' })).text).toContain('Suspended since');
    const seen = await owner.visit('/console/suspended/settings');
    expect([seen.text.includes('Only those who run Usher change that.'), seen.text.includes('/suspension')]).toEqual([
      true,
      false,
    ]);
    expect((await owner.visit('/console/suspended/settings/suspension')).status).toBe(403);
    expect((await owner.visit('/console/suspended/events')).text).toContain('<bdi>Ticket 9</bdi>');
    await support.visit('/console/suspended/settings/suspension');
    expect((await support.submit('/suspension', { reason: 'Settled' })).text).toContain('It is not suspended.');
  });
});

describe('all that match a filter', () => {
  test('are sent again or revoked by a batch, which is asked about first, listed, and has a page', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ email: `match-${i}@all.example` }));
    await usher.call('/v1/organizations/acme/invitation-batches', { body: { mode: 'all', invitations: rows } });
    const list = await admin.visit('/console/acme/invitations?email=%40all.example&state=pending');
    expect(list.text).toContain('All that match, on every page');
    await admin.submit('/selected', { act: 'amend', all: 'yes' });
    const nothing = await admin.submit('/selected', { role: '', replaces: '' });
    expect([nothing.status, nothing.text.includes('Say what to change.')]).toEqual([400, true]);
    const changing = await admin.submit('/selected', { role: 'admin', replaces: '' });
    expect(changing.text).toContain('Changing 60');
    await usher.until('all are changed', async () =>
      (await admin.visit(changing.url.pathname)).text.includes('Completed'),
    );
    const { items } = (
      await usher.call('/v1/organizations/acme/invitations?search=%40all.example&role=admin&limit=100')
    ).body;
    expect(items).toHaveLength(60);
    admin.page = list;
    const asked = await admin.submit('/selected', { act: 'revoke', all: 'yes' });
    expect(asked.text).toContain('Revoke 60 invitations?');
    const begun = await admin.submit('/selected', {});
    expect(begun.url.pathname).toMatch(/^\/console\/acme\/batches\/bat_\w{26}$/);
    expect(begun.text).toContain('Revoking 60');
    await usher.until('all are revoked', async () =>
      (await admin.visit(begun.url.pathname)).text.includes('Completed'),
    );
    expect(admin.page.text).toMatch(/Done<svg.*?<td>60<\/td>/s);
    expect((await admin.visit('/console/acme/batches')).text).toMatch(/Revoking 60<.*?60 of 60/s);
    // There is nothing that matches any more: back to the list, with its filter.
    admin.page = list;
    const none = await admin.submit('/selected', { act: 'resend', all: 'yes' });
    expect(none.url.search).toBe('?email=%40all.example&state=pending');
    expect(none.text).toContain('No invitation matches the filter.');
  });
});

describe('the audit log', () => {
  test('tells what happened, the newest first, by whom and about what, and is filtered by that', async () => {
    const olga = await visitorOf('olga@acme.example', { role: 'admin' });
    const { id } = await usher.invite('logged@people.example');
    await usher.until('it is sent', async () => (await countOf(id, 'invitation_sent')) === 1);
    await olga.visit(`/console/acme/invitations/${id}`);
    await olga.submit(`${id}/resend`, {});
    await usher.until('it is sent again', async () => (await countOf(id, 'invitation_sent')) === 2);
    const rows = async (query: string) => {
      const { text } = await olga.visit(`/console/acme/events?${query}`);
      return [...text.matchAll(/<tr role="row"><th scope="row".*?<\/tr>/gs)].map(([row]) =>
        row.replace(/<td/g, ' | <td').replace(/<[^>]*>/g, ''),
      );
    };
    const about = await rows(`target=${id}`);
    expect(about).toHaveLength(4);
    expect(about[1]).toMatch(
      /^Sent again \| olga \(olga@acme.example\) \| the invitation of logged@people.example \| .* UTC$/,
    );
    expect(about[3]).toMatch(/^Invited \| the API key test/);
    expect(await rows('actor=olga%40acme.example&type=resent')).toEqual([about[1]]);
    expect(await rows(`target=${id}&until=2000-01-01`)).toEqual([]);
    expect(olga.page.text).toContain('No event matches.');
    const today = new Date().toISOString().slice(0, 10);
    expect(await rows(`target=${id}&since=${today}&until=${today}`)).toEqual(about);
    expect((await rows('')).length).toBe(50);
    expect(olga.page.text).toContain('rel="next"');
    const refused = await olga.visit('/console/acme/events?since=once');
    expect(refused.text).toMatch(/id="field-since"[^>]* aria-invalid="true"/);
    expect(refused.status).toBe(400);
  });
});

describe('the support', () => {
  test('finds invitations, members and organizations wherever they are, and others do not', async () => {
    const of = await ensureOrganization(usher.db, { slug: 'far-away', name: 'Far & Away' });
    const key = await usher.apiKey({ organization: of });
    const invited = (organization: string, o: object) =>
      usher.call(`/v1/organizations/${organization}/invitations`, { body: { email: 'lost@people.example' }, ...o });
    const [here, there] = [(await invited('acme', {})).body.id, (await invited('far-away', { key })).body.id];
    await usher.call(`/v1/invitations/${here}/revoke`, { body: {} });
    const support = await visitorOf('finding@usher.example');
    const { account } = await visitorOf('member@far.example', { role: 'member', of });
    expect((await support.visit('/support')).status).toBe(403);
    const by = { kind: 'support', id: null } as const;
    await setStaffRole(usher.db, support.account.id, 'support', { issuers: [usher.issuer], by });
    // They manage none, and begin here.
    expect((await support.visit('/console')).url.pathname).toBe('/support');
    expect((await support.visit('/')).text).toContain('href="/support"');
    const find = (text: string) => support.visit(`/support?find=${encodeURIComponent(text)}`);
    const { text } = await find(' Lost@people.example');
    expect(
      [...text.matchAll(/href="\/console\/([\w-]+)\/invitations\/(\w+)"/g)].map(([, slug, id]) => [slug, id]),
    ).toEqual([
      ['far-away', there],
      ['acme', here],
    ]);
    expect((await find(account.email)).text).toContain('href="/console/far-away"');
    expect((await find('r & aw')).text).toContain('href="/console/far-away"');
    const many = Array.from({ length: 51 }, (_, i) => ({ slug: `multitude-${i}`, name: `Multitude ${i}` }));
    for (const [i, one] of many.entries()) {
      await ensureOrganization(usher.db, one);
      if (i >= 49) expect((await find('multitude')).text.includes('there are more')).toBe(i === 50);
    }
    expect((await find('%')).text).toContain('No organization has this in its name.');
    expect((await find(of.id)).url.pathname).toBe('/console/far-away');
    expect((await find(there)).url.pathname).toBe(`/console/far-away/invitations/${there}`);
    expect(support.page.text).toContain('You are here as one who runs Usher.');
    for (const [wrong, status] of [
      ['a@', 400],
      ['inv_01k9xqj2v3e8gt0d5w6m7n8p9q', 404],
      ['org_01k9xqj2v3e8gt0d5w6m7n8p9q', 404],
    ] as const) {
      expect((await find(wrong)).status).toBe(status);
      expect(support.page.text).toMatch(/id="field-find"[^>]* aria-invalid="true"/);
    }
    // A database that cannot be asked is not one that has found nothing.
    const nowhere = createDatabase('postgres://127.0.0.1:1/none');
    await expect(findAnywhere(nowhere, of.id)).rejects.not.toBeInstanceOf(Problem);
    await nowhere.destroy();
    const anywhere = await usher.call('/v1/invitations?email=lost@people.example&limit=1', {
      session: support.session,
    });
    expect(anywhere).toMatchObject({ status: 200, body: { items: [{ id: there }], cursor: there } });
  });
});

describe('inviting', () => {
  const states = async (batch: string) => {
    const { body } = await usher.call(`/v1/organizations/acme/invitations?batch=${batch}`);
    return body.items as { email: string; role: string; licenses: string[]; message: string; expiresAt: string }[];
  };
  const terms = { role: 'member', teams: '', message: '', locale: 'en', expiresIn: '' };

  test('takes addresses separated by anything, with the same terms for all, once', async () => {
    await admin.visit('/console/acme/invite');
    const drawn = admin.page;
    const filled = {
      ...terms,
      addresses:
        'Ada <ada@many.example>, bob@many.example;cy@many.example\r\n"Di D." <di@many.example>\teve@many.example.',
      licenses: 'studio',
      message: 'Hello\r\nall',
      expiresIn: 'P30D',
    };
    const { url, text } = await admin.submit('/invite', filled);
    expect(url.pathname).toMatch(/^\/console\/acme\/batches\/bat_\w{26}$/);
    expect(text).toMatch(/Invited<svg.*?<td>5<\/td>/s);
    const batch = url.pathname.split('/').at(-1)!;
    const invited = await states(batch);
    expect(invited.map(({ email }) => email).sort()).toEqual(
      ['ada', 'bob', 'cy', 'di', 'eve'].map((name) => `${name}@many.example`),
    );
    for (const one of invited)
      expect(one).toMatchObject({ role: 'member', licenses: ['studio'], message: 'Hello\nall' });
    expect((await admin.visit(`/console/acme/invitations?batch=${batch}`)).text).toContain('>cy@many.example<');
    admin.page = drawn;
    expect((await admin.submit('/invite', filled)).url.pathname).toBe(url.pathname);
  });

  test('shows what is wrong before anybody is invited, and invites the others when told to', async () => {
    await usher.invite('already@some.example');
    await admin.visit('/console/acme/invite');
    const addresses = 'fine@some.example, already@some.example, nobody, fine@some.example';
    const looked = await admin.submit('/invite', { ...terms, addresses });
    expect(looked.text).toContain('>1</strong> can be invited, <strong>3</strong> cannot');
    for (const [email, why] of [
      ['already@some.example', 'The address has a pending invitation'],
      ['nobody', 'Write it as name@example.com'],
      ['fine@some.example', 'Its address is that of row 1'],
    ])
      expect(looked.text).toMatch(new RegExp(`>${email}</bdi></th>(?:(?!</tr>)[^])*${why}`));
    const found = async () =>
      (await usher.call('/v1/organizations/acme/invitations?email=fine@some.example')).body.items.length;
    expect(await found()).toBe(0);
    const again = await admin.submit('/invite', { mode: 'change' });
    expect(again.text).toContain(`>${addresses}</textarea>`);
    expect(await found()).toBe(0);
    admin.page = looked;
    const done = await admin.submit('/invite', { mode: 'valid' });
    expect(done.url.pathname).toMatch(/batches/);
    expect(await found()).toBe(1);
    expect(done.text).toContain('Not invited');
    expect(done.text).toContain('Row 3');
  });

  test('says beside the field what is wrong with the terms, once for all', async () => {
    await admin.visit('/console/acme/invite');
    const refused = await admin.submit('/invite', {
      ...terms,
      addresses: 'x@y.example',
      message: 'See http://evil.example',
    });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/id="field-message"[^>]* aria-invalid="true"/);
    expect(refused.text).toContain('>x@y.example</textarea>');
    const empty = await admin.submit('/invite', { ...terms, addresses: ' , ' });
    expect(empty.text).toMatch(/id="field-addresses"[^>]* aria-invalid="true"/);
  });

  test('takes CSV, which is looked at first: every bad row by its line', async () => {
    await admin.visit('/console/acme/invite/csv');
    const wrong = await admin.submit('/csv', { csv: 'address\nx@y.example' });
    expect([wrong.status, wrong.text.includes('column 1 is called')]).toEqual([400, true]);
    const csv = 'email;role;message\r\ngil@csv.example;admin;"Hello; Gil"\r\nbad.example;member;\r\n;member;';
    const looked = await admin.submit('/csv', { csv });
    expect(looked.text).toContain('>1</strong> can be invited, <strong>2</strong> cannot');
    expect(looked.text).toMatch(/>bad\.example<.*Line 3/s);
    const done = await admin.submit('/csv', { mode: 'valid' });
    const invited = await states(done.url.pathname.split('/').at(-1)!);
    expect(invited).toMatchObject([{ email: 'gil@csv.example', role: 'admin', message: 'Hello; Gil' }]);
  });

  test('of many at once can be cancelled, after a question', async () => {
    await admin.visit('/console/acme/invite');
    const { url } = await admin.submit('/invite', { ...terms, addresses: 'one@cancel.example two@cancel.example' });
    expect((await admin.visit(`${url.pathname}/cancel`)).text).toContain('2 of its invitations are still open');
    expect((await admin.submit('/cancel')).text).toContain('It is cancelled');
    const id = url.pathname.split('/').at(-1)!;
    await usher.until('they are revoked', async () =>
      ((await states(id)) as unknown as { state: string }[]).every(({ state }) => state === 'revoked'),
    );
  });
});
