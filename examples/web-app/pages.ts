import { html } from 'hono/html';
import type { Invitation } from '../../client/index.ts';
import type { Person } from './issuer.ts';

type Html = ReturnType<typeof html>;

export interface HomeView {
  person: Person;
  /** What they are in this app's organization; undefined: no member. */
  role: string | undefined;
  /** What they are invited to. */
  mine: readonly Invitation[];
  /** Whom others have invited, for those who may know. */
  pending: readonly Invitation[] | undefined;
  /** Who has joined, as Usher has told, the newest first. */
  joined: readonly { name: string; role: string }[];
  notice: { text: string; good: boolean } | undefined;
  /** Names the next act of the form, so that it is done once. */
  turn: string;
}

const layout = (title: string, body: Html): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Workshop</title>
<link rel="stylesheet" href="/app.css">
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;

export const signInPage = (): Html =>
  layout(
    'Sign in',
    html`<h1>Workshop</h1>
<p>An example of a web app that uses Usher. Sign in as anybody; <code>admin@workshop.example</code> owns the place.</p>
<form method="post" action="/sign-in">
  <label>Email address <input name="email" type="email" required autocomplete="email"></label>
  <label>Name <input name="name" autocomplete="name"></label>
  <button>Sign in</button>
</form>`,
  );

const button = (action: string, text: string): Html =>
  html`<form method="post" action="${action}"><button>${text}</button></form>`;

export const homePage = ({ person, role, mine, pending, joined, notice, turn }: HomeView): Html =>
  layout(
    'Home',
    html`<h1>Workshop</h1>
<div class="row"><p>Signed in as <strong>${person.name}</strong>, ${person.email}</p>${button('/sign-out', 'Sign out')}</div>
${notice ? html`<p role="${notice.good ? 'status' : 'alert'}" class="notice ${notice.good ? 'good' : 'bad'}">${notice.text}</p>` : null}
<p>${role ? html`You are here as <strong>${role}</strong>.` : 'You are no member yet.'}</p>
${
  mine.length > 0
    ? html`<h2>You are invited</h2>
<ul>${mine.map(
        ({ id, organization, invitedBy }) => html`
  <li class="row"><span>To <strong>${organization}</strong>, by ${invitedBy?.name ?? 'somebody'}</span>${button(`/invitations/${id}/accept`, 'Join')}${button(`/invitations/${id}/decline`, 'Decline')}</li>`,
      )}
</ul>`
    : null
}${
  pending
    ? html`<h2>Invite</h2>
<form method="post" action="/invite">
  <input type="hidden" name="turn" value="${turn}">
  <label>Address of a colleague <input name="email" type="email" required></label>
  <label class="check"><input name="license" type="checkbox" value="studio"> with a seat of Studio</label>
  <button>Invite</button>
</form>
<h2>Pending</h2>
${
  pending.length > 0
    ? html`<table>
  <thead><tr><th scope="col">Who</th><th scope="col">Email</th><th scope="col">Until</th></tr></thead>
  <tbody>${pending.map(
    ({ email, delivery, expiresAt }) => html`
    <tr><td>${email}</td><td>${delivery.status}</td><td>${expiresAt.slice(0, 10)}</td></tr>`,
  )}
  </tbody>
</table>`
    : html`<p>Nobody.</p>`
}`
    : null
}${
  role && joined.length > 0
    ? html`<h2>New here</h2>
<ul>${joined.slice(0, 10).map((one) => html`<li>${one.name} has joined as ${one.role}.</li>`)}</ul>`
    : null
}`,
  );

export const stylesheet = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
form { display: grid; gap: 0.75rem; justify-items: start; }
label { display: grid; gap: 0.25rem; }
.check, .row { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
input, button { font: inherit; padding: 0.5rem 0.75rem; }
ul { padding: 0; list-style: none; }
table { border-collapse: collapse; }
th, td { padding: 0.25rem 1rem 0.25rem 0; text-align: start; }
.notice { padding: 0.5rem 0.75rem; border-inline-start: 0.25rem solid; }
`;
