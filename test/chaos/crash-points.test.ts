import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { InvitationId } from '../../db/ids.ts';
import { insertMember } from '../../db/members.ts';
import { revokeSignal, stateQuery } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { freshDatabase } from '../setup/database.ts';
import { type Answer, until } from '../setup/usher.ts';
import { type ActName, actNames, acts, amended } from './acts.ts';
import { type Installation, startInstallation } from './installation.ts';

/** Each point at which a crash could lose or double something: hit for sure, then looked at. */

const feedbackPassword = 'of-the-provider-alone';
let usher: Installation;
beforeAll(async () => {
  const environment = { USHER_FEEDBACK_PASSWORD: feedbackPassword };
  usher = await startInstallation({ database: await freshDatabase(), environment });
});
afterEach(async () => {
  expect(await findBreaches(usher.db)).toEqual([]);
});
afterAll(() => usher?.close());

interface Invited {
  id: InvitationId;
  email: string;
}

/** Invites one address for each name, and waits for their emails. */
async function invited<TName extends string>(prefix: string, names: readonly TName[]): Promise<Record<TName, Invited>> {
  const entries = await Promise.all(
    names.map(async (name) => {
      const email = `${prefix}-${name}@example.com`;
      const { id } = (await usher.invite(email)).body;
      await usher.sent(id);
      return [name, { id, email }] as const;
    }),
  );
  return Object.fromEntries(entries) as Record<TName, Invited>;
}

const settled = (ask: () => Promise<Answer>) =>
  until('an outcome', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });
const workflow = ({ id }: Invited) => usher.temporal.workflow.getHandle(`invitation/${id}`);

/** An act took effect, once, and its emails went out, once each. */
async function tookEffectOnce(name: ActName, { id, email }: Invited) {
  expect(await usher.transitions(id)).toEqual(['created', acts[name].event]);
  expect(await usher.state(id)).toBe(acts[name].state);
  await usher.sent(id);
  for (const [address, count] of Object.entries(acts[name].mails(email))) {
    expect([address, await usher.mails(address)]).toEqual([address, count]);
  }
}

test('the worker dies after the commit of an act: the caller’s repeat gets the one true outcome', async () => {
  await usher.running('api');
  await usher.doomed('worker: after the commit of a transition', actNames.length);
  const invitations = await invited('worker-dies', actNames);
  const ask = (name: ActName) => usher.act(name, invitations[name].id, invitations[name].email);

  // Unknown to the engine, but committed, so Postgres knows it: no worker is there to answer.
  const [answers] = await Promise.all([Promise.all(actNames.map((name) => settled(() => ask(name)))), usher.hit()]);
  expect(answers.map(({ status, body }) => [status, body.state])).toEqual(
    actNames.map((name) => [200, acts[name].state]),
  );
  await usher.running('worker');
  for (const name of actNames) {
    await tookEffectOnce(name, invitations[name]);
    expect((await ask(name)).body.state).toBe(acts[name].state);
    if (acts[name].state !== 'pending') await workflow(invitations[name]).result();
  }
});

/** What comes first after all have died; the workflow still believes what was before the act. */
const firstComers: Record<
  string,
  { act: ActName; comes: (i: Invited) => Promise<unknown>; after: string[]; isOver: boolean; mails: number }
> = {
  // By hand: the API would not ask the engine about what has ended.
  'a revoke by signal': {
    act: 'accept',
    comes: (i) => workflow(i).signal(revokeSignal),
    after: [],
    isOver: true,
    mails: 1,
  },
  'a cancel of the workflow': { act: 'decline', comes: (i) => workflow(i).cancel(), after: [], isOver: true, mails: 1 },
  'the lost caller': {
    act: 'revoke',
    comes: (i) => usher.act('revoke', i.id, i.email),
    after: [],
    isOver: true,
    mails: 1,
  },
  'the lost caller who joined': {
    act: 'accept',
    comes: (i) => usher.act('accept', i.id, i.email),
    after: [],
    isOver: true,
    mails: 1,
  },
  'a revival': {
    act: 'revoke',
    comes: (i) => settled(() => usher.act('resend', i.id, i.email)),
    after: ['resent'],
    isOver: false,
    mails: 2,
  },
  'the new address': {
    act: 'amend',
    comes: (i) => settled(() => usher.act('accept', i.id, amended(i.email))),
    after: ['accepted'],
    isOver: true,
    mails: 1,
  },
  'nobody but the Schedule': { act: 'resend', comes: (i) => usher.reconcile(i.id), after: [], isOver: false, mails: 2 },
};

test('worker, engine and caller die after the commit of an act: whatever comes first is taken on the row as it is', async () => {
  const cases = Object.entries(firstComers);
  const api = await usher.running('api');
  await usher.doomed('worker: after the commit of a transition', cases.length);
  const invitations = await invited(
    'all-die',
    cases.map(([who]) => who.replaceAll(' ', '-')),
  );
  const invitationOf = (who: string) => invitations[who.replaceAll(' ', '-')]!;
  const lost = cases.map(([who, { act }]) =>
    usher.act(act, invitationOf(who).id, invitationOf(who).email).catch(() => undefined),
  );
  await usher.hit();
  await Promise.all([usher.servers.temporal.kill(), api.end('SIGKILL')]);
  await Promise.all(lost);
  for (const [who, { act }] of cases) {
    expect(await usher.transitions(invitationOf(who).id)).toEqual(['created', acts[act].event]);
  }

  await usher.servers.temporal.restart();
  await usher.running('api');
  await usher.running('worker');
  for (const [who, { act, comes, after, isOver, mails }] of cases) {
    const { id, email } = invitationOf(who);
    await comes(invitationOf(who));
    if (isOver) await workflow(invitationOf(who)).result();
    const transitions = ['created', acts[act].event, ...after];
    expect(await usher.transitions(id), who).toEqual(transitions);
    // The lost caller repeats: it was carried out, and is not again.
    expect((await settled(() => usher.act(act, id, email))).status, who).toBe(200);
    expect(await usher.transitions(id), who).toEqual(transitions);
    if (!isOver) await usher.sent(id);
    expect(await usher.mails(email), who).toBe(mails);
  }
});

test('the worker dies after the provider took the email: it is found there, however late, and not sent again', async () => {
  await usher.running('api');
  await usher.doomed('worker: before a sent email is recorded');
  // So long that its run waits by then, and knows of it no more than that it was handed over.
  await usher.mailIs({ latencyMs: 500 });
  const email = 'mail-taken@example.com';
  const { id } = (await usher.invite(email)).body;
  await usher.hit();
  expect(await usher.mails(email)).toBe(1);
  expect((await usher.call(`/v1/invitations/${id}`)).body.delivery.status).toBe('queued');

  await usher.mailIs({ indexLagMs: 3_600_000, latencyMs: 0 });
  const before = await usher.lookUps();
  await usher.running('worker');
  await usher.reconcile(id);
  await until('a look-up in vain', async () => (await usher.lookUps()) > before);
  await usher.mailIs({ indexLagMs: 0 });
  await usher.sent(id);
  expect(await usher.mails(email)).toBe(1);
});

test('the worker dies after the provider took an email to an inviter: it is found there, and not sent again', async () => {
  await usher.running('api');
  await usher.running('worker');
  const [inviter, email] = ['ida@acme.example', 'told-of@example.com'];
  const browser = await usher.browser(inviter);
  const { id: account } = await usher.db
    .selectFrom('accounts')
    .select('id')
    .where('email', '=', inviter)
    .executeTakeFirstOrThrow();
  const { id: organization } = usher.organization;
  await usher.db
    .transaction()
    .execute((trx) => insertMember(trx, { organization, account, role: 'admin', teams: [], invitation: null }));
  const form = await (await browser('/console/acme/invite')).text();
  const fields = [...form.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  const invited = await browser('/console/acme/invite', {
    ...Object.fromEntries(fields),
    role: 'member',
    addresses: email,
  });
  expect(invited.status).toBe(303);
  const { id } = await usher.db
    .selectFrom('invitations')
    .select('id')
    .where('email', '=', email)
    .executeTakeFirstOrThrow();
  await usher.sent(id);

  await usher.doomed('worker: before a sent notice is recorded');
  expect((await settled(() => usher.act('accept', id, email))).status).toBe(200);
  await usher.temporal.schedule.getHandle('notices').trigger();
  await usher.hit();
  expect(await usher.mails(inviter)).toBe(1);
  const told = async () =>
    (await usher.db.selectFrom('notices').select('status').where('invitation_id', '=', id).execute()).map(
      ({ status }) => status,
    );
  expect(await told()).toEqual(['queued']);

  // Once the engine has missed the heartbeats of the one that died.
  await usher.running('worker');
  await until('the email to be known as sent', async () => (await told())[0] === 'sent');
  expect(await usher.mails(inviter)).toBe(1);
});

test('the API dies after the creating transaction: the repeat finds the invitation, the Schedule starts it', async () => {
  await usher.running('worker');
  await usher.doomed('api: after the creating transaction');
  const email = 'api-dies@example.com';
  await expect(usher.invite(email)).rejects.toThrow();
  await usher.hit();
  await usher.running('api');
  const again = await usher.invite(email);
  expect(again).toMatchObject({ status: 201, body: { state: 'pending', email } });
  const { id } = again.body;
  const rows = await usher.db.selectFrom('invitations').select('id').where('email', '=', email).execute();
  expect(rows).toEqual([{ id }]);

  // Young, it is probably just being started by somebody else, and left alone.
  const schedule = usher.temporal.schedule.getHandle('reconcile');
  const runs = async () => (await schedule.describe()).info.recentActions;
  const before = (await runs()).length;
  await schedule.trigger();
  const run = await until('a run of the Schedule', async () => (await runs())[before]);
  await usher.temporal.workflow.getHandle(run.action.workflow.workflowId).result();
  await expect(workflow({ id, email }).describe()).rejects.toThrow(/not found/);

  await usher.reconcile(id);
  await usher.sent(id);
  expect(await usher.mails(email)).toBe(1);
});

test('the API dies after it wrote down a bounce: the provider’s repeat changes nothing, the Schedule tells the run', async () => {
  await usher.running('worker');
  const schedule = usher.temporal.schedule.getHandle('reconcile');
  await schedule.pause();
  await usher.doomed('api: after feedback is recorded');
  const { url } = usher;
  await usher.mailIs({ webhookUrl: `${url.replace('//', `//postmark:${feedbackPassword}@`)}/webhooks/postmark` });
  const { id } = (await usher.invite('softbounce@bounce-testing.postmarkapp.com')).body;
  await usher.hit();
  await usher.running('api');
  const posted = async () =>
    (await (await fetch(`${usher.inbox}/sandbox/stats`)).json()) as { webhooks: { posted: number } };
  await until('the repeat', async () => (await posted()).webhooks.posted > 0);
  await usher.mailIs({ webhookUrl: null });
  const events = await usher.db
    .selectFrom('events')
    .select('type')
    .where('invitation_id', '=', id)
    .where('type', 'in', ['invitation_sent', 'invitation_bounced'])
    .orderBy('id')
    .execute();
  expect(events.map(({ type }) => type)).toEqual(['invitation_sent', 'invitation_bounced']);
  const standing = async () => (await workflow({ id, email: '' }).query(stateQuery)).at;
  expect(await standing()).toBe('pending.waiting');
  await usher.db
    .updateTable('deliveries')
    .set({ untold_at: new Date(Date.now() - 11_000) })
    .where('invitation_id', '=', id)
    .execute();
  await usher.reconcile(id);
  await until('the run to know', async () => (await standing()) === 'pending.undeliverable');
  await schedule.unpause();
});

test('the API dies after the Update and before the answer: the repeat answers what happened', async () => {
  await usher.running('worker');
  await usher.running('api');
  const invitations = await invited('answer-lost', actNames);
  await usher.doomed('api: before the answer is kept', actNames.length);
  const ask = (name: ActName) => usher.act(name, invitations[name].id, invitations[name].email);
  const lost = actNames.map((name) => expect(ask(name)).rejects.toThrow());
  await usher.hit();
  await Promise.all(lost);
  await usher.running('api');
  for (const name of actNames) {
    expect(await ask(name)).toMatchObject({ status: 200, body: { state: acts[name].state } });
    await tookEffectOnce(name, invitations[name]);
  }
});
