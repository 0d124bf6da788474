import type { Command } from 'commander';
import type { Event, Invitation } from '../../client/index.ts';
import { act } from '../act.ts';
import { chartOf } from '../chart.ts';
import { take } from '../context.ts';
import { eventHeads, eventRow } from '../events.ts';
import { findInvitation, invitationArgument } from '../invitations.ts';
import { facts, moment, styled, table } from '../terminal.ts';

export const addShow = (program: Command): Command =>
  program
    .command('show')
    .description('Show an invitation: its facts, where it stands in the chart, and what happened to it')
    .argument('<invitation>', invitationArgument)
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher show ada@example.com\n  $ usher show inv_01k9xqj2v3e8gt0d5w6m7n8p9q --json',
    )
    .action(
      act(async (context, target: string) => {
        const { usher, interrupted: signal } = context;
        const invitation = await findInvitation(context, target);
        const all = usher.list('/v1/invitations/{id}/events', {
          path: { id: invitation.id },
          query: { limit: 100 },
          signal,
        });
        const { items: events } = await take(all);
        if (context.json) console.log(JSON.stringify({ ...invitation, events }, null, 2));
        else console.log([described(invitation), chartOf(invitation, events), happened(events)].join('\n\n'));
        return undefined;
      }),
    );

const described = (i: Invitation): string =>
  facts([
    ['Invitation', i.id],
    ['For', i.email],
    ['Organization', i.organization],
    ['State', i.state],
    [
      i.state === 'pending' ? 'Expires' : 'Ended',
      moment(i.state === 'pending' ? i.expiresAt : (i.decidedAt ?? i.expiresAt)),
    ],
    ['Role', i.role],
    ['Teams', i.teams.join(', ')],
    ['Licences', i.licenses.join(', ')],
    [
      'Email',
      [i.delivery.status, i.delivery.detail && `(${i.delivery.detail})`, moment(i.delivery.at)]
        .filter(Boolean)
        .join(' '),
    ],
    ['Invited', `${moment(i.createdAt)} by ${i.invitedBy.name} <${i.invitedBy.email}>`],
    ['Message', i.message ?? undefined],
    ['Leads to', i.redirectUrl ?? undefined],
    [
      'Notes',
      Object.entries(i.metadata)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ],
    ['Takes now', i.allowed.join(', ')],
    ['Workflow', i.workflowId],
    ...i.warnings.map((warning) => ['Look twice', warning.detail] as const),
  ]);

const happened = (events: Event[]): string =>
  [styled('bold', 'What happened'), table(eventHeads, events.map(eventRow))].join('\n');
