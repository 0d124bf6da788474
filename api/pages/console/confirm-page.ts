import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import type { HiddenFields } from '../post-form.ts';
import { consoleForm, type FormError, reasonField } from './form.ts';
import { type ConsoleFrame, consolePage } from './frame.ts';

/** Asks once more, before something that cannot be undone. */
export interface ConfirmPageView {
  frame: ConsoleFrame;
  /** The question, as the heading. */
  title: string;
  heading?: Html | undefined;
  /** What will be so afterwards: paragraphs. */
  words: Html;
  /** Where the form posts to, and what is hidden in it. */
  action: string;
  fields?: HiddenFields;
  /** A field that is hidden several times. */
  repeated?: { name: string; values: readonly string[] } | undefined;
  /** Fields to fill in. */
  content?: Html | undefined;
  /** The words on the button, which say what it does. */
  button: string;
  /** @default 'danger' */
  tone?: 'primary' | 'danger';
  /** Where to go instead. */
  back: { href: string; text: string };
  error?: FormError | undefined;
}

export const confirmPage = ({
  frame,
  title,
  heading,
  words,
  action,
  fields,
  repeated,
  content,
  button,
  tone = 'danger',
  back,
  error,
}: ConfirmPageView): Html =>
  consolePage(frame, {
    title,
    heading,
    error,
    body: html`
    <div class="card confirm">
      <div class="words">${words}</div>${consoleForm(
        frame,
        action,
        fields ?? {},
        html`${repeated?.values.map((value) => html`<input type="hidden" name="${repeated.name}" value="${value}">`)}${content}${reasonField(frame, {}, error)}
        <div class="confirm-do"><button class="button ${tone}">${button}</button>${buttonLink(back.href, back.text)}</div>`,
      )}
    </div>`,
  });
