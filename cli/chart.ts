import type { Event, Invitation } from '../client/index.ts';
import { createdFacts, invitationChart, snapshotOf } from '../statecharts/invitation.ts';
import { outlineOf } from '../statecharts/outline.ts';
import { styled } from './terminal.ts';

/** The invitation's chart for a terminal, with the state that it is in marked: every state, and where its events lead. */
export function chartOf(invitation: Invitation, events: readonly Event[], now = Date.now()): string {
  // What the API tells of it, as the facts by which the chart knows where it stands.
  const last = events.findLast((event) => event.sequence !== null);
  const snapshot = snapshotOf(
    {
      ...createdFacts(Date.parse(invitation.createdAt), 0),
      state: invitation.state,
      expiresAt: Date.parse(invitation.expiresAt),
      delivery: {
        ordinal: 1,
        kind: last?.type === 'reminded' ? 'reminder' : 'invitation',
        status: invitation.delivery.status,
      },
    },
    now,
  );
  const width = process.stdout.columns ?? 100;
  const lines = outlineOf(invitationChart, snapshot).flatMap(({ name, depth, isPresent, leads }) => {
    const state = `${'   '.repeat(depth)}${isPresent ? '●' : '○'} ${name}`.padEnd(column);
    const ways = [...new Set(leads.map((lead) => lead.to))].map(
      (to) => `${leads.flatMap((lead) => (lead.to === to ? lead.on : [])).join(', ')} → ${to}`,
    );
    const [first = '', ...rest] = wrapped(ways, width - column);
    return [
      `${isPresent ? styled(['bold', 'green'], state) : state}${styled('dim', first)}`.trimEnd(),
      ...rest.map((line) => `${' '.repeat(column)}${styled('dim', line)}`),
    ];
  });
  return [styled('bold', 'Where it stands'), ...lines].join('\n');
}

/** Where the second column begins. */
const column = 20;

/** Words in lines of a width, with a dot between them. */
function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = lines.length > 0 ? `${lines.at(-1)} · ${word}` : word;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
