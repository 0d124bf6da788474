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
export const declinedPage = ({ organization, invitedBy, decidedAt, ...frame }: DeclinedPageView): Html => {
  const { words } = frame;
  const name = html`<strong>${supplied(organization.name)}</strong>`;
  return layout({
    ...frame,
    color: organization.color,
    title: words.text('declined.title'),
    body: outcome({
      organization,
      icon: 'cross',
      tone: 'neutral',
      heading: words.text('declined.title'),
      words: html`<p role="status">${
        decidedAt
          ? words.parts('declined.wordsOn', { organization: name, date: date(decidedAt, words) })
          : words.parts('declined.words', { organization: name })
      }</p>
        <p>${
          invitedBy
            ? words.parts('declined.mistake', { inviter: inviter(invitedBy) })
            : words.text('declined.mistakeOfSomebody')
        }</p>`,
      next: homeLink(words),
    }),
  });
};
