import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { cause } from './durable-machine.ts';

/**
 * Carries traces through workflows: from the caller of an Update, or who started the run, to the activities. For workers
 * that trace; the bundle of others lacks it.
 *
 * The wire is that of `@temporalio/interceptors-opentelemetry` (1.24), whose interceptors client and activities have. Its own
 * for workflows knows the run's trace alone, so that what an Update causes would be found under who created the invitation;
 * it brings 1.7 MB of an older SDK into the sandbox; and it adds steps to promises, so that of the recorded histories two do
 * not replay with it: an Update's answer comes after the next timer. This adds none: with it and without it a run gives the
 * same commands in the same order, and tracing can be switched on and off while invitations are under way.
 */

/** Of that package, `TRACE_HEADER`. */
const header = '_tracer-data';

/** What `header` carries, as W3C Trace Context writes it. */
type Carrier = { traceparent?: string };

/** An Update's part of a trace, when it has its answer. Times in epoch ms. */
export interface UpdateSpan {
  update: string;
  /** `traceparent` of the caller, and the span's own. */
  parent: string;
  own: string;
  began: number;
  ended: number;
}

export interface TracingSinks extends Sinks {
  tracing: { updated(span: UpdateSpan): void };
}

const { tracing } = proxySinks<TracingSinks>();

/** Both are Temporal's headers: what came with a call, and what goes with those that it causes. */
const pass = (headers: Headers): Headers | undefined => {
  const carried = headers[header];
  return carried && { [header]: carried };
};

/** Random as the run is: the same again when it is replayed. */
const newSpanId = () => Array.from({ length: 16 }, () => Math.floor(Math.random() * 16).toString(16)).join('');

const within = <T>(headers: Headers | undefined, next: () => T): T => (headers ? cause.run(headers, next) : next());

/** Headers of an activity: those of what caused it. */
const caused = <TInput extends { readonly headers: Headers }>(input: TInput): TInput => ({
  ...input,
  headers: { ...input.headers, ...(cause.getStore() as Headers | undefined) },
});

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute: (input, next) => within(pass(input.headers), () => next(input)),
      handleSignal: (input, next) => within(pass(input.headers), () => next(input)),
      handleUpdate(input, next) {
        const carried = input.headers[header];
        const carrier = carried && defaultPayloadConverter.fromPayload<Carrier>(carried);
        const parent = carrier?.traceparent;
        if (!parent) return next(input);
        const own = parent.replace(/-[0-9a-f]{16}-/, `-${newSpanId()}-`);
        const began = Date.now();
        const headers = { [header]: defaultPayloadConverter.toPayload({ traceparent: own } satisfies Carrier) };
        const answer = within(headers, () => next(input));
        const end = () => tracing.updated({ update: input.name, parent, own, began, ended: Date.now() });
        answer.then(end, end);
        return answer;
      },
    },
  ],
  outbound: [
    {
      scheduleActivity: (input, next) => next(caused(input)),
      scheduleLocalActivity: (input, next) => next(caused(input)),
      continueAsNew: (input, next) => next(caused(input)),
    },
  ],
});
