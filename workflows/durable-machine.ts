import {
  AsyncLocalStorage,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  log,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AnyStateMachine,
  type ContextFrom,
  type EventFromLogic,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate';

/**
 * Runs an XState chart as a durable workflow: one event at a time, each transition committed to the database before it
 * counts. Knows XState and Temporal, and nothing of what the chart is about.
 *
 *   event ──▶ transition(snapshot, event) ──▶ commit (one transaction) ──▶ timers, actors ──▶ wait
 *
 * The chart's delayed transitions become Temporal timers, its invoked actors activities, its cancels cancellations. Its
 * custom actions are effects, handed to `commit`. Every event reaches the chart with `at`: the workflow's time in ms.
 */

/** On whose behalf something is done, as interceptors may set it: an event is taken on behalf of those who offered it. */
export const cause = new AsyncLocalStorage<unknown>();

/** A custom action the chart named, as plain data. */
export interface Effect {
  type: string;
  params?: unknown;
}

/** A transition to be recorded, tentative until committed. */
export interface Transition<TMachine extends AnyStateMachine> {
  /** The sequence number it would take: one more than the last. */
  sequence: number;
  event: EventFromLogic<TMachine> & { at: number };
  effects: Effect[];
  context: ContextFrom<TMachine>;
}

/**
 * - `committed`: it is durable.
 * - `refused`: a constraint forbids it; nothing changed.
 * - `superseded`: another transition took that number. A commit can be durable though its workflow task was lost, so the
 *   stored row is adopted and the event offered again.
 * - `repeated`: this request has been committed before, at `sequence`; it is answered so, and the row adopted.
 */
export type Committed<TRow, TRefusal> =
  | { status: 'committed' }
  | { status: 'refused'; code: TRefusal }
  | { status: 'superseded'; row: TRow }
  | { status: 'repeated'; sequence: number; row: TRow };

export interface DurableMachineOptions<TMachine extends AnyStateMachine, TRow extends { sequence: number }, TRefusal> {
  machine: TMachine;
  /**
   * Reads the row from which the run resumes; null when there is none. Asked about an event, it says as `taken` under
   * which number that event's request has been committed, if it has.
   */
  load: (event?: EventFromLogic<TMachine>) => Promise<(TRow & { taken?: number }) | null>;
  /** Whether a run that is told to look at its row must adopt it though it has that transition already. */
  isBehind?: (snapshot: SnapshotFrom<TMachine>, row: TRow) => boolean;
  /** The machine's input for a row at a time (ms). The machine's initial state must route by it and name no effect. */
  input: (row: TRow, at: number) => InputFrom<TMachine>;
  commit: (transition: Transition<TMachine>) => Promise<Committed<TRow, TRefusal>>;
  /** The invoked actors by `src`; run in a scope that is cancelled when the chart leaves them. */
  actors: Record<string, (input: never) => Promise<unknown>>;
  /** Why the chart does not take an event; snapshot is undefined when there is no row. */
  refusal: (snapshot: SnapshotFrom<TMachine> | undefined, event: { type: string }) => TRefusal;
  /** The event that a request to cancel the workflow becomes. */
  cancelEvent: EventFromLogic<TMachine>;
  /** True where the run may end once nothing is queued. A snapshot that is not active ends it in any case. */
  closed?: (snapshot: SnapshotFrom<TMachine>) => boolean;
  /** Called after every change of the snapshot, with the one before (undefined at the start of the run). */
  changed?: (snapshot: SnapshotFrom<TMachine>, before: SnapshotFrom<TMachine> | undefined) => void;
  /** @default Temporal's own suggestion */
  shouldContinueAsNew?: () => boolean;
  continueAsNew: () => Promise<never>;
}

/** What became of an offered event. */
export type Offered<TRefusal> = { status: 'taken'; sequence: number } | { status: 'refused'; code: TRefusal };

export interface DurableMachine<TMachine extends AnyStateMachine, TRefusal> {
  /** Queues an event and answers when it was taken or refused. Never rejects. For Signals, ignore the answer. */
  offer: (event: EventFromLogic<TMachine>) => Promise<Offered<TRefusal>>;
  /** Queues a look at the row: moved on without this run, it is adopted. */
  reload: () => void;
  /** Runs until the chart has ended and every queued event has its answer. */
  run: () => Promise<void>;
  /** Undefined until the row is loaded. */
  readonly snapshot: SnapshotFrom<TMachine> | undefined;
  readonly sequence: number;
}

interface Queued<TRefusal> {
  event: { type: string };
  answer?: (offered: Offered<TRefusal>) => void;
  /** The invocation whose result this is. */
  from?: { id: string; incarnation: number };
  /** True for a delay of the chart that has passed. */
  timed?: true;
  /** On whose behalf, where that is known. */
  cause?: unknown;
}

/** Stands in the queue for a look at the row. */
const reload = 'reload';

/** An action as `transition` returns it; XState's types omit the built-in ones. */
type AnyAction = { type: string; params?: unknown };

export function durableMachine<TMachine extends AnyStateMachine, TRow extends { sequence: number }, TRefusal>(
  options: DurableMachineOptions<TMachine, TRow, TRefusal>,
): DurableMachine<TMachine, TRefusal> {
  const { machine } = options;
  const queue: (Queued<TRefusal> | typeof reload)[] = [];
  /** Delayed events of the chart by id, due at an absolute time (ms). */
  const delayed = new Map<string, { event: { type: string }; due: number }>();
  const actors = new Map<string, { incarnation: number; scope: CancellationScope }>();
  let snapshot: SnapshotFrom<TMachine> | undefined;
  let sequence = 0;
  let incarnations = 0;
  /** The one Temporal timer, for the earliest delay. A timer a delay no longer needs is left to fire: that is cheaper. */
  let timer: { due: number; scope: CancellationScope } | undefined;
  /** A timer may fire a little before its time by the clock of the workflow task; time never runs back behind it. */
  let reached = 0;
  const now = () => Math.max(Date.now(), reached);

  const isActive = (of: SnapshotFrom<TMachine>) => (of as { status: string }).status === 'active';

  /** @param at the time (ms) by which the chart computed its delays; a commit may have taken a while since */
  function become(next: SnapshotFrom<TMachine>, actions: AnyAction[], at: number) {
    const before = snapshot;
    snapshot = next;
    for (const action of actions) perform(action, at);
    options.changed?.(next, before);
  }

  function adopt(row: TRow) {
    for (const id of [...actors.keys()]) stop(id);
    delayed.clear();
    const at = now();
    const [next, actions] = initialTransition(machine, options.input(row, at)) as [SnapshotFrom<TMachine>, AnyAction[]];
    const effect = actions.find(isEffect);
    if (effect)
      throw new Error(`The initial state of ${machine.id} names the effect ${effect.type}: it must only route`);
    sequence = row.sequence;
    become(next, actions, at);
  }

  /** Carries out a built-in action. Effects are the commit's. */
  function perform(action: AnyAction, at: number) {
    const { type, params } = action as { type: string; params: never };
    switch (type) {
      case 'xstate.raise': {
        const { event, id, delay } = params as { event: { type: string }; id?: string; delay?: number };
        // Without a delay the event has been consumed already; an infinite one never comes.
        if (delay === undefined || delay === Number.POSITIVE_INFINITY) return;
        delayed.set(id ?? event.type, { event, due: at + delay });
        return;
      }
      case 'xstate.cancel':
        delayed.delete((params as { sendId: string }).sendId);
        return;
      case 'xstate.spawnChild':
        start(params as { id: string; src: string; input: never });
        return;
      case 'xstate.stopChild':
        stop(typeof params === 'string' ? params : (params as { id: string }).id);
        return;
      default:
        if (!isEffect(action)) throw new Error(`${machine.id} uses ${type}, which a durable machine cannot carry out`);
    }
  }

  function start({ id, src, input }: { id: string; src: string; input: never }) {
    const actor = options.actors[src];
    if (!actor) throw new Error(`${machine.id} invokes ${src}, which no actor implements`);
    stop(id);
    const from = { id, incarnation: ++incarnations };
    const scope = new CancellationScope({ cancellable: true });
    actors.set(id, { incarnation: from.incarnation, scope });
    scope
      .run(() => actor(input))
      .then(
        (output) => queue.push({ event: { type: `xstate.done.actor.${id}`, output } as { type: string }, from }),
        (error) => {
          if (isCancellation(error) && isStale(from)) return;
          queue.push({ event: { type: `xstate.error.actor.${id}`, error } as { type: string }, from });
        },
      );
  }

  function stop(id: string) {
    const actor = actors.get(id);
    actors.delete(id);
    actor?.scope.cancel();
  }

  const isStale = ({ id, incarnation }: { id: string; incarnation: number }) =>
    actors.get(id)?.incarnation !== incarnation;

  /** The next event: what was offered comes before what is due, so that nobody in time loses to a timer. */
  function dequeue(): (typeof queue)[number] | undefined {
    const offered = queue.shift();
    if (offered) return offered;
    const [id, delay] = earliest() ?? [];
    if (!delay || delay.due > now()) return undefined;
    delayed.delete(id!);
    return { event: delay.event, timed: true };
  }

  const earliest = () => [...delayed].sort(([, a], [, b]) => a.due - b.due)[0];

  async function take({ event, answer, from, timed }: Queued<TRefusal>): Promise<void> {
    // Each time the row has moved on, it is adopted and the event offered again.
    for (;;) {
      if (from && isStale(from)) return;
      const stamped = { ...event, at: now() } as EventFromLogic<TMachine> & { at: number };
      const attempt = tryTransition(stamped);
      if (!attempt) {
        if (answer) {
          // A refusal counts only where the row agrees: this run may be behind it, or the event be in it already.
          const { moved, taken } = await resume(stamped);
          if (moved && taken === undefined) continue;
          answer(
            taken === undefined
              ? { status: 'refused', code: options.refusal(snapshot, event) }
              : { status: 'taken', sequence: taken },
          );
        }
        return;
      }
      const [next, actions] = attempt;
      const effects = actions.filter(isEffect).map(({ type, params }) => ({ type, params }));
      if (effects.length === 0) {
        become(next, actions, stamped.at);
        answer?.({ status: 'taken', sequence });
        return;
      }
      const committed = await options.commit({
        sequence: sequence + 1,
        event: stamped,
        effects,
        context: (next as { context: ContextFrom<TMachine> }).context,
      });
      switch (committed.status) {
        case 'committed':
          sequence += 1;
          become(next, actions, stamped.at);
          answer?.({ status: 'taken', sequence });
          return;
        case 'refused':
          answer?.(committed);
          return;
        case 'repeated':
          if (committed.row.sequence !== sequence) adopt(committed.row);
          answer?.({ status: 'taken', sequence: committed.sequence });
          return;
        case 'superseded':
          adopt(committed.row);
          // The row's own deadlines are armed now: this one may have been moved.
          if (timed) return;
          break;
        default:
          committed satisfies never;
      }
    }
  }

  /** The transition an event makes, or undefined when the chart does not take it or one of its guards throws. */
  function tryTransition(event: EventFromLogic<TMachine>): [SnapshotFrom<TMachine>, AnyAction[]] | undefined {
    const current = snapshot!;
    try {
      // XState's transition does not stop at a finished snapshot.
      if (!isActive(current) || !(current as unknown as { can(event: unknown): boolean }).can(event)) return undefined;
      return transition(machine, current, event) as [SnapshotFrom<TMachine>, AnyAction[]];
    } catch (error) {
      log.error('a guard or assignment of the chart threw', { event: event.type, error });
      return undefined;
    }
  }

  async function wait(): Promise<void> {
    const due = earliest()?.[1].due;
    if (due !== undefined && (!timer || timer.due > due)) {
      timer?.scope.cancel();
      arm(due);
    }
    const armed = timer;
    await condition(() => queue.length > 0 || timer !== armed);
  }

  function arm(due: number) {
    const armed = { due, scope: new CancellationScope({ cancellable: true }) };
    timer = armed;
    armed.scope
      .run(() => sleep(Math.max(1, due - now())))
      .then(
        () => {
          reached = Math.max(reached, due);
          if (timer === armed) timer = undefined;
        },
        () => undefined, // replaced by an earlier one
      );
  }

  /** Adopts the row unless it is as this run knows it. */
  async function resume(event?: EventFromLogic<TMachine>): Promise<{ moved: boolean; taken?: number | undefined }> {
    const row = await options.load(event);
    const isBehind = !event && snapshot && row && options.isBehind?.(snapshot, row);
    const moved = row !== null && (row.sequence !== sequence || isBehind === true);
    if (moved) adopt(row);
    return { moved, taken: row?.taken };
  }

  async function loop(): Promise<void> {
    await resume();
    for (;;) {
      const next = dequeue();
      if (next === reload) {
        await resume();
      } else if (next) {
        if (snapshot) await (next.cause === undefined ? take(next) : cause.run(next.cause, take, next));
        else next.answer?.({ status: 'refused', code: options.refusal(undefined, next.event) });
      } else if (!snapshot || !isActive(snapshot) || options.closed?.(snapshot)) {
        await condition(allHandlersFinished);
        if (queue.length === 0) return;
      } else if (options.shouldContinueAsNew?.() ?? workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        if (queue.length === 0) await options.continueAsNew();
      } else {
        await wait();
      }
    }
  }

  return {
    offer: (event) => new Promise((answer) => queue.push({ event, answer, cause: cause.getStore() })),
    reload: () => void queue.push(reload),
    run: async () => {
      CancellationScope.current().cancelRequested.catch(() => queue.push({ event: options.cancelEvent }));
      await CancellationScope.nonCancellable(loop);
    },
    get snapshot() {
      return snapshot;
    },
    get sequence() {
      return sequence;
    },
  };
}

const isEffect = ({ type }: AnyAction) => !type.startsWith('xstate.');
