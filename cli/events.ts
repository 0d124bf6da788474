import type { Event } from '../client/index.ts';

/** Columns of {@link eventRow}. */
export const eventHeads = ['WHEN', 'WHAT', 'WHO', 'DETAIL'] as const;

/** An event as a row of a table. */
export const eventRow = (e: Event): string[] => [
  new Date(e.at).toISOString().slice(0, 19).replace('T', ' '),
  e.type,
  [e.actor.kind, e.actor.id].filter(Boolean).join(' '),
  [e.detail, e.reason].filter(Boolean).join(': '),
];
