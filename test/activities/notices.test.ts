import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInvitationActivities } from '../../activities/invitation.ts';
import { recordReport } from '../../db/feedback.ts';
import type { InvitationId } from '../../db/ids.ts';
import { factsOf, findInvitation } from '../../db/invitations.ts';
import { insertMember } from '../../db/members.ts';
import { dropOldNotices, forgetNotices, gatherNotices } from '../../db/notices.ts';
import { chartVersion } from '../../statecharts/versions.ts';
import { taskQueue, workflowTypes } from '../../workflows/contract.ts';
import type { SentNotices } from '../../workflows/notices.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What inviters are told of their invitations, and when. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ worker: { noticeGapMs: 0, lookupPatienceMs: 500 } });
});
afterAll(() => usher?.close());

let runs = 0;
/** A run as the Schedule begins one every minute. */
const tell = (): Promise<SentNotices> =>
  usher.temporal.client.workflow.execute(workflowTypes.notices, {
    taskQueue,
    workflowId: `notices-${++runs}`,
    args: [],
  });
const none: SentNotices = { sent: 0, failed: 0, dropped: 0, waiting: 0 };

/** A new admin, who invites. */
async function inviter(name: string) {
  const { account, session } = await usher.person(`${name}@acme.example`);
  const { id: organization } = usher.organization;
  await usher.db
    .transaction()
    .execute((trx) =>
      insertMember(trx, { organization, account: account.id, role: 'admin', teams: [], invitation: null }),
    );
  return {
    account,
    async invite(guest: string): Promise<InvitationId> {
      const body = { email: `${guest}-of-${name}@example.com` };
      const { body: invited, status } = await usher.call('/v1/organizations/acme/invitations', { session, body });
      expect(status).toBe(201);
      return invited.id;
    },
    /** What they were told, newest first. */
    told: async () => (await usher.messages(account.email)).map(({ Subject }) => Subject),
  };
}
const emailOf = async (id: InvitationId) => (await findInvitation(usher.db, id))!.email;
const decide = async (id: InvitationId, verb: 'accept' | 'decline') => {
  const { session } = await usher.person(await emailOf(id));
  const answer = await decided(() => usher.call(`/v1/invitations/${id}/${verb}`, { method: 'POST', session }));
  expect(answer.status).toBe(200);
};
/** As its run does when its time has come. */
const expire = async (id: InvitationId) => {
  const row = (await findInvitation(usher.db, id))!;
  const outcome = await createInvitationActivities({
    db: usher.db,
    providers: [{ issuer: usher.issuer, everywhere: true, domains: [] }],
  }).commit({
    invitation: id,
    sequence: row.sequence + 1,
    chartVersion,
    facts: { ...factsOf(row), state: 'expired' },
    effects: [{ type: 'record', params: { event: 'expired' } }, { type: 'releaseSeats' }],
    by: { kind: 'system', id: null },
    account: null,
    request: null,
  });
  expect(outcome.status).toBe('committed');
};
const report = (id: InvitationId, status: 'bounced' | 'complained' | 'delivered', second: number) =>
  recordReport(usher.db, `${id}/1`, {
    status,
    detail: { bounced: 'hard_bounce', complained: 'spam_complaint', delivered: null }[status],
    at: new Date(Date.UTC(2030, 0, 1) + second * 1_000),
    messageId: 'message',
  });
const textOf = async (email: string): Promise<string> => {
  const [newest] = await usher.messages(email);
  const details = await fetch(`${usher.inbox}/messages/outbound/${newest!.MessageID}/details`, {
    headers: { 'X-Postmark-Server-Token': 'test' },
  });
  return ((await details.json()) as { TextBody: string }).TextBody;
};

test('who joined, declined, let it expire or cannot be reached is told in one email, once', async () => {
  const ada = await inviter('ada');
  const [joined, declined, expired, bounced] = await Promise.all(
    ['a', 'b', 'c', 'd'].map((guest) => ada.invite(guest)),
  );
  await decide(joined!, 'accept');
  await decide(declined!, 'decline');
  await expire(expired!);
  await report(bounced!, 'bounced', 1);
  await report(bounced!, 'bounced', 2);
  expect(await tell()).toEqual({ ...none, sent: 1 });
  expect(await ada.told()).toEqual(['Your invitations to Acme: 1 not delivered, 1 accepted, 1 declined, 1 expired']);
  const text = await textOf(ada.account.email);
  for (const id of [joined!, declined!, expired!, bounced!]) expect(text).toContain(await emailOf(id));
  expect(text).toContain(`${usher.url}/console/acme/invitations/${bounced}`);
  expect(await tell()).toEqual(none);
  // Healed and bounced again, it has been told.
  await report(bounced!, 'delivered', 3);
  await report(bounced!, 'bounced', 4);
  expect(await tell()).toEqual(none);
});

test('they are told in the language of the organization', async () => {
  const claude = await inviter('claude');
  const joined = await claude.invite('e');
  await decide(joined, 'accept');
  const speaks = (languages: string[]) =>
    usher.db.updateTable('organizations').set({ languages }).where('slug', '=', 'acme').execute();
  await speaks(['fr', 'en']);
  try {
    expect(await tell()).toEqual({ ...none, sent: 1 });
    expect(await claude.told()).toEqual([`${await emailOf(joined)} a rejoint Acme`]);
  } finally {
    await speaks([]);
  }
});

test('of one alone it says what to do, with a link to it', async () => {
  const bea = await inviter('bea');
  const id = await bea.invite('guest');
  await report(id, 'bounced', 1);
  expect(await tell()).toEqual({ ...none, sent: 1 });
  const text = await textOf(bea.account.email);
  expect(text).toContain(`${usher.url}/console/acme/invitations/${id}`);
  expect(text).toMatch(/hard bounce.*correct it.*copy the link/s);
});

test('who wants to be told is: nobody of what the organization has switched off, or of what a program invited', async () => {
  const cleo = await inviter('cleo');
  const ids = await Promise.all(['a', 'b', 'c'].map((guest) => cleo.invite(guest)));
  const { id: ofProgram } = await usher.invite('of-a-program@example.com');
  const change = (notices: string[]) => usher.call('/v1/organizations/acme', { method: 'PATCH', body: { notices } });
  expect((await change(['undeliverable', 'declined'])).body.notices).toEqual(['declined', 'undeliverable']);
  await decide(ids[0]!, 'accept');
  await decide(ofProgram, 'decline');
  expect(await tell()).toEqual(none);
  await decide(ids[1]!, 'decline');
  expect((await change([])).body.notices).toEqual([]);
  await report(ids[2]!, 'bounced', 1);
  expect(await tell()).toEqual({ ...none, sent: 1 });
  expect(await cleo.told()).toEqual([`${await emailOf(ids[1]!)} declined your invitation to Acme`]);
  await change(['accepted', 'declined', 'expired', 'undeliverable']);
});

test('what is no news any more is dropped, and so is what somebody who left would be told', async () => {
  const dora = await inviter('dora');
  const [healed, corrected, answered] = await Promise.all(['a', 'b', 'c'].map((guest) => dora.invite(guest)));
  for (const id of [healed!, corrected!, answered!]) await report(id, 'bounced', 1);
  await report(healed!, 'delivered', 2);
  const body = { email: 'corrected-of-dora@example.com' };
  const amended = await decided(() => usher.call(`/v1/invitations/${corrected}`, { method: 'PATCH', body }));
  expect(amended.status).toBe(200);
  await decide(answered!, 'decline');
  expect(await tell()).toEqual({ ...none, sent: 1 });
  expect(await dora.told()).toEqual([`${await emailOf(answered!)} declined your invitation to Acme`]);

  const left = await dora.invite('d');
  await decide(left, 'decline');
  await usher.db
    .updateTable('members')
    .set({ removed_at: new Date() })
    .where('account_id', '=', dora.account.id)
    .execute();
  expect(await tell()).toEqual({ ...none, dropped: 1 });
  expect((await dora.told()).length).toBe(1);
});

test('trouble that healed before anybody was told of it is told when there is trouble again, once', async () => {
  const gus = await inviter('gus');
  const id = await gus.invite('a');
  await report(id, 'bounced', 1);
  await report(id, 'delivered', 2);
  expect(await tell()).toEqual({ ...none, dropped: 1 });
  await report(id, 'complained', 3);
  expect(await tell()).toEqual({ ...none, sent: 1 });
  expect(await tell()).toEqual(none);
  expect((await gus.told()).length).toBe(1);
});

test('what has waited for three days is dropped, and after thirty forgotten', async () => {
  const hal = await inviter('hal');
  const id = await hal.invite('a');
  await decide(id, 'decline');
  const ofHal = () =>
    usher.db.selectFrom('notices').select('status').where('account_id', '=', hal.account.id).execute();
  const age = (days: number) =>
    usher.db
      .updateTable('notices')
      .set({ created_at: sql`now() - make_interval(days => ${days})` })
      .where('account_id', '=', hal.account.id)
      .execute();
  await age(2);
  expect([await dropOldNotices(usher.db), await ofHal()]).toEqual([0, [{ status: 'queued' }]]);
  await age(4);
  expect([await dropOldNotices(usher.db), await ofHal()]).toEqual([1, [{ status: 'dropped' }]]);
  expect([await forgetNotices(usher.db), (await ofHal()).length]).toEqual([0, 1]);
  await age(31);
  expect([await forgetNotices(usher.db), (await ofHal()).length]).toEqual([1, 0]);
});

test('an email whose outcome is unknown is looked up, and sent again only if the provider has it not', async () => {
  const eve = await inviter('eve');
  await decide(await eve.invite('a'), 'decline');
  const fails = (response: 'reset_before' | 'reset_after') =>
    usher.mailIs({ failures: [{ match: { tag: 'notice' }, count: 1, response }] });
  await fails('reset_after');
  expect(await tell()).toEqual({ ...none, waiting: 1 });
  expect(await tell()).toEqual({ ...none, sent: 1 });
  expect((await eve.told()).length).toBe(1);

  await decide(await eve.invite('b'), 'decline');
  await fails('reset_before');
  expect(await tell()).toEqual({ ...none, waiting: 1 });
  // Looked for, with patience, before it is sent once more.
  await usher.until('it to be sent', async () => (await tell()).sent === 1);
  expect((await eve.told()).length).toBe(2);
  // What the provider refuses for good is not tried again.
  await usher.mailIs({ failures: [{ match: { tag: 'notice' }, count: 1, response: 406 }] });
  await decide(await eve.invite('c'), 'decline');
  expect(await tell()).toEqual({ ...none, failed: 1 });
  expect(await tell()).toEqual(none);
});

test('what comes soon after an email is gathered into the next one; a suspended organization sends none', async () => {
  const fay = await inviter('fay');
  await decide(await fay.invite('a'), 'decline');
  await usher.db.updateTable('organizations').set({ suspended_at: new Date() }).execute();
  expect(await tell()).toEqual({ ...none, waiting: 1 });
  await usher.db.updateTable('organizations').set({ suspended_at: null }).execute();
  expect(await tell()).toEqual({ ...none, sent: 1 });
  await decide(await fay.invite('b'), 'decline');
  await decide(await fay.invite('c'), 'decline');
  expect(await gatherNotices(usher.db, 60_000, 10)).toBe(0);
  expect(await tell()).toEqual({ ...none, sent: 1 });
  expect((await fay.told())[0]).toBe('Your invitations to Acme: 2 declined');
});
