import { html } from 'hono/html';
import { dateTime } from './date-time.ts';
import type { OrganizationView } from './invitation-facts.ts';
import { type AccountView, type FrameView, type Html, layout } from './layout.ts';
import { lookAlikeWarning } from './look-alike.ts';
import { homeLink, outcome } from './outcome.ts';
import { signInForm } from './sign-in-form.ts';
import { address, supplied } from './supplied.ts';

/** A pending invitation opened, by a live link, with an account of another address. */
export interface WrongAccountPageView extends FrameView {
  account: AccountView;
  /** The account is of a provider that another organization has to itself: whatever its address, it does not count here. */
  isElsewheres?: boolean | undefined;
  csrf: string;
  invitation: { id: string; email: string; organization: OrganizationView; expiresAt: Date };
}

/** Names both addresses and offers to switch: posts `_csrf`, `invitation`, `prompt=login`, `login_hint` to /sign-in. */
export const wrongAccountPage = ({ isElsewheres, invitation, ...frame }: WrongAccountPageView): Html => {
  const { words, account, csrf } = frame;
  return layout({
    ...frame,
    color: invitation.organization.color,
    title: words.text('wrong.title'),
    body: outcome({
      organization: invitation.organization,
      icon: 'people',
      tone: 'neutral',
      heading: words.text('wrong.title'),
      words: html`<p>${words.parts(isElsewheres ? 'wrong.elsewhere' : 'wrong.words', {
        organization: html`<strong>${supplied(invitation.organization.name)}</strong>`,
      })}</p>
        <dl class="facts">
          <div><dt>${words.text('wrong.invited')}</dt><dd><strong>${address(invitation.email)}</strong></dd></div>
          <div><dt>${words.text('wrong.signedIn')}</dt><dd>${address(account.email)}</dd></div>
        </dl>${lookAlikeWarning(words, 'lookAlike.invited', invitation.email)}
        <p>${words.parts('wrong.switch', { time: dateTime(invitation.expiresAt, words) })}</p>
        ${isElsewheres ? null : html`<p>${words.text('wrong.askToChange')}</p>`}`,
      next: html`${signInForm({
        csrf,
        invitation: invitation.id,
        text: words.text('signIn.switch'),
        switchAccount: true,
        loginHint: invitation.email,
      })}
        ${homeLink(words)}`,
    }),
  });
};
