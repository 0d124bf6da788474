import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Permission, type PermissionName, permissions } from '../../api/permissions.ts';
import { problems } from '../../api/problem.ts';
import { beginSession, upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, revokeApiKey, type Scope, scopes, staffScopes } from '../../db/api-keys.ts';
import { type AccountId, type ApiKeyId, newId, type WebhookId } from '../../db/ids.ts';
import { insertMember, type Role, roles } from '../../db/members.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { type StaffRole, setStaffRole, staffRoles } from '../../db/staff.ts';
import { insertWebhook } from '../../db/webhooks.ts';
import { operateOn } from '../privacy/operate.ts';
import { routesOf } from '../setup/routes.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** The permission table, walked: every route of the app as every kind of caller. */

/** What a caller is, as far as the table knows. */
interface Caller {
  name: string;
  person?: { account: AccountId; role?: Role; roleElsewhere?: Role; staff?: StaffRole; invitee?: true };
  key?: { secret: string; scopes: readonly string[]; role: Role; of: 'acme' | 'other' | 'staff' };
}

let usher: Usher;
let other: Organization;
const callers: Caller[] = [];
let invitation: string;
/** A licence, another one, and a member. */
let license: string;
let another: string;
let member: string;
/** A removed member: removed again, nothing changes. */
let former: string;
/** One that is revoked already. */
let endedKey: string;
let batch: string;
let webhook: string;
/** Enough that each caller may remove one. */
const removable: WebhookId[] = [];
/** What it was told. */
let message: string;

beforeAll(async () => {
  usher = await startUsher({ withProvider: true });
  other = await ensureOrganization(usher.db, { slug: 'other', name: 'Other' });
  const join = (account: AccountId, organization: Organization, role: Role) =>
    usher.db
      .transaction()
      .execute((trx) =>
        insertMember(trx, { organization: organization.id, account, role, teams: [], invitation: null }),
      );
  const person = async (name: string) => (await usher.person(`${name.replaceAll(' ', '-')}@example.com`)).account.id;
  callers.push({ name: 'nobody' });
  const stranger = await person('owner of another');
  await join(stranger, other, 'owner');
  callers.push({ name: 'owner of another organization', person: { account: stranger, roleElsewhere: 'owner' } });
  for (const role of roles) {
    const account = await person(role);
    await join(account, usher.organization, role);
    callers.push({ name: role, person: { account, role } });
  }
  const left = await person('former');
  await join(left, usher.organization, 'owner');
  await usher.db.updateTable('members').set({ removed_at: new Date() }).where('account_id', '=', left).execute();
  callers.push({ name: 'removed owner', person: { account: left } });
  former = (
    await usher.db.selectFrom('members').select('id').where('removed_at', 'is not', null).executeTakeFirstOrThrow()
  ).id;
  for (const staff of staffRoles) {
    const account = await person(staff);
    await setStaffRole(usher.db, account, staff, { issuers: [usher.issuer], by: { kind: 'support', id: null } });
    callers.push({ name: staff, person: { account, staff } });
  }
  // Declined, so that nothing that is asked of it changes it.
  invitation = (await usher.invite('invitee@example.com')).id;
  const invitee = await usher.person('invitee@example.com');
  const declined = await usher.call(`/v1/invitations/${invitation}/decline`, {
    method: 'POST',
    session: invitee.session,
  });
  expect(declined.status).toBe(200);
  const made = await usher.call('/v1/organizations/acme/invitation-batches', {
    body: { mode: 'valid', invitations: [{ email: 'nobody' }] },
  });
  batch = made.body.id;
  callers.push({ name: 'invitee', person: { account: invitee.account.id, invitee: true } });

  for (const role of ['owner', 'member'] as const)
    for (const scope of scopes) {
      const secret = await usher.apiKey({ scopes: [scope], role });
      callers.push({ name: `key ${scope}, ${role}`, key: { secret, scopes: [scope], role, of: 'acme' } });
    }
  const theirs = await usher.apiKey({ organization: other });
  callers.push({ name: 'key of another organization', key: { secret: theirs, scopes, role: 'owner', of: 'other' } });
  for (const scope of staffScopes) {
    const secret = newApiKey();
    const key = { secret, name: 'staff', role: 'member', createdBy: usher.owner.id } as const;
    await insertApiKey(usher.db, { ...key, organization: null, scopes: [scope] });
    callers.push({ name: `key ${scope}`, key: { secret, scopes: [scope], role: 'member', of: 'staff' } });
  }
  const newLicense = async (product: string) =>
    (await usher.call('/v1/organizations/acme/licenses', { body: { product, quantity: 1, kind: 'floating' } })).body.id;
  [license, another] = [await newLicense('walked'), await newLicense('another')];
  const rest = await usher.db.selectFrom('members').select('id').where('removed_at', 'is', null).execute();
  member = rest[0]!.id;
  webhook = (await usher.call('/v1/organizations/acme/webhooks', { body: { url: 'http://127.0.0.1:9/' } })).body.id;
  await usher.call(`/v1/organizations/acme/webhooks/${webhook}/test`, { body: {} });
  message = (await usher.call(`/v1/organizations/acme/webhooks/${webhook}/messages`)).body.items[0].id;
  for (let i = 0; i < 80; i++) {
    const id = newId('whk');
    removable.push(id);
    const row = { id, organization_id: usher.organization.id, url: 'http://127.0.0.1:9/', types: [], secret: 'none' };
    await usher.db.transaction().execute((trx) => insertWebhook(trx, row));
  }
  const ended = await usher.apiKey({});
  const { id } = await usher.db.selectFrom('api_keys').select('id').orderBy('id', 'desc').executeTakeFirstOrThrow();
  await revokeApiKey(usher.db, id as ApiKeyId, { kind: 'system', id: null });
  endedKey = id;
  callers.push({ name: 'revoked key', key: { secret: ended, scopes: [], role: 'owner', of: 'acme' } });
});
afterAll(() => usher?.close());

/** An act on many, of which there are none. */
const actsOnNone = (more: object) => ({
  body: { invitations: ['inv_01k9xqj2v3e8gt0d5w6m7n8p9q'], reason: 'a test', ...more },
});

let count = 0;
/** What makes a request of each route that the schemas take, and that changes little. Those with neither body nor query need none. */
const samples: Record<string, () => { path?: Record<string, string>; query?: string; body?: object }> = {
  'POST /v1/organizations/:organization/invitations': () => ({ body: { email: `walked-${++count}@example.com` } }),
  'POST /v1/organizations/:organization/invitations/revoke': () => ({
    body: { invitedBy: 'acc_01k9xqj2v3e8gt0d5w6m7n8p9q', reason: 'a test' },
  }),
  'POST /v1/organizations/:organization/api-keys': () => ({ body: { name: 'walked', scopes: ['manage'] } }),
  'DELETE /v1/organizations/:organization/api-keys/:id': () => ({ path: { id: endedKey } }),
  'GET /console/:organization/api-keys/:id/revoke': () => ({ path: { id: endedKey } }),
  'POST /console/:organization/api-keys/:id/revoke': () => ({ path: { id: endedKey } }),
  // One too many.
  'POST /v1/organizations/:organization/webhooks': () => ({ body: { url: 'https://walked.example' } }),
  'GET /v1/organizations/:organization/webhooks/:id': () => ({ path: { id: webhook } }),
  'PATCH /v1/organizations/:organization/webhooks/:id': () => ({ path: { id: webhook }, body: { types: [] } }),
  'DELETE /v1/organizations/:organization/webhooks/:id': () => ({ path: { id: removable.pop()! } }),
  'POST /v1/organizations/:organization/webhooks/:id/rotate': () => ({ path: { id: webhook } }),
  'POST /v1/organizations/:organization/webhooks/:id/test': () => ({ path: { id: webhook } }),
  'POST /v1/organizations/:organization/webhooks/:id/resend': () => ({
    path: { id: webhook },
    body: { since: '2026-01-01T00:00:00Z' },
  }),
  'GET /v1/organizations/:organization/webhooks/:id/messages': () => ({ path: { id: webhook } }),
  'GET /v1/organizations/:organization/webhooks/:id/messages/:message': () => ({ path: { id: webhook, message } }),
  'POST /v1/organizations/:organization/webhooks/:id/messages/:message/resend': () => ({
    path: { id: webhook, message },
  }),
  'GET /console/:organization/webhooks/:id': () => ({ path: { id: webhook } }),
  'GET /console/:organization/webhooks/:id/change': () => ({ path: { id: webhook } }),
  'POST /console/:organization/webhooks/:id/change': () => ({ path: { id: webhook } }),
  'GET /console/:organization/webhooks/:id/remove': () => ({ path: { id: webhook } }),
  'GET /console/:organization/webhooks/:id/rotate': () => ({ path: { id: webhook } }),
  'POST /console/:organization/webhooks/:id/rotate': () => ({ path: { id: webhook } }),
  'POST /console/:organization/webhooks/:id/turn': () => ({ path: { id: webhook } }),
  'POST /console/:organization/webhooks/:id/test': () => ({ path: { id: webhook } }),
  'POST /console/:organization/webhooks/:id/resend': () => ({ path: { id: webhook } }),
  'POST /console/:organization/webhooks/:id/remove': () => ({ path: { id: removable.pop()! } }),
  'GET /console/:organization/webhooks/:id/messages/:message': () => ({ path: { id: webhook, message } }),
  'POST /console/:organization/webhooks/:id/messages/:message/resend': () => ({ path: { id: webhook, message } }),
  'POST /console/:organization/settings': () => ({ body: { expiresIn: 'P7D' } }),
  'POST /console/:organization/settings/suspension': () => ({ body: { suspended: 'no', reason: 'a test' } }),
  'GET /v1/invitations': () => ({ query: '?email=invitee@example.com' }),
  // One that invites nobody.
  'POST /v1/organizations/:organization/invitation-batches': () => ({
    body: { mode: 'valid', invitations: [{ email: 'nobody' }] },
  }),
  'POST /v1/organizations/:organization/invitation-batches/preview': () => ({
    body: { invitations: [{ email: 'nobody' }] },
  }),
  'POST /v1/organizations/:organization/invitation-batches/resend': () => actsOnNone({}),
  'POST /v1/organizations/:organization/invitation-batches/revoke': () => actsOnNone({}),
  'POST /v1/organizations/:organization/invitation-batches/amend': () => actsOnNone({ locale: 'de' }),
  'GET /v1/invitation-batches/:id/results': () => ({ path: { id: batch } }),
  'GET /console/:organization/batches/:id': () => ({ path: { id: batch } }),
  'GET /console/:organization/batches/:id/cancel': () => ({ path: { id: batch } }),
  'POST /console/:organization/batches/:id/cancel': () => ({ path: { id: batch } }),
  'GET /v1/invitation-batches/:id': () => ({ path: { id: batch } }),
  'POST /v1/invitation-batches/:id/cancel': () => ({ path: { id: batch } }),
  'POST /v1/invitations/:id/resend': () => ({ body: { reason: 'a test' } }),
  'POST /v1/invitations/:id/revoke': () => ({ body: { reason: 'a test' } }),
  'PATCH /v1/invitations/:id': () => ({ body: { locale: 'de', reason: 'a test' } }),
  'POST /console/:organization/invitations/selected': () => ({ body: { act: 'revoke' } }),
  'POST /console/:organization/invitations/revoke': () => ({
    body: { invitedBy: 'acc_01k9xqj2v3e8gt0d5w6m7n8p9q', reason: 'a test' },
  }),
  'POST /console/:organization/members/selected': () => ({ body: { act: 'change' } }),
  'GET /console/:organization/licenses/:id': () => ({ path: { id: license } }),
  'GET /console/:organization/licenses/:id/change': () => ({ path: { id: license } }),
  'POST /console/:organization/licenses/:id/change': () => ({ path: { id: license }, body: { quantity: '2' } }),
  'POST /console/:organization/licenses/:id/assign': () => ({ path: { id: license } }),
  'POST /console/:organization/invitations/selected as amendInvitation': () => ({ body: { act: 'amend' } }),
  'POST /console/:organization/invitations/:id/amend': () => ({ body: { locale: 'de', reason: 'a test' } }),
  'POST /console/:organization/invitations/:id/amend as correctAddress': () => ({
    body: { email: 'corrected@example.com', reason: 'a test' },
  }),
  'PATCH /v1/invitations/:id as correctAddress': () => ({
    body: { email: 'corrected@example.com', reason: 'a test' },
  }),
  'POST /v1/organizations/:organization/licenses': () => ({ body: { product: `walked-${++count}`, quantity: 1 } }),
  'GET /v1/organizations/:organization/licenses/:id': () => ({ path: { id: license } }),
  'GET /v1/organizations/:organization/licenses/:id/seats': () => ({ path: { id: license } }),
  'GET /v1/organizations/:organization/licenses/:id/seats.csv': () => ({ path: { id: license } }),
  'PATCH /v1/organizations/:organization/licenses/:id': () => ({ path: { id: license }, body: { quantity: 2 } }),
  'POST /v1/organizations/:organization/licenses/:id/assign': () => ({
    path: { id: license },
    body: { members: [member] },
  }),
  'POST /v1/organizations/:organization/licenses/:id/unassign': () => ({
    path: { id: license },
    body: { members: [member] },
  }),
  'POST /v1/organizations/:organization/licenses/:id/move': () => ({
    path: { id: license },
    body: { members: [member], to: another },
  }),
  'PATCH /v1/organizations/:organization': () => ({ body: { name: 'Acme', reason: 'a test' } }),
  'PATCH /v1/organizations/:organization as suspendOrganization': () => ({
    body: { suspended: false, reason: 'a test' },
  }),
  'PATCH /v1/organizations/:organization/members': () => ({ body: { members: [former], teams: ['Walked'] } }),
  'PATCH /v1/organizations/:organization/members/:member': () => ({ body: { teams: ['Walked'] } }),
  'GET /docs/errors/:code': () => ({ path: { code: 'not_found' } }),
  'GET /i/:token': () => ({ path: { token: 'unknown' } }),
  'GET /static/*': () => ({ path: { '*': 'usher.css' } }),
};

/** Every row with each of its routes. */
const cases = Object.entries(permissions as Record<PermissionName, Permission>).flatMap(([name, row]) =>
  row.routes.map((route) => ({ name: name as PermissionName, row, route })),
);
const isApi = (route: string) => route.includes(' /v1/');

/** What a route says to somebody, as far as it is about who they are. */
async function outcome(route: string, permission: PermissionName, caller: Caller): Promise<string> {
  const [method, pattern] = route.split(' ') as [string, string];
  const sample = (samples[`${route} as ${permission}`] ?? samples[route])?.() ?? {};
  const usual = { organization: 'acme', id: invitation, member: former, language: 'de' };
  const params: Record<string, string> = { ...usual, ...sample.path };
  const named = pattern.replace(/:(\w+)|\*/g, (found, name) => params[name ?? found] ?? 'missing');
  const path = `${named}${sample.query ?? ''}`;
  // A session of its own, since some routes end them.
  const session =
    caller.person && (await beginSession(usher.db, { account: caller.person.account, idToken: 'none' })).id;
  const credentials = { key: caller.key?.secret ?? null, ...(session ? { session } : {}) };
  const answer = isApi(route)
    ? await usher.call(path, { method, ...credentials, ...(sample.body ? { body: sample.body } : {}) })
    : await onPage(method, path, session, sample.body);
  const codes = ['not_authenticated', 'not_allowed', 'scope_missing', 'wrong_account'] as const;
  if (answer.headers.get('content-type')?.includes('json')) {
    if (answer.body.code === 'invalid_request' && answer.body.errors)
      return `no sample: ${JSON.stringify(answer.body)}`;
    if (answer.body.code?.endsWith('not_found')) return 'hidden';
    return codes.find((code) => code === answer.body.code) ?? 'in';
  }
  if (answer.status === 500) return `failed: ${answer.body}`;
  if (answer.headers.get('location')?.startsWith(usher.issuer)) return 'signs in';
  // What leaves after a form does so by a page of ours.
  if (permission !== 'openPages' && answer.headers.get('refresh')?.startsWith(`0;url=${usher.issuer}`))
    return 'signs in';
  if (answer.status === 404 && permission !== 'openPages') return 'hidden';
  return codes.find((code) => answer.status === 403 && String(answer.body).includes(problems[code].title)) ?? 'in';
}

/** A request of the pages, with the token that its form would have. */
async function onPage(method: string, path: string, session: string | undefined, form: object = {}) {
  const credentials = { key: null, ...(session ? { session } : {}) };
  if (method === 'GET') return usher.call(path, credentials);
  const page = await usher.call('/', credentials);
  const [, token] = /name="_csrf" value="([^"]+)"/.exec(page.body)!;
  const cookies = page.headers.getSetCookie().map((line) => line.split(';')[0]);
  const cookie = [...(session ? [`usher_${new URL(usher.url).port}_session=${session}`] : []), ...cookies].join('; ');
  return usher.call(path, {
    method,
    key: null,
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      _csrf: token!,
      ...(path.startsWith('/inv') ? { invitation } : {}),
      ...form,
    }).toString(),
  });
}

/** What the table says of it. */
function expected(route: string, permission: PermissionName, row: Permission, { name, person, key }: Caller): string {
  if (row.open === 'everybody') return 'in';
  if (row.open === 'provider') return 'not_authenticated';
  // Pages know people alone.
  const known = person || (isApi(route) && key && name !== 'revoked key');
  if (!known) return isApi(route) ? 'not_authenticated' : 'signs in or hidden';
  if (row.open === 'known') return 'in';
  if (row.open === 'signed_in') return person ? 'in' : 'not_allowed';
  const hidden = /:(organization|id)/.test(route) ? 'hidden' : 'not_allowed';
  if (person) {
    if (row.invitee && person.invitee) return 'in';
    // Of which organization it is, such a route does not say.
    if (permission === 'openConsole' && person.roleElsewhere) return 'in';
    if ((person.role && row.roles.includes(person.role)) || (person.staff && row.staff.includes(person.staff)))
      return 'in';
    // Who may know of an invitation that is not theirs to decide is told so.
    if (permission === 'decide')
      return expected(route, 'readInvitation', permissions.readInvitation, { name, person }).replace(
        'in',
        'wrong_account',
      );
    if (permission === 'decideOnPages') return hidden;
    return person.role || person.staff ? 'not_allowed' : hidden;
  }
  const of = key!.of;
  if (of === 'other') return hidden;
  if (of === 'staff') {
    if (permission === 'decide') return 'scope_missing';
    const may = row.staff.some((role) => key!.scopes.includes(role === 'support' ? 'support' : 'operate'));
    return may ? 'in' : 'not_allowed';
  }
  if (!row.scope) return 'not_allowed';
  if (!key!.scopes.includes(row.scope satisfies Scope)) return 'scope_missing';
  return row.keyNeedsRole && !row.roles.includes(key!.role) ? 'not_allowed' : 'in';
}

test('every route of the app is in the table, and nothing else', () => {
  expect([...new Set(cases.map(({ route }) => route))].sort()).toEqual(routesOf(usher.app));
});

describe.each(cases)('$route ($name)', ({ route, name, row }) => {
  test('lets in whom the table says, and tells all others no more than they may know', async () => {
    const found: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const caller of callers) {
      const said = await outcome(route, name, caller);
      const should = expected(route, name, row, caller);
      found[caller.name] = should === 'signs in or hidden' && /^(signs in|hidden)$/.test(said) ? should : said;
      wanted[caller.name] = should;
    }
    expect(found).toEqual(wanted);
  });
});

describe('staff', () => {
  const operate = (...args: string[]) =>
    operateOn({ USHER_DATABASE_URL: usher.runUrl, USHER_ISSUER: usher.issuer })(...args);
  const events = async (target: string) =>
    (await usher.db.selectFrom('events').selectAll().where('target_id', '=', target).orderBy('id').execute()).map(
      (e) => ({
        type: e.type,
        detail: e.detail,
        organization: e.organization_id,
      }),
    );

  test('say why they change something, and the audit log has it', async () => {
    const { id } = await usher.invite('helped@example.com');
    const { person } = callers.find(({ name }) => name === 'support')!;
    const { id: session } = await beginSession(usher.db, { account: person!.account, idToken: 'none' });
    const correct = (body: object) => usher.call(`/v1/invitations/${id}`, { method: 'PATCH', session, body });
    const without = await correct({ email: 'well-helped@example.com' });
    expect(without).toMatchObject({ status: 400, body: { code: 'reason_missing' } });
    const reason = 'Ticket 12: a typing error';
    expect(await correct({ email: 'well-helped@example.com', reason })).toMatchObject({
      status: 200,
      body: { email: 'well-helped@example.com' },
    });
    const { body } = await usher.call(`/v1/invitations/${id}/events`);
    expect(body.items.find((event: { type: string }) => event.type === 'amended')).toMatchObject({
      reason,
      actor: { kind: 'support', id: person!.account },
    });
    // More than an address they may not correct, whatever they say.
    const more = await correct({ email: 'helped@example.com', role: 'owner', reason });
    expect(more).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
  });

  test('are made and unmade by operators, with the keys in their name', async () => {
    const { account } = await usher.person('help@usher.example');
    const given = await operate('staff', 'help@usher.example', '--role', 'operator');
    expect(given).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`operator\thelp@usher.example\t${account.id}`),
    });
    const keyOf = async (scope: string) => {
      const made = await operate('staff-key', 'help@usher.example', '--scope', scope);
      expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^usher_sk_\S+\n$/) });
      return made.stdout.trim();
    };
    const [support, all] = [await keyOf('support'), await keyOf('operate')];
    const works = async (key: string) => (await usher.call(`/v1/invitations/${invitation}`, { key })).status === 200;
    expect([await works(support), await works(all)]).toEqual([true, true]);
    await operate('staff', 'help@usher.example', '--role', 'support');
    expect([await works(support), await works(all)]).toEqual([true, false]);
    await operate('staff', account.id, '--role', 'none');
    expect(await works(support)).toBe(false);
    expect((await events(account.id)).map((e) => [e.type, e.detail, e.organization])).toEqual([
      ['staff_role_given', 'operator', null],
      ['staff_role_given', 'support', null],
      ['staff_role_taken', null, null],
    ]);
    const refused = await operate('staff-key', 'help@usher.example');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('They are not staff') });
  });

  test('are none of those whom an organization’s own identity provider, or nobody, vouches for', async () => {
    const by = { kind: 'support', id: null } as const;
    const said = { subject: 'mallory', email: 'mallory@example.com', name: 'Mallory' };
    const theirs = await upsertAccount(usher.db, { ...said, issuer: 'https://idp.example', emailVerified: true });
    const unverified = await upsertAccount(usher.db, { ...said, issuer: usher.issuer, emailVerified: false });
    for (const { id } of [theirs, unverified])
      await expect(setStaffRole(usher.db, id, 'support', { issuers: [usher.issuer], by })).rejects.toThrow(RangeError);
    expect(await operate('staff', 'nobody@example.com')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('sign in'),
    });
  });

  test('of a provider that was left behind may nothing, nor may their keys, and are unmade as any', async () => {
    const [issuer, email] = ['https://left-behind.example', 'left@usher.example'];
    const by = { kind: 'support', id: null } as const;
    const { id } = await upsertAccount(usher.db, { issuer, subject: 'left', email, emailVerified: true, name: 'Left' });
    await setStaffRole(usher.db, id, 'support', { issuers: [issuer], by });
    const secret = newApiKey();
    const of = { organization: null, name: 'left', role: 'member', scopes: ['support'], createdBy: id } as const;
    const key = await insertApiKey(usher.db, { ...of, secret });
    expect((await usher.call(`/v1/invitations/${invitation}`, { key: secret })).status).toBe(401);
    expect((await operate('staff-key', email)).stderr).toContain('would not work');
    expect((await operate('staff')).stdout).toContain(`support\t${email}\t${id}\tmay nothing`);
    expect(await operate('staff', id, '--role', 'none')).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining(email),
    });
    const kept = usher.db.selectFrom('api_keys').select('revoked_at').where('id', '=', key);
    expect((await kept.executeTakeFirstOrThrow()).revoked_at).not.toBeNull();
  });

  test('keys of organizations cannot have the scopes of the staff', async () => {
    const key = { secret: newApiKey(), organization: usher.organization.id, name: 'x', role: 'owner' } as const;
    await expect(
      insertApiKey(usher.db, { ...key, scopes: ['read', 'support' as never], createdBy: usher.owner.id }),
    ).rejects.toMatchObject({ constraint: 'api_keys_staff' });
  });
});
