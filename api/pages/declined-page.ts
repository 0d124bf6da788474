import { html } from 'hono/html';
import { date } from './date-time.ts';
import { type InviterView, inviter, type OrganizationView } from './invitation-facts.ts';
import { type FrameView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';
import { supplied } from './supplied.ts';

/** A declined invitation, right after the act or when its link is opened later. */
export interface DeclinedPageView extends FrameView {
  organization: OrganizationView;
  /** Left out for anybody but the invitee. */
  invitedBy?: InviterView | undefined;
  decidedAt?: Date | undefined;
}

/** Says that the invitation was declined, and what to do if that was a mistake. */
export const declinedPage = ({ organization, invitedBy, decidedAt, ...frame }: DeclinedPageView): Html =>
  layout({
    ...frame,
    title: 'Invitation declined',
    body: outcome({
      organization,
      icon: 'cross',
      tone: 'neutral',
      heading: 'Invitation declined',
      words: html`<p role="status">The invitation to <strong>${supplied(organization.name)}</strong> was declined${
        decidedAt ? html` on ${date(decidedAt)}` : null
      }. No access was given.</p>
        <p>Was that a mistake? Ask ${invitedBy ? inviter(invitedBy) : 'the person who invited you'} for a new invitation.</p>`,
      next: homeLink(),
    }),
  });
