import { html } from 'hono/html';
import { english } from '../../../languages/words.ts';
import { organizationTile } from '../avatar.ts';
import { type AccountView, type Html, layout } from '../layout.ts';
import { banner, type Notice, noticeBanner } from '../notice.ts';
import { supplied } from '../supplied.ts';
import { errorSummary, type FormError } from './form.ts';

/** What stands around the content of every page of an organization's console. */
export interface ConsoleFrame {
  account: AccountView;
  csrf: string;
  organization: {
    name: string;
    /** Hash of its logo. */
    logo?: string | null;
    /** Where its console begins: `/console/acme`. */
    path: string;
    isSuspended: boolean;
  };
  /** Whether whoever acts must say why: those who run Usher must. */
  asksReason: boolean;
  /** Those parts of the console that the person may open; `current` is the page itself, or the part that it belongs to. */
  sections: readonly { name: string; href: string; current?: 'page' | 'true' }[];
  /** What has just been done. */
  notice?: Notice;
}

/** Where those who run Usher find whom they are asked to help, in all organizations. */
export const supportPath = '/support';

/** A page of an organization's console. */
export interface ConsolePage {
  /** The page's heading, and its name in the browser's tab. */
  title: string;
  /** The heading, where it is more than text. @default `title` */
  heading?: Html | undefined;
  /** Leads back to what the page belongs to. */
  back?: { href: string; text: string } | undefined;
  /** What is done most from here: buttons beside the heading. */
  actions?: Html | null | undefined;
  /** What was wrong with the form that was sent. */
  error?: FormError | undefined;
  body: Html;
}

/** Puts a page into the console's frame: organization, navigation, heading, notices. */
export const consolePage = (frame: ConsoleFrame, { title, heading, back, actions, error, body }: ConsolePage): Html => {
  const { organization, sections, notice } = frame;
  return layout({
    words: english,
    title: `${title} · ${organization.name}`,
    account: frame.account,
    csrf: frame.csrf,
    width: 'wide',
    script: '/static/console.js',
    body: html`
    <div class="console-head">
      <p class="console-organization">${organizationTile(organization, 'small')}<span><span class="over">Console</span>${supplied(organization.name)}</span></p>
      <nav class="tabs" aria-label="Console"><ul class="plain">${sections.map(
        ({ name, href, current }) =>
          html`<li><a href="${href}"${current ? html` aria-current="${current}"` : null}>${name}</a></li>`,
      )}</ul></nav>
    </div>${
      organization.isSuspended
        ? banner(
            'warning',
            html`<p>The organization is suspended: nothing is sent for it, and nobody can join, until that ends.</p>`,
          )
        : null
    }${
      frame.asksReason
        ? banner(
            'info',
            html`<p>You are here as one who runs Usher. What you change needs a reason, which the organization reads in its audit log. <a href="${supportPath}">Find others</a></p>`,
          )
        : null
    }${noticeBanner(notice)}${errorSummary(error)}
    <div class="title-row">
      <div>${back ? html`<p class="back"><a href="${back.href}">${back.text}</a></p>` : null}<h1>${heading ?? title}</h1></div>${
        actions ? html`<div class="title-actions">${actions}</div>` : null
      }
    </div>
    ${body}`,
  });
};

/** A part of a page that keeps up with what it shows, where scripts run. @param name once a page */
export const live = (name: string, content: Html | null): Html =>
  html`<div class="live" data-live="${name}">${content}</div>`;

/** In place of a list where there is nothing: what to do next. */
export const emptyState = (words: Html | string): Html => html`
      <p class="empty">${words}</p>`;

/** For a cell that holds nothing. */
export const nothing = html`<span aria-hidden="true">–</span><span class="visually-hidden">none</span>`;
