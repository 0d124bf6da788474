import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
};

beforeAll(async () => {
  usher = await startUsher({ worker: { suspendedMs: 500 } });
  const { account, session } = await usher.person('support@usher.example');
  await setStaffRole(usher.db, account.id, 'support', { issuer: usher.issuer, by: { kind: 'support', id: null } });
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
    const reminders = async () => {
      const row = await usher.db
        .selectFrom('invitations')
        .selectAll()
        .where('id', '=', body.id)
        .executeTakeFirstOrThrow();
      return row.reminders.map((time) => Math.round((row.expires_at.getTime() - time.getTime()) / day));
    };
    // None when it ends.
    expect(await reminders()).toEqual([8, 1]);
    await change({ reminders: ['P1D'] });
    await usher.call(`/v1/invitations/${body.id}/resend`, { body: {} });
    expect(await reminders()).toEqual([9]);
    expect((await invite('german@example.com', { locale: 'de-CH', expiresIn: 'P1D' })).body.locale).toBe('de-CH');
    expect(code(await invite('english@example.com', { locale: 'en' }))).toBe('400 language_not_allowed');
    await change({ reminders: [] });
    const { body: quiet } = await invite('quiet@example.com');
    const row = await usher.db
      .selectFrom('invitations')
      .selectAll()
      .where('id', '=', quiet.id)
      .executeTakeFirstOrThrow();
    expect(row.reminders).toEqual([]);
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
    const { body } = await usher.call(`${path}/events`);
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
