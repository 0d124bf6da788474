import type { WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** What the history of an invitation's run remembers of Postgres. */
export interface EngineKnowledge {
  /** Of the last transition it knows to be committed; 0: of none. */
  sequence: number;
  /** Ordinals of the emails that are with the provider, or were handed over to be sent to it. */
  sent: Set<number>;
}

type Payloads = { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined;

/**
 * Reads a history for what its activities and Updates have answered: `load` with the row's sequence, `commit` with one
 * more, each with the email that it handed over, `deliver` with its ordinal. So it needs no worker, which would act.
 */
export function knowledgeOf(history: History): EngineKnowledge {
  const known: EngineKnowledge = { sequence: 0, sent: new Set() };
  for (const event of history.events ?? []) {
    for (const answer of [
      event.markerRecordedEventAttributes?.details?.result,
      event.activityTaskCompletedEventAttributes?.result,
      event.workflowExecutionUpdateCompletedEventAttributes?.outcome?.success,
    ])
      note(known, decoded(answer));
  }
  return known;
}

function note(known: EngineKnowledge, answer: unknown): void {
  if (typeof answer !== 'object' || answer === null) return;
  const { status, sequence, ordinal, row, handedOver } = answer as Record<string, unknown>;
  if (typeof handedOver === 'number') known.sent.add(handedOver);
  if (typeof ordinal === 'number') {
    if (status === 'sent') known.sent.add(ordinal);
  } else if (status === 'committed') {
    known.sequence += 1;
  } else {
    // A row, or where a request was taken.
    for (const at of [sequence, (row as { sequence?: unknown } | undefined)?.sequence])
      if (typeof at === 'number') known.sequence = Math.max(known.sequence, at);
  }
}

function decoded(answer: Payloads): unknown {
  const data = answer?.payloads?.[0]?.data;
  if (!data || data.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    // Not one of those that are read here.
    return undefined;
  }
}
