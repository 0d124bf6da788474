import { readFile } from 'node:fs/promises';
import path from 'node:path';
import protos from '@temporalio/proto';
import { expect, test } from 'vitest';
import { knowledgeOf } from '../../operations/engine-knowledge.ts';

/** What is read from the histories that version 0.1.0 has left (test/replay), and what was done in them. */

const { History } = protos.temporal.api.history.v1;

test.each([
  // created, accepted
  ['accepted', 2, [1]],
  // created, resent, amended, amended (another address), declined
  ['changed', 5, [1, 2, 3]],
  // created, resent, revoked
  ['cancelled', 3, [1, 2]],
  // created, reminded, expired
  ['expired', 3, [1, 2]],
  // created, revoked
  ['refused', 2, [1]],
  // created, accepted
  ['handed-over', 2, [1]],
  // created, resent, revoked
  ['stalled', 3, [1, 2]],
])('the history of an invitation that was %s tells its last sequence, and its emails', async (what, sequence, sent) => {
  const file = path.join(import.meta.dirname, `../replay/histories/invitation@0.1.0-${what}.json`);
  const history = History.fromObject(JSON.parse(await readFile(file, 'utf8')));
  const known = knowledgeOf(history);
  expect({ sequence: known.sequence, sent: [...known.sent].sort() }).toEqual({ sequence, sent });
});
