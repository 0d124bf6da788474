import type { Invitation } from '../client/index.ts';
import type { Context } from './context.ts';
import { UsageError } from './exit-codes.ts';

/** Finds the invitation that an argument means: its id, or the newest of an address. @throws UsageError when there is none */
export async function findInvitation(context: Context, idOrAddress: string): Promise<Invitation> {
  if (!idOrAddress.includes('@'))
    return context.usher.get('/v1/invitations/{id}', { path: { id: idOrAddress }, signal: context.interrupted });
  const found = context.usher.list('/v1/organizations/{organization}/invitations', {
    path: { organization: await context.organization() },
    query: { email: idOrAddress, limit: 1 },
    signal: context.interrupted,
  });
  for await (const invitation of found) return invitation;
  throw new UsageError('No invitation of the organization is for this address.');
}

/** What `<invitation>` is, for the help. */
export const invitationArgument = 'its id (inv_…), or an address: the newest invitation for it';
