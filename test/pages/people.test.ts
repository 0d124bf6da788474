import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureOrganization } from '../../db/organizations.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

/** Members and licences in the console, by a browser without scripts. */

let usher: Usher;
let admin: SignedIn;
const visitorOf = (email: string, more?: Parameters<typeof signedIn>[2]) => signedIn(usher, email, more);
const memberOf = async (name: string, role: 'member' | 'admin' | 'owner' | 'billing_manager' = 'member') =>
  (await visitorOf(`${name}@acme.example`, { role })) as SignedIn & { member: string };
const members = '/console/acme/members';
const licenses = '/console/acme/licenses';
const now = async (id: string) => (await usher.call(`/v1/organizations/acme/members/${id}`)).body;
const eventsOf = async (target: string) =>
  (await usher.db.selectFrom('events').select('type').where('target_id', '=', target).orderBy('id').execute()).map(
    ({ type }) => type,
  );
/** Sends a form of the page with these selected. */
const select = (who: SignedIn, action: string, ids: string[], more: Record<string, string> = {}) =>
  who.submit(
    action,
    more,
    ids.map((id) => ['ids', id]),
  );
const licenseOf = async (product: string, quantity: number) =>
  (await usher.call('/v1/organizations/acme/licenses', { body: { product, name: `The ${product}`, quantity } })).body
    .id as string;
const seatsOf = async (id: string) => {
  const { body } = await usher.call(`/v1/organizations/acme/licenses/${id}`);
  return [body.quantity, body.reserved, body.assigned];
};

beforeAll(async () => {
  usher = await startUsher({ withProvider: true });
  admin = await visitorOf('admin@acme.example', { role: 'admin' });
});
afterAll(() => usher?.close());

describe('the list of members', () => {
  test('has those of now, those who are invited and those of before, each with filters and as CSV', async () => {
    const [ada, bob, cy] = [await memberOf('ada'), await memberOf('bob', 'billing_manager'), await memberOf('cy')];
    await usher.call(`/v1/organizations/acme/members/${ada.member}`, { method: 'PATCH', body: { teams: ['Blue'] } });
    await usher.call(`/v1/organizations/acme/members/${cy.member}`, { method: 'DELETE' });
    await usher.invite('di@people.example', { teams: ['Blue'], licenses: ['studio'] });
    await usher.invite('eve@people.example', { role: 'admin' });
    const all = ['ada@acme', 'bob@acme', 'cy@acme', 'di@people', 'eve@people'];
    const shown = async (query: string) => {
      const { text } = await admin.visit(`${members}?${query}`);
      return all.filter((email) => text.includes(`>${email}.example<`));
    };
    expect(await shown('')).toEqual(['ada@acme', 'bob@acme']);
    expect(await shown('search=ADA')).toEqual(['ada@acme']);
    expect(await shown('role=billing_manager&search=&team=&license=&joinedAfter=')).toEqual(['bob@acme']);
    expect(await shown('team=Blue')).toEqual(['ada@acme']);
    expect(await shown('joinedBefore=2020-01-01')).toEqual([]);
    expect(admin.page.text).toContain('Nobody matches.');
    expect(await shown('state=removed')).toEqual(['cy@acme']);
    expect(await shown('state=pending')).toEqual(['di@people', 'eve@people']);
    expect(await shown('state=pending&team=Blue&license=studio&joinedAfter=2020-01-01')).toEqual(['di@people']);
    expect(await shown('state=pending&search=eve%40people.example')).toEqual(['eve@people']);

    for (const [query, wanted] of [
      ['team=Blue', 'ada@acme.example'],
      ['state=removed', 'cy@acme.example'],
      ['state=pending&role=admin', 'eve@people.example'],
    ] as const) {
      const csv = await (await admin.visit(`${members}?${query}`), admin.follow('Export as CSV'));
      expect(csv.headers.get('content-type'), query).toContain('text/csv');
      expect(csv.text.match(/[a-z]+@[a-z]+\.example/g)?.filter((email) => !email.startsWith('owner'))).toEqual([
        wanted,
      ]);
    }
    for (const [name, query] of [
      ['role', 'role=emperor'],
      ['joinedAfter', 'joinedAfter=soon'],
      ['joinedAfter', 'state=pending&joinedAfter=soon'],
    ]) {
      const wrong = await admin.visit(`${members}?${query}`);
      expect(wrong.status, query).toBe(400);
      expect(wrong.text, query).toMatch(new RegExp(`id="field-${name}"[^>]* aria-invalid="true"`));
    }
  });

  test('is for nobody else: a stranger finds nothing there, a member is told who may', async () => {
    const other = await ensureOrganization(usher.db, { slug: 'other', name: 'Other' });
    const stranger = await visitorOf('stranger@other.example', { role: 'admin', of: other });
    const [plain, hidden] = [await memberOf('plain'), await memberOf('hidden')];
    const license = await licenseOf('hidden', 1);
    for (const path of [members, `${members}/${hidden.member}`, licenses, `${licenses}/${license}`]) {
      expect((await stranger.visit(path)).status, path).toBe(404);
      expect((await plain.visit(path)).status, path).toBe(403);
    }
    for (const path of [`/members/${hidden.member}`, `/members/${hidden.member}/remove`, `/licenses/${license}`])
      expect((await stranger.visit(`/console/other${path}`)).status, path).toBe(404);
  });
});

describe('several members', () => {
  test('get a role and teams, or are removed, all of them or none', async () => {
    const [one, other, owner] = [await memberOf('one'), await memberOf('other'), await memberOf('boss', 'owner')];
    await admin.visit(members);
    expect((await select(admin, '/selected', [], { act: 'change' })).text).toContain('Select some first.');
    await select(admin, '/selected', [one.member, other.member], { act: 'change' });
    expect(admin.page.text).toContain('Change 2 members');
    // Nobody grants above their own role.
    expect(admin.page.text).not.toContain('<option value="owner"');
    const both = [one.member, other.member];
    expect((await select(admin, '/selected', both)).text).toContain('Nothing is changed yet.');
    const unsafe = await select(admin, '/selected', both, { teams: 'http://evil.example' });
    expect([unsafe.status, unsafe.text.includes('links and markup')]).toEqual([400, true]);
    const done = await select(admin, '/selected', both, { role: 'admin', teams: 'Red, Blue' });
    expect(done.text).toContain('2 members are changed.');
    for (const { member } of [one, other])
      expect(await now(member)).toMatchObject({ role: 'admin', teams: ['Red', 'Blue'] });

    await select(admin, '/selected', [...both, owner.member], { act: 'remove' });
    const refused = await select(admin, '/selected', [...both, owner.member]);
    expect(refused.text).toContain('boss@acme.example: Their role is above yours. Nothing was changed.');
    expect((await now(one.member)).state).toBe('active');
    await admin.visit(members);
    const asked = await select(admin, '/selected', both, { act: 'remove' });
    expect(asked.text).toContain('Remove 2 members?');
    const gone = await select(admin, '/selected', both);
    expect(gone.text).toContain('2 members are removed.');
    admin.page = asked;
    await select(admin, '/selected', both);
    expect(await eventsOf(one.member)).toEqual(['member_role_changed', 'member_removed']);
    expect((await one.visit(members)).status).toBe(404);
  });

  test('are given, moved and relieved of licences, all of them or none, by what there is', async () => {
    const [first, second] = [await licenseOf('first', 2), await licenseOf('second', 1)];
    const [one, other] = [await memberOf('seat-one'), await memberOf('seat-other')];
    const both = [one.member, other.member];
    await admin.visit(members);
    // By a button of the same form that leads elsewhere.
    const [, token] = /name="_csrf" value="([^"]+)"/.exec(admin.page.text)!;
    const named = both.map((id): [string, string] => ['ids', id]);
    expect((await admin.visit(`${members}/seats`, [['_csrf', token!], ...named])).text).toContain(
      'Licences of 2 members',
    );
    const asked = await select(admin, '/seats', both);
    expect(asked.text).toContain('Choose a licence.');
    expect((await select(admin, '/seats', both, { to: first })).text).toContain('are given a seat of The first');
    expect(await seatsOf(first)).toEqual([2, 0, 2]);
    admin.page = asked;
    expect((await select(admin, '/seats', both, { to: first })).text).toContain('counts once');

    // From its page, where they hold it.
    const page = await admin.visit(`${licenses}/${first}`);
    expect(page.text).toContain(`name="ids" value="${one.member}"`);
    await select(admin, '/seats', both);
    expect(admin.page.text).toMatch(new RegExp(`<option value="${first}" selected>`));
    const none = await select(admin, '/seats', both, { from: first, to: second });
    expect([none.status, none.text.includes('Of 1 seats of The second 0 are assigned')]).toEqual([409, true]);
    const moved = await select(admin, '/seats', [one.member], { from: first, to: second });
    expect(moved.url.pathname).toBe(`${licenses}/${first}`);
    expect([await seatsOf(first), await seatsOf(second)]).toEqual([
      [2, 0, 1],
      [1, 0, 1],
    ]);
    await select(admin, '/seats', [other.member]);
    await select(admin, '/seats', [other.member], { from: first, to: '' });
    expect(await seatsOf(first)).toEqual([2, 0, 0]);
    expect(await eventsOf(one.member)).toEqual(['seat_assigned', 'seat_unassigned', 'seat_assigned']);
  });
});

describe('a member', () => {
  test('is changed by a form that overwrites nothing unseen, removed, and invited back', async () => {
    const { member } = await memberOf('changed');
    const at = `${members}/${member}`;
    await admin.visit(at);
    const drawn = admin.page;
    expect((await admin.submit('/change', { role: 'admin', teams: 'Red' })).text).toContain(
      'changed@acme.example is changed.',
    );
    expect(await now(member)).toMatchObject({ role: 'admin', teams: ['Red'] });
    expect(admin.page.text).toContain('Changed a role</strong> by');
    admin.page = drawn;
    for (const _ of ['once', 'and the same again']) {
      admin.page = drawn;
      const stale = await admin.submit('/change', { role: 'member', teams: 'Blue' });
      expect([stale.status, stale.text.includes('has changed meanwhile')]).toEqual([409, true]);
      expect(stale.text).toMatch(/id="field-role-error">Now: Admin\..*id="field-teams-error">Now: Red\./s);
    }
    expect(await now(member)).toMatchObject({ role: 'admin', teams: ['Red'] });
    // What was carried out is not again, whatever has become of it.
    const patch = (body: object) => usher.call(`/v1/organizations/acme/members/${member}`, { method: 'PATCH', body });
    await patch({ role: 'member', teams: [] });
    admin.page = drawn;
    expect((await admin.submit('/change', { role: 'admin', teams: 'Red' })).text).toContain('counts once');
    expect(await now(member)).toMatchObject({ role: 'member', teams: [] });
    // A team whose name has a comma stays one, also beside others.
    await patch({ role: 'admin', teams: ['Red, "dark"', 'Blue'] });
    await admin.visit(at);
    const line = admin.value('field-teams')!.replaceAll('&quot;', '"');
    expect(line).toBe('"Red, ""dark""", Blue');
    await admin.submit('/change', { role: 'member', teams: `${line}, Green` });
    expect(await now(member)).toMatchObject({ role: 'member', teams: ['Red, "dark"', 'Blue', 'Green'] });
    await admin.visit(at);
    // A billing manager belongs to no team, whatever the form still says of it.
    await admin.submit('/change', { role: 'billing_manager', teams: 'Red' });
    expect(await now(member)).toMatchObject({ role: 'billing_manager', teams: [] });

    await admin.follow('Remove…');
    expect(admin.page.text).toContain('no access from then on');
    const removed = await admin.submit('/selected');
    expect(removed.url.pathname).toBe(at);
    expect(removed.text).toContain('changed@acme.example is removed.');
    expect(removed.text).not.toContain(`action="${at}/change"`);
    const form = await admin.submit('/invite');
    expect(form.text).toContain('>changed@acme.example</textarea>');
    await admin.submit('/invite', { addresses: 'changed@acme.example', role: 'member', teams: '', locale: 'en' });
    const { body } = await usher.call('/v1/organizations/acme/invitations?email=changed@acme.example');
    expect(body.items).toMatchObject([{ role: 'member', state: 'pending' }]);
  });

  test('is offered only what the rules allow, with the reason where that is nothing', async () => {
    const of = await ensureOrganization(usher.db, { slug: 'ruled', name: 'Ruled' });
    const [owner, manager] = [
      await visitorOf('owner@ruled.example', { role: 'owner', of }),
      await visitorOf('admin@ruled.example', { role: 'admin', of }),
    ];
    const at = (who: SignedIn) => `/console/ruled/members/${who.member}`;
    const above = await manager.visit(at(owner));
    expect(above.text).toContain('Their role is above yours.');
    expect(above.text).not.toMatch(/action="[^"]*\/change"|\/remove"/);
    const self = await manager.visit(at(manager));
    expect(self.text).toContain('Nobody changes their own role: ask an owner.');
    expect(self.text).not.toContain('name="role"');
    const last = await owner.visit(at(owner));
    expect(last.text).toContain('The last owner can neither leave nor be demoted.');
    await owner.visit(`${at(owner)}/remove`);
    const refused = await owner.submit('/selected');
    expect([refused.status, refused.text.includes('Make another member an owner first.')]).toEqual([409, true]);
    // Their own teams they may.
    await manager.visit(at(manager));
    expect((await manager.submit('/change', { teams: 'Red' })).text).toContain('is changed.');
    // Among several one is oneself, too.
    const [one, other] = [
      await visitorOf('one@ruled.example', { role: 'admin', of }),
      await visitorOf('other@ruled.example', { role: 'member', of }),
    ];
    await one.visit('/console/ruled/members');
    await select(one, '/selected', [one.member!, other.member!], { act: 'remove' });
    expect(one.page.text).toContain('Remove 2 members, you among them?');
    const gone = await select(one, '/selected', [one.member!, other.member!]);
    expect([gone.status, gone.url.pathname]).toEqual([200, '/']);
    await manager.follow('Leave…');
    expect(manager.page.text).toContain('Leave the organization?');
    expect((await manager.submit('/selected')).url.pathname).toBe('/');
    expect((await manager.visit('/console/ruled/members')).status).toBe(404);
  });

  test('holds the licences that are ticked, and those that somebody gave them meanwhile', async () => {
    const [a, b, c] = [await licenseOf('a', 1), await licenseOf('b', 1), await licenseOf('c', 1)];
    const { member } = await memberOf('ticked');
    const assign = (license: string, who: string) =>
      usher.call(`/v1/organizations/acme/licenses/${license}/assign`, { body: { members: [who] } });
    const save = (...pools: string[]) =>
      admin.submit(
        `${member}/licenses`,
        {},
        pools.map((pool) => ['licenses', pool]),
      );
    await assign(a, member);
    await admin.visit(`${members}/${member}`);
    expect(admin.page.text).toMatch(new RegExp(`value="${a}" checked`));
    await assign(b, member);
    const drawn = admin.page;
    await save(c);
    expect(admin.page.text).toContain('The licences are changed.');
    await usher.call(`/v1/organizations/acme/licenses/${c}/unassign`, { body: { members: [member] } });
    admin.page = drawn;
    await save(c);
    expect(admin.page.text).toContain('counts once');
    expect((await now(member)).licenses).toEqual(['b']);
    await assign(c, member);
    expect((await now(member)).licenses).toEqual(['b', 'c']);
    const other = await memberOf('unlucky');
    await admin.visit(`${members}/${other.member}`);
    const refused = await admin.submit(`${other.member}/licenses`, {}, [
      ['licenses', a],
      ['licenses', c],
    ]);
    expect([refused.status, refused.text.includes('Of 1 seats of The c 1 are assigned')]).toEqual([409, true]);
    expect((await now(other.member)).licenses).toEqual([]);
    // As many as an organization can have.
    const many = await admin.submit(
      `${other.member}/licenses`,
      { held: Array(1000).fill(a).join(' ') },
      Array(1000).fill(['licenses', a]),
    );
    expect([many.status, many.text.includes('The licences are changed.')]).toEqual([200, true]);
  });

  test('who was removed has what they invited revoked at once, after a question', async () => {
    const inviter = await memberOf('inviter', 'admin');
    for (const name of ['x', 'y'])
      await usher.call('/v1/organizations/acme/invitations', {
        session: inviter.session,
        body: { email: `${name}@flagged.example` },
      });
    await usher.call(`/v1/organizations/acme/members/${inviter.member}`, { method: 'DELETE' });
    await admin.visit(`${members}/${inviter.member}`);
    expect(admin.page.text).toContain('They could not be sent by them any more.');
    await admin.follow('2 pending invitations');
    expect(admin.page.text).toContain('>x@flagged.example<');
    await admin.follow('Revoke all of theirs…');
    expect(admin.page.text).toContain('2 pending invitations by');
    const done = await admin.submit('/revoke');
    expect(done.text).toContain('2 invitations are revoked.');
    const { body } = await usher.call(`/v1/organizations/acme/invitations?invitedBy=${inviter.account.id}`);
    expect(body.items.map(({ state }: { state: string }) => state)).toEqual(['revoked', 'revoked']);
  });
});

describe('a licence', () => {
  test('is added, changed, and never shrunk below what is in use: who uses it is named', async () => {
    await admin.visit(licenses);
    await admin.follow('Add a licence');
    const wrong = await admin.submit('/licenses', { product: 'no spaces', name: '', kind: 'named', quantity: 'many' });
    expect(wrong.status).toBe(400);
    for (const name of ['product', 'quantity'])
      expect(wrong.text).toMatch(new RegExp(`id="field-${name}"[^>]* aria-invalid="true"`));
    const made = await admin.submit('/licenses', {
      ...{ product: 'made', name: 'Made here', kind: 'named', quantity: '3', lastDay: '2999-12-31' },
    });
    expect(made.text).toContain('Made here is added.');
    const at = made.url.pathname;
    const id = at.split('/').at(-1)!;
    const license = async () => (await usher.call(`/v1/organizations/acme/licenses/${id}`)).body;
    expect(await license()).toMatchObject({ quantity: 3, expiresAt: '3000-01-01T00:00:00.000Z' });

    const user = await memberOf('user');
    await usher.call(`/v1/organizations/acme/licenses/${id}/assign`, { body: { members: [user.member] } });
    await usher.invite('reserved@people.example', { licenses: ['made'] });
    await admin.visit(`${at}/change`);
    const drawn = admin.page;
    expect(drawn.text).toContain('value="2999-12-31"');
    const refused = await admin.submit('/change', {
      name: 'Made here',
      kind: 'named',
      quantity: '1',
      lastDay: '2999-12-31',
    });
    expect(refused.status).toBe(409);
    expect(refused.text).toMatch(/id="field-quantity"[^>]* aria-invalid="true"/);
    expect(refused.text).toMatch(
      new RegExp(`href="${members}/${user.member}".*user@acme.example.*reserved@people.example`, 's'),
    );
    const nameless = await admin.submit('/change', { name: ' ', kind: 'named', quantity: '2', lastDay: '' });
    expect(nameless.text).toMatch(/id="field-name"[^>]* aria-invalid="true"/);
    await admin.submit('/change', { name: 'Renamed', kind: 'named', quantity: '2', lastDay: '' });
    expect(admin.page.text).toContain('It is changed.');
    expect(await license()).toMatchObject({ name: 'Renamed', quantity: 2, expiresAt: null, available: 0 });
    for (const _ of ['once', 'and the same again']) {
      admin.page = drawn;
      const stale = await admin.submit('/change', { name: 'Made here', kind: 'named', quantity: '9', lastDay: '' });
      expect([stale.status, stale.text.includes('has changed meanwhile')]).toEqual([409, true]);
      expect(stale.text).toMatch(/id="field-name-error">Now: Renamed\..*id="field-quantity-error">Now: 2\./s);
    }
    expect((await license()).quantity).toBe(2);
    // The form that comes back knows what is there now.
    await admin.submit('/change', { name: 'Made here', kind: 'named', quantity: '9', lastDay: '' });
    expect(await license()).toMatchObject({ name: 'Made here', quantity: 9 });
  });

  test('is given to members by their addresses, and shows who holds it, filtered and as CSV', async () => {
    const id = await licenseOf('given', 5);
    const [one, other] = [await memberOf('given-one'), await memberOf('given-other')];
    await usher.invite('waiting@people.example', { licenses: ['given'] });
    await admin.visit(`${licenses}/${id}`);
    const wrong = await admin.submit('/assign', { addresses: 'given-one@acme.example, nobody@acme.example' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('No active member has nobody@acme.example.');
    expect(wrong.text).toMatch(/id="field-addresses"[^>]* aria-invalid="true"/);
    const given = await admin.submit('/assign', {
      addresses: 'given-one@acme.example\nGiven <given-other@acme.example>',
    });
    expect(given.text).toContain('2 members have a seat of The given.');
    expect(await seatsOf(id)).toEqual([5, 1, 2]);
    for (const { member } of [one, other]) expect(given.text).toContain(`href="${members}/${member}"`);
    expect(given.text).toContain('>waiting@people.example<');
    const reserved = await admin.visit(`${licenses}/${id}?state=reserved&search=`);
    expect([...new Set(reserved.text.match(/[a-z-]+@[a-z]+\.example/g))].sort()).toEqual([
      'admin@acme.example',
      'waiting@people.example',
    ]);
    const found = await admin.visit(`${licenses}/${id}?search=given-one%40acme.example`);
    expect(found.text).not.toContain('given-other');
    expect((await admin.follow('Export as CSV')).text).toMatch(
      /^\ufeff?state,.*\r\nassigned,given-one,given-one@acme.example,/s,
    );
    const everybody = ['given-one@acme', 'given-other@acme', 'waiting@people'];
    for (const [search, wanted] of [
      ['GIVEN-o', everybody.slice(0, 2)],
      ['waiting', everybody.slice(2)],
      ['n_', []],
    ] as const) {
      const { text } = await admin.visit(`${licenses}/${id}?search=${search}`);
      expect(
        everybody.filter((email) => text.includes(`>${email}.example<`)),
        search,
      ).toEqual(wanted);
    }
    expect((await admin.visit(`${licenses}/${id}?state=none`)).status).toBe(400);
  });
});

describe('a billing manager', () => {
  test('comes in where the licences are, manages them, and sees of the rest only the members', async () => {
    const id = await licenseOf('billed', 1);
    const billing = await memberOf('billing', 'billing_manager');
    const { text } = await billing.visit('/');
    expect(text).toContain(`href="${licenses}"`);
    expect((await billing.visit('/console')).url.pathname).toBe(licenses);
    const [, tabs] = /aria-label="Console">(.*?)<\/nav>/s.exec(billing.page.text)!;
    expect([...tabs!.matchAll(/>([^<]+)<\/a>/g)].map(([, name]) => name)).toEqual(['Members', 'Licences']);
    await billing.visit(`${licenses}/${id}`);
    expect((await billing.submit('/assign', { addresses: 'billing@acme.example' })).text).toContain(
      '1 member has a seat',
    );
    const list = await billing.visit(members);
    expect(list.text).not.toMatch(/Role or teams…|Remove…|Invite people|>Pending</);
    expect(list.text).toContain('Licences…');
    const page = await billing.visit(`${members}/${admin.member}`);
    expect(page.text).not.toMatch(/What happened|\/change"|\/remove"/);
    expect(page.text).toContain(`action="${members}/${admin.member}/licenses"`);
    for (const path of ['', '/invitations', '/invite', `/members/${billing.member}/remove`])
      expect((await billing.visit(`/console/acme${path}`)).status, path).toBe(403);
  });
});
