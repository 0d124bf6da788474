import { initialTransition, transition } from 'xstate';
import { settleDeliveries } from '../../db/deliveries.ts';
import type { InvitationId } from '../../db/ids.ts';
import {
  type InvitationEffect,
  type InvitationEvent,
  type InvitationFacts,
  invitationChart,
  refusalOf,
  snapshotOf,
  takes,
} from '../../statecharts/invitation.ts';
import type { AmendmentId, StoredInvitation } from '../../workflows/contract.ts';
import type { InvitationActivities } from '../../workflows/invitation.ts';
import { eventOf } from './event.ts';
import type { Act, Answer } from './model.ts';
import { amendment, invite, note, type Organization } from './records.ts';

/** What one run knows of its invitation: it may be behind the row. */
interface Run {
  id: InvitationId;
  sequence: number;
  facts: InvitationFacts;
}

type Timed = { type: string };

/** Offers events to the chart and commits what it says: what the workflow does, with nothing durable but Postgres. */
export class Runs {
  readonly #organization: Organization;
  readonly #activities: InvitationActivities;
  readonly #runs: Run[] = [];
  readonly #amendments = new Map<string, AmendmentId>();

  constructor(organization: Organization, activities: InvitationActivities) {
    this.#organization = organization;
    this.#activities = activities;
  }

  /**
   * Does what an act asks for.
   *
   * @param forget whether the run forgets it again, as one does whose task was lost; only Postgres knows
   */
  async offer(act: Act, key: string, now: number, forget: boolean, amends?: AmendmentId): Promise<Answer> {
    if (act.do === 'invite') return invite(this.#organization, act, key, now);
    // A Signal is not lost: Temporal has it before it is said to have been sent.
    const forgets = forget && act.do !== 'feedback';
    if (act.do === 'feedback') await note(this.#organization, act);
    if (act.do === 'amend' && !amends) {
      amends = this.#amendments.get(key) ?? (await amendment(this.#organization, act));
      this.#amendments.set(key, amends);
    }
    const account = 'by' in act && act.by ? this.#organization.accounts[act.by] : undefined;
    const run = await this.#run(act.to);
    return this.#take(forgets ? { ...run } : run, eventOf(act, account, amends), now, key);
  }

  async #run(to: number): Promise<Run> {
    const id = this.#organization.invitations[to]!;
    this.#runs[to] ??= { id, ...((await this.#activities.load(id, null)) as StoredInvitation) };
    return this.#runs[to];
  }

  /** As `take` of workflows/durable-machine.ts. */
  async #take(run: Run, event: InvitationEvent | Timed, at: number, request: string | null): Promise<Answer> {
    const adopt = ({ sequence, facts }: StoredInvitation) => Object.assign(run, { sequence, facts });
    for (;;) {
      const stamped = { ...event, at } as InvitationEvent & { at: number };
      const snapshot = snapshotOf(run.facts, at);
      if (!takes(snapshot, stamped)) {
        if (!request) return { status: 'refused', code: refusalOf(snapshot, event) };
        const row = (await this.#activities.load(run.id, request))!;
        const moved = row.sequence !== run.sequence;
        if (moved) adopt(row);
        if (row.taken !== undefined) return { status: 'taken', sequence: row.taken };
        if (moved) continue;
        return { status: 'refused', code: refusalOf(snapshot, event) };
      }
      const [next, actions] = transition(invitationChart, snapshot, stamped);
      const effects = (actions as unknown as InvitationEffect[]).filter(({ type }) => !type.startsWith('xstate.'));
      if (effects.length === 0) {
        run.facts = next.context;
        return { status: 'taken', sequence: run.sequence };
      }
      const { account } = event as { account?: string };
      const committed = await this.#activities.commit({
        invitation: run.id,
        sequence: run.sequence + 1,
        facts: next.context,
        effects: effects.map(({ type, ...rest }) => ({ type, ...rest })) as InvitationEffect[],
        by: { kind: 'system', id: null },
        account: (account as never) ?? null,
        request,
      });
      switch (committed.status) {
        case 'committed':
          adopt({ sequence: run.sequence + 1, facts: next.context });
          return { status: 'taken', sequence: run.sequence };
        case 'refused':
          return committed;
        case 'repeated':
          adopt(committed.row);
          return { status: 'taken', sequence: committed.sequence };
        case 'superseded':
          adopt(committed.row);
          if (!request) return { status: 'refused', code: 'event_unknown' };
          break;
        default:
          committed satisfies never;
      }
    }
  }

  /** Reads the row again. */
  async resume(to: number): Promise<void> {
    delete this.#runs[to];
    await this.#run(to);
  }

  /** The provider answers the current mail, if it is under way. */
  async settle(to: number, status: 'sent' | 'failed', now: number): Promise<void> {
    const run = await this.#run(to);
    const { state, delivery } = run.facts;
    if (state !== 'pending' || delivery.status !== 'queued') return;
    const { ordinal } = delivery;
    const ended = { invitation: run.id, ordinal, status, detail: null, providerMessageId: null };
    await settleDeliveries(this.#organization.db, [ended]);
    await this.#take(run, { type: 'xstate.done.actor.delivery', output: { ordinal, status } } as Timed, now, null);
  }

  /** Everything that falls due until then, when it does; what was due before, now. */
  async passUntil(until: number, now: number): Promise<void> {
    for (const to of this.#organization.invitations.keys()) {
      let run = await this.#run(to);
      // A run behind its row wakes by its own old deadline, and must learn by that alone; or is told to look.
      const row = (await this.#activities.load(run.id, null))!;
      if (row.sequence !== run.sequence) {
        const [old] = due(run, now, until);
        if (old) await this.#take(run, old.event, Math.max(now, old.due), null);
        if (run.sequence !== row.sequence) await this.resume(to);
        run = await this.#run(to);
      }
      for (let at = now, rung = true; rung; ) {
        rung = false;
        for (const timer of due(run, at, until)) {
          at = Math.max(at, timer.due);
          const { sequence } = run;
          await this.#take(run, timer.event, at, null);
          rung = run.sequence !== sequence;
          if (rung) break;
        }
      }
    }
  }
}

/** The timers of a run that are due by then, earliest first. */
function due({ facts }: Run, now: number, until: number): { due: number; event: Timed }[] {
  const [, actions] = initialTransition(invitationChart, { facts, at: now });
  return (actions as unknown as { type: string; params: { delay?: number; event: Timed } }[])
    .filter(({ type, params }) => type === 'xstate.raise' && params.delay !== undefined)
    .map(({ params }) => ({ due: now + params.delay!, event: params.event }))
    .filter((timer) => timer.due <= until)
    .sort((a, b) => a.due - b.due);
}
