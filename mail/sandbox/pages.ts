import type { FastifyInstance, FastifyReply } from 'fastify';
import { html } from 'hono/html';
import { bounceTypes } from '../bounce-types.ts';
import type { MessageEvent, MessageStore, StoredMessage } from './store.ts';

export interface PagesOptions {
  store: MessageStore;
  stylesheet: string;
}

type Html = ReturnType<typeof html>;

const pageSize = 50;

const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
// An email may style itself and show images that it carries; it loads nothing, runs nothing, and shares no origin with
// the inbox. Its links open elsewhere.
const emailPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/** The inbox, and each message on a page of its own. */
export async function pages(app: FastifyInstance, { store, stylesheet }: PagesOptions): Promise<void> {
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  app.get('/sandbox.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(stylesheet));

  app.get<{ Querystring: { recipient?: string; before?: string } }>('/', (request, reply) => {
    const recipient = String(request.query.recipient ?? '').trim();
    const before = Number(request.query.before);
    const found = newestFirst(store, recipient, Number.isInteger(before) && before >= 0 ? before : store.size);
    return sendPage(reply, inboxPage(store, recipient, found, request.query.before !== undefined));
  });

  app.get<{ Params: { id: string } }>('/inbox/:id', (request, reply) => {
    const message = store.byId(request.params.id);
    if (!message) return sendPage(reply.code(404), missingPage());
    const { html: body, text } = store.bodies(message.id);
    return sendPage(reply, messagePage(message, body !== '', text));
  });

  app.get<{ Params: { id: string } }>('/inbox/:id/html', (request, reply) => {
    const message = store.byId(request.params.id);
    if (!message) return sendPage(reply.code(404), missingPage());
    return reply
      .header('content-security-policy', emailPolicy)
      .type('text/html; charset=utf-8')
      .send(withLinksInNewTabs(store.bodies(message.id).html));
  });
}

/** The newest messages older than one, to an address that contains `recipient`; one more than a page, if there is one. */
function newestFirst(store: MessageStore, recipient: string, before: number): number[] {
  const wanted = recipient.toLowerCase();
  const found: number[] = [];
  for (let index = Math.min(before, store.size) - 1; index >= 0 && found.length <= pageSize; index--) {
    if (store.at(index)!.to.some((a) => a.Email.toLowerCase().includes(wanted))) found.push(index);
  }
  return found;
}

/** Puts the base into the email's head, or before everything if it has none. */
function withLinksInNewTabs(email: string): string {
  const base = '<base target="_blank">';
  const head = /<head(?:\s[^>]*)?>/i;
  return head.test(email) ? email.replace(head, (tag) => tag + base) : base + email;
}

async function sendPage(reply: FastifyReply, page: Html): Promise<FastifyReply> {
  return reply
    .header('content-security-policy', pagePolicy)
    .type('text/html; charset=utf-8')
    .send(String(await page));
}

const layout = (title: string, content: Html) => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/sandbox.css">
  </head>
  <body>
    <header class="bar">
      <a class="home" href="/">Mail sandbox</a>
      <span class="hint">Email sent on this machine ends here. Nothing is delivered.</span>
    </header>
    <main>${content}</main>
  </body>
</html>`;

function inboxPage(store: MessageStore, recipient: string, found: number[], older: boolean): Html {
  const shown = found.slice(0, pageSize);
  const query = new URLSearchParams(recipient === '' ? {} : { recipient });
  const first = query.size === 0 ? '/' : `/?${query}`;
  const next = new URLSearchParams(query);
  next.set('before', String(shown.at(-1)));
  return layout(
    recipient === '' ? 'Inbox · Mail sandbox' : `Inbox of ${recipient} · Mail sandbox`,
    html`<div class="heading">
        <h1>Inbox</h1>
        <form action="/" role="search">
          <label for="recipient">Recipient</label>
          <input id="recipient" name="recipient" type="search" value="${recipient}" autocomplete="off" spellcheck="false">
          <button>Search</button>
        </form>
      </div>
      ${
        recipient === ''
          ? undefined
          : html`<p class="filter">Messages to addresses that contain <strong>${recipient}</strong>. <a href="/">Show all</a></p>`
      }
      ${
        shown.length === 0
          ? emptyState(store.size === 0)
          : html`<ol class="messages">${shown.map((index) => row(store.at(index)!))}</ol>`
      }
      <nav class="pager" aria-label="Pages">
        ${older ? html`<a href="${first}">Newest</a>` : html`<a href="${first}">Refresh</a>`}
        ${found.length > pageSize ? html`<a href="/?${String(next)}">Older</a>` : undefined}
      </nav>`,
  );
}

const emptyState = (nothingYet: boolean) =>
  nothingYet
    ? html`<div class="empty"><h2>No messages yet</h2><p>Invite somebody: the email they would get appears here.</p></div>`
    : html`<div class="empty"><h2>Nothing found</h2><p>No message here matches.</p></div>`;

const row = (message: StoredMessage) => html`<li>
  <a class="subject" href="/inbox/${message.id}">${message.subject || '(no subject)'}</a>
  <span class="to">To ${message.to.map((a) => a.Email).join(', ')}</span>
  <span class="badges">${message.tag ? html`<span class="tag">${message.tag}</span>` : undefined} ${status(message)}</span>
  ${time(message.receivedAt)}
</li>`;

function status(message: StoredMessage): Html {
  const last = message.events.at(-1);
  if (!last) return html`<span class="status">Taken</span>`;
  return last.type === 'Delivered'
    ? html`<span class="status good">Delivered</span>`
    : html`<span class="status bad">${bounceTypes[last.bounce][1]}</span>`;
}

const messagePage = (message: StoredMessage, hasHtml: boolean, text: string) =>
  layout(
    `${message.subject} · Mail sandbox`,
    html`<p class="back"><a href="/">← Inbox</a></p>
      <h1>${message.subject || '(no subject)'}</h1>
      <dl class="facts">
        <dt>From</dt><dd>${message.from}</dd>
        <dt>To</dt><dd>${message.to.map((a) => (a.Name ? `${a.Name} <${a.Email}>` : a.Email)).join(', ')}</dd>
        ${message.replyTo ? html`<dt>Reply to</dt><dd>${message.replyTo}</dd>` : undefined}
        <dt>Sent</dt><dd>${time(message.receivedAt)}</dd>
        <dt>Outcome</dt><dd><ul>${message.events.map(eventItem)}</ul></dd>
      </dl>
      ${
        hasHtml
          ? html`<section aria-labelledby="html">
              <h2 id="html">Message</h2>
              <iframe title="The message as it looks" src="/inbox/${message.id}/html"
                sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"></iframe>
              <p class="alone"><a href="/inbox/${message.id}/html" target="_blank">Open the message alone</a></p>
            </section>`
          : undefined
      }
      ${
        text
          ? html`<section aria-labelledby="text">
              <h2 id="text">Plain text</h2>
              <pre>${text}</pre>
            </section>`
          : undefined
      }
      <section aria-labelledby="headers">
        <h2 id="headers">Headers and metadata</h2>
        <dl class="facts code">
          ${message.headers.map((h) => html`<dt>${h.Name}</dt><dd>${h.Value}</dd>`)}
          ${Object.entries(message.metadata).map(([key, value]) => html`<dt>metadata ${key}</dt><dd>${value}</dd>`)}
          ${message.tag ? html`<dt>tag</dt><dd>${message.tag}</dd>` : undefined}
          <dt>Postmark id</dt><dd>${message.id}</dd>
        </dl>
      </section>`,
  );

const eventItem = (event: MessageEvent) =>
  html`<li>${event.type === 'Delivered' ? 'Delivered' : bounceTypes[event.bounce][1]} · ${event.recipient}</li>`;

const missingPage = () =>
  layout(
    'Not found · Mail sandbox',
    html`<div class="empty"><h1>No such message</h1><p>It may have been deleted. <a href="/">Go to the inbox</a></p></div>`,
  );

const timeFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });
const time = (iso: string) => html`<time datetime="${iso}">${timeFormat.format(new Date(iso))} UTC</time>`;
