import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { page, withDiagram } from '../../docs/diagram.ts';
import { invitationChart } from '../../statecharts/invitation.ts';
import { mermaidOf } from '../../statecharts/mermaid.ts';

test('the drawn chart in the docs is the chart as it is: else run npm run docs:diagram', async () => {
  const text = await readFile(page, 'utf8');
  expect(text).toBe(withDiagram(text));
});

test('the drawing names every state, event, delay, guard and actor', () => {
  const drawing = mermaidOf(invitationChart);
  const names = ['sending', 'waiting', 'reminding', 'undeliverable', 'accepted', 'declined', 'expired', 'revoked'];
  const events = ['accept', 'decline', 'revoke', 'resend', 'amend', 'delivery', 'after expiry', 'after reminder'];
  const guards = Object.keys(invitationChart.implementations.guards).map((guard) => `[${guard}`);
  for (const word of [...names, ...events, ...guards, 'runs deliver']) expect(drawing).toContain(word);
});
