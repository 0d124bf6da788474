import type { InvitationEvent } from '../../statecharts/invitation.ts';
import type { Act } from './model.ts';

/** The event that an act is to the chart. */
export function eventOf(act: Exclude<Act, { do: 'invite' }>, account = '', amendment = ''): InvitationEvent {
  switch (act.do) {
    case 'accept':
    case 'decline':
      return { type: act.do, account, emailVersion: act.seen, receivedAt: act.receivedAt };
    case 'amend':
      return { type: 'amend', amendment, emailChanged: act.moves, emailVersion: act.seen };
    case 'feedback':
      return { type: 'delivery', ordinal: act.ordinal, status: act.status };
    case 'resend': {
      const { lifetime, replaceLink } = act;
      return {
        type: 'resend',
        ...(lifetime === undefined ? {} : { expiresIn: lifetime }),
        ...(replaceLink === undefined ? {} : { replaceLink }),
      };
    }
    default:
      return { type: act.do };
  }
}
