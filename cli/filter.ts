import { type Command, Option } from 'commander';
import type { paths } from '../client/index.ts';
import { deliveryStatuses, invitationStates } from '../statecharts/invitation.ts';

type Query = NonNullable<paths['/v1/organizations/{organization}/invitations']['get']['parameters']['query']>;

/** Which invitations, as options of a command. */
export type Filter = Omit<Query, 'cursor' | 'limit' | 'invitedBy'>;

/** Gives a command the options of {@link Filter}. */
export const withFilter = (command: Command): Command =>
  command
    .addOption(new Option('--state <state>', 'only those in this state').choices(invitationStates))
    .addOption(new Option('--delivery <status>', 'only those whose email got this far').choices(deliveryStatuses))
    .option('--email <address>', 'only those for this address')
    .option('--search <text>', 'only those with this in their address')
    .option('--license <product>', 'only those with a licence for this product')
    .option('--role <role>', 'only those to this role')
    .option('--batch <batch>', 'only those who were invited by this batch (bat_…)')
    .option('--created-after <time>', 'only those created after this time (ISO 8601)');
