import { assign, fromPromise, setup } from 'xstate';

/** Small charts, each for a few of the interpreter's duties. Their row holds what their context does. */

export interface Facts {
  state: string;
  count: number;
  deadline: number;
}

const base = setup({
  types: {
    context: {} as Facts,
    events: {} as { type: string; at: number; [more: string]: unknown },
    input: {} as { facts: Facts; at: number },
  },
  actors: { work: fromPromise<string, { round: number }>(() => Promise.reject(new Error('run by the workflow'))) },
  actions: {
    record: (_, _params: { event: string }) => {},
    become: assign({ state: (_, state: string) => state }),
    raiseCount: assign({ count: ({ context }) => context.count + 1 }),
    doubleCount: assign({ count: ({ context }) => context.count * 2 }),
    /** To a time the event names, ms. */
    moveDeadline: assign({ deadline: ({ context, event }) => (event.to as number | undefined) ?? context.deadline }),
  },
  delays: {
    deadline: ({ context, event }) => {
      const e = event as unknown as { at?: number; input?: { at: number } };
      return context.deadline - (e.at ?? e.input?.at ?? 0);
    },
    never: () => Number.POSITIVE_INFINITY,
  },
  guards: {
    is: ({ context }, state: string) => context.state === state,
    hasCounted: ({ context }) => context.count > 0,
    broken: () => {
      throw new Error('a guard of the test that throws');
    },
  },
});

/** Counts; ends on `stop`, on its deadline, and on a cancel. */
export const counter = base.createMachine({
  id: 'counter',
  context: ({ input }) => ({ ...input?.facts }),
  initial: 'routing',
  states: {
    routing: { always: [{ guard: { type: 'is', params: 'open' }, target: 'open' }, { target: 'closed' }] },
    open: {
      after: {
        deadline: {
          target: 'closed',
          actions: [
            { type: 'become', params: 'late' },
            { type: 'record', params: { event: 'late' } },
          ],
        },
        never: { target: 'closed', actions: { type: 'record', params: { event: 'impossible' } } },
      },
      on: {
        add: { actions: ['raiseCount', { type: 'record', params: { event: 'add' } }] },
        double: { guard: 'hasCounted', actions: ['doubleCount', { type: 'record', params: { event: 'double' } }] },
        peek: { actions: 'raiseCount' },
        move: { actions: ['moveDeadline', { type: 'record', params: { event: 'move' } }] },
        reenter: { target: 'open', reenter: true, actions: { type: 'record', params: { event: 'reenter' } } },
        broken: { guard: 'broken', target: 'closed' },
        stop: {
          target: 'closed',
          actions: [
            { type: 'become', params: 'stopped' },
            { type: 'record', params: { event: 'stop' } },
          ],
        },
        cancel: {
          target: 'closed',
          actions: [
            { type: 'become', params: 'cancelled' },
            { type: 'record', params: { event: 'cancel' } },
          ],
        },
      },
    },
    closed: { type: 'final' },
  },
});

/** Has its deadline on the parent: `move` goes to another child, `moveAnew` re-enters the parent. */
export const waiter = base.createMachine({
  id: 'waiter',
  context: ({ input }) => ({ ...input?.facts }),
  initial: 'open',
  states: {
    open: {
      initial: 'here',
      after: { deadline: { target: 'closed', actions: { type: 'record', params: { event: 'late' } } } },
      on: {
        move: { target: '.there', actions: ['moveDeadline', { type: 'record', params: { event: 'move' } }] },
        moveAnew: {
          target: 'open',
          reenter: true,
          actions: ['moveDeadline', { type: 'record', params: { event: 'moveAnew' } }],
        },
        stop: { target: 'closed', actions: { type: 'record', params: { event: 'stop' } } },
      },
      states: { here: {}, there: {} },
    },
    closed: { type: 'final' },
  },
});

/** Invokes work; `again` leaves it and invokes it anew under the same id. */
export const employer = base.createMachine({
  id: 'employer',
  context: ({ input }) => ({ ...input?.facts }),
  initial: 'working',
  states: {
    working: {
      invoke: {
        id: 'job',
        src: 'work',
        input: ({ context }) => ({ round: context.count }),
        onDone: {
          target: 'done',
          actions: [
            { type: 'become', params: 'done' },
            { type: 'record', params: { event: 'done' } },
          ],
        },
        onError: {
          target: 'done',
          actions: [
            { type: 'become', params: 'failed' },
            { type: 'record', params: { event: 'failed' } },
          ],
        },
      },
      on: {
        again: {
          target: 'working',
          reenter: true,
          actions: ['raiseCount', { type: 'record', params: { event: 'again' } }],
        },
        cancel: {
          target: 'done',
          actions: [
            { type: 'become', params: 'cancelled' },
            { type: 'record', params: { event: 'cancel' } },
          ],
        },
      },
    },
    done: { type: 'final' },
  },
});
