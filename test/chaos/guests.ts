import { setTimeout as sleep } from 'node:timers/promises';
import { insertPending, usualExpiryMs } from '../../api/invitations.ts';
import type { InvitationId } from '../../db/ids.ts';
import { findLicensePools } from '../../db/licenses.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { invitationStart, workflowTypes } from '../../workflows/contract.ts';
import { until } from '../setup/until.ts';
import type { Answer } from '../setup/usher.ts';
import { acts, amended } from './acts.ts';
import type { Installation } from './installation.ts';
import type { Call, Journal } from './journal.ts';
import { type Person, type PersonName, people, type Step } from './people.ts';
import type { Random } from './random.ts';

/** An invited person, and what came of it. */
export interface Guest {
  name: PersonName;
  script: Person;
  email: string;
  /** Undefined until invited, and where that was refused. */
  id?: InvitationId;
  /** When the invitation expires, as first sent; epoch ms. */
  expiresAt?: number;
  calls: Call[];
}

/** @returns the people who come, in the order in which they do */
export function cast(count: number, random: Random, names: readonly PersonName[]): Guest[] {
  const shares = names.flatMap((name) => Array.from({ length: (people[name] as Person).share ?? 1 }, () => name));
  // Everybody at least once, then by their shares.
  const all = [...names, ...Array.from({ length: count }, () => random.pick(shares))].slice(0, count);
  return random.shuffled(all).map((name, i) => {
    const script: Person = people[name];
    const domain = script.mail === 'bounces' ? 'bounce-testing.postmarkapp.com' : 'example.com';
    return { name, script, email: `guest-${i}@${domain}`, calls: [] };
  });
}

export interface LifeOptions {
  usher: Installation;
  journal: Journal;
  random: Random;
  /** How long an invitation lives that expires while the chaos lasts, ms, from and to. */
  lifeMs: readonly [number, number];
  signal?: AbortSignal | undefined;
}

/** Invites a person, however often it takes, and lets them do what they do. */
export async function live(guest: Guest, options: LifeOptions): Promise<void> {
  const { usher, journal, random, lifeMs, signal } = options;
  const { script, email } = guest;
  const key = `invite-${email}`;
  const licenses = [script.license ?? 'plenty'];
  const life = random.between(...lifeMs);
  const invite: Call = {
    key,
    act: 'invite',
    who: email,
    tries: [],
    ask: () =>
      script.lives === 'shortly'
        ? inviteShortly(usher, { key, email, licenses, expiresIn: Math.round(life) })
        : script.comes === 'in a batch'
          ? inviteByBatch(usher, { key, email, licenses })
          : usher.call('/v1/organizations/acme/invitations', { body: { email, licenses }, idempotencyKey: key }),
  };
  guest.calls.push(invite);
  let answer = await journal.ask(invite);
  while (!answer) {
    await sleep(random.between(200, 1_000), undefined, { signal });
    answer = await journal.ask(invite);
  }
  if (answer.status !== 201) return;
  guest.id = answer.body.id;
  guest.expiresAt = Date.parse(answer.body.expiresAt);

  for (const [i, step] of script.does.entries()) {
    if (step === 'waits for the email') {
      await until(step, () => isSent(usher, guest.id!)).catch(() => undefined);
      continue;
    }
    if (typeof step === 'string') {
      const early = step === 'waits until it is late' ? random.between(0, 1_000) : 0;
      await sleep(Math.max(0, guest.expiresAt - early - Date.now()), undefined, { signal });
      continue;
    }
    if (script.lives !== 'shortly') await sleep(random.between(0, 1_500), undefined, { signal });
    const steps: readonly Step[] = 'act' in step ? [step] : step;
    await Promise.all(steps.map((s, j) => journal.send(callOf(usher, guest, s, `${i}.${j}`), s.isHasty)));
  }
}

/** Whether any email of an invitation has been sent; false also while Postgres is down. */
const isSent = ({ db }: Installation, id: InvitationId): Promise<boolean> =>
  db
    .selectFrom('deliveries')
    .select('status')
    .where('invitation_id', '=', id)
    .where('status', '=', 'sent')
    .execute()
    .then(
      (sent) => sent.length > 0,
      () => false,
    );

/** The request of a step; one that was sent before is the same. */
function callOf(usher: Installation, guest: Guest, step: Step, place: string): Call {
  const { act, who = 'invitee', request, inABatch } = step;
  const { id, email } = guest;
  const key = `${act}-${request ?? place}-${id}`;
  const known = guest.calls.find((call) => call.key === key);
  if (known) return known;
  const address = { invitee: email, stranger: `stranger-${email}`, successor: amended(email) }[who];
  const { method, body }: { method?: string; body: unknown } = acts[act].request(address);
  const path = `/v1/invitations/${id}${method ? '' : `/${act}`}`;
  const ask = () =>
    inABatch
      ? actByBatch(usher, { key, act, id: id!, body })
      : usher.call(path, { body, idempotencyKey: key, ...(method ? { method } : {}) });
  const call: Call = { key, act, who: address, ask, tries: [] };
  guest.calls.push(call);
  return call;
}

/** Invites by a batch, and answers as inviting this one alone would be answered. */
async function inviteByBatch(
  usher: Installation,
  { key, email, licenses }: { key: string; email: string; licenses: string[] },
): Promise<Answer> {
  const answer = await usher.call('/v1/organizations/acme/invitation-batches', {
    body: { mode: 'valid', invitations: [{ email, licenses }] },
    idempotencyKey: key,
  });
  if (answer.status !== 202) return answer;
  const { createdAt, results } = answer.body;
  const [{ result, invitation: id }] = results;
  if (result !== 'invited') return { ...answer, status: 409, body: { code: result } };
  const expiresAt = new Date(Date.parse(createdAt) + usualExpiryMs).toISOString();
  return { ...answer, status: 201, body: { id, expiresAt } };
}

/** How often is looked for the result of an act by a batch, ms, and how many times before it is asked for anew. */
const look = { everyMs: 300, times: 30 };

/** Carries an act out by a batch, and answers as the act alone would be answered. */
async function actByBatch(
  usher: Installation,
  { key, act, id, body }: { key: string; act: string; id: InvitationId; body: unknown },
): Promise<Answer> {
  const answer = await usher.call(`/v1/organizations/acme/invitation-batches/${act}`, {
    body: { invitations: [id], ...(body as object) },
    idempotencyKey: key,
  });
  if (answer.status !== 202) return answer;
  for (let times = 0; times < look.times; times += 1) {
    const results = await usher.call(`/v1/invitation-batches/${answer.body.id}/results`);
    const [row] = results.body.items ?? [];
    if (row?.result === 'done') return { ...answer, status: 200, body: {} };
    if (row && row.result !== 'waiting') return { ...answer, status: 409, body: { code: row.result } };
    await sleep(look.everyMs);
  }
  return { ...answer, status: 503, body: { code: 'engine_unreachable' } };
}

/** The API invites for an hour at least. For less its own transaction is made here, and the workflow started as it does. */
export async function inviteShortly(
  { organization, owner, db, temporal }: Installation,
  wanted: { key: string; email: string; licenses: string[]; expiresIn: number },
): Promise<Answer> {
  const pools = await findLicensePools(db, organization.id, wanted.licenses);
  const { id } = await insertPending(db, {
    organization,
    standing: { account: owner.id, role: 'owner', by: { kind: 'system', id: null } },
    expiresIn: wanted.expiresIn,
    requestKey: wanted.key,
    email: wanted.email,
    mailbox: mailboxOf(wanted.email)!,
    role: 'member',
    poolIds: pools.map((pool) => pool.id),
  });
  const row = await db
    .selectFrom('invitations')
    .select(['state', 'expires_at'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const start = invitationStart({ id, organization: organization.slug, state: row.state, expiresAt: row.expires_at });
  void temporal
    .withDeadline(Date.now() + 5_000, () => temporal.workflow.start(workflowTypes.invitation, start))
    .catch(() => undefined);
  return { status: 201, body: { id, expiresAt: row.expires_at.toISOString() }, headers: new Headers() };
}
