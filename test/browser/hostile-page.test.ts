import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stateOf } from '../setup/consistency.ts';
import { accountHolder, invitee, signedIn, stateOfInvitation, usher } from './invitee.ts';

/** A page of another site, with scripts, in the browser of somebody who is signed in and holds a link. */

let server: Server;
/** On 127.0.0.1, which is another site than localhost. */
let evil: string;
let hostile = '';
/** Requests that reached the other site, with their headers. */
const reached: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    reached.push(JSON.stringify([request.url, request.headers]));
    response.setHeader('content-type', 'text/html').end(hostile);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  evil = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Somebody with scripts in their browser, signed in and come by the link. */
async function victim(email: string, path: string) {
  const person = await invitee();
  const context = await person.context.browser()!.newContext({ javaScriptEnabled: true });
  await context.addCookies(await (await signedIn(email)).context.cookies(usher.url));
  const page = await context.newPage();
  await page.goto(`${usher.url}${path}`);
  return { context, page };
}

test('a hostile page that embeds, fetches, posts to, prefetches and opens the pages changes nothing', async () => {
  const email = await accountHolder();
  const { id } = await usher.invite(email, { licenses: ['studio'] });
  const path = await usher.linkTo(email);
  const { context, page } = await victim(email, path);
  try {
    expect(await page.textContent('h1')).toContain('Acme');
    const posts = ['accept', 'decline', 'ask-to-resend'].map((act) => `/invitations/${id}/${act}`);
    const targets = [path, `/invitations/${id}`, `/invitations/${id}/decline`, '/'];
    const forms = [...posts, '/sign-out', '/sign-out-everywhere', '/sign-in'];
    const api = ['accept', 'decline', 'revoke', 'resend'].map((act) => `/v1/invitations/${id}/${act}`);
    hostile = `<!doctype html><title>evil</title>
      ${targets.map((t, n) => `<iframe name="embedded${n}" src="${usher.url}${t}"></iframe><img src="${usher.url}${t}?img"><link rel="prefetch" href="${usher.url}${t}?prefetch">`).join('')}
      ${forms.map((f, n) => `<iframe name="into${n}"></iframe><form id="form${n}" method="post" action="${usher.url}${f}" target="into${n}"><input name="invitation" value="${id}"><input name="emailVersion" value="1"><input name="_csrf" value="guessed"></form>`).join('')}
      <script>
        const all = async () => {
          for (const form of document.forms) form.submit();
          for (const url of ${JSON.stringify(targets.map((t) => usher.url + t))}) {
            await fetch(url, { credentials: 'include', mode: 'no-cors' }).catch(() => {});
            await fetch(url, { credentials: 'include' }).then((r) => r.text()).then((t) => { window.read = t; }).catch(() => {});
          }
          for (const url of ${JSON.stringify(forms.map((f) => usher.url + f))})
            await fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors', body: new URLSearchParams({ invitation: '${id}' }) }).catch(() => {});
          for (const url of ${JSON.stringify(api.map((a) => usher.url + a))}) {
            await fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}' }).catch(() => {});
            await fetch(url, { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}' }).catch(() => {});
          }
          const opened = window.open('${usher.url}${path}');
          document.title = opened ? 'done' : 'done, nothing opened';
        };
        addEventListener('load', all);
      </script>`;
    const asked = new Set<string>();
    context.on('request', (request) => asked.add(`${request.method()} ${new URL(request.url()).pathname}`));
    const sessions = () => usher.db.selectFrom('sessions').selectAll().orderBy('id_hash').execute();
    const before = [await stateOf(usher.db, id), await sessions()];
    await page.goto(evil);
    await page.waitForFunction(`document.title.startsWith('done')`);
    await usher.until('every attempt to have been made', async () =>
      [...targets.map((t) => `GET ${t}`), ...forms.map((f) => `POST ${f}`), ...api.map((a) => `POST ${a}`)].every((a) =>
        asked.has(a),
      ),
    );
    // No frame shows anything of Usher, and no script has read any of it.
    for (const frame of page.frames().filter((f) => f.name().startsWith('embedded'))) {
      expect(await frame.content()).not.toMatch(/Acme|usher\.css/);
    }
    expect(await page.evaluate('window.read')).toBeUndefined();
    expect([await stateOf(usher.db, id), await sessions()]).toEqual(before);
    // The person themselves, in the same browser, can still join.
    await page.goto(`${usher.url}/invitations/${id}`);
    await page.getByRole('button', { name: 'Join Acme' }).click();
    await usher.until('joining', async () => (await stateOfInvitation(id)) === 'accepted');
  } finally {
    await context.close();
  }
});

test('links that lead away tell the other site nothing of where somebody came from', async () => {
  const email = await accountHolder();
  await usher.db
    .updateTable('organizations')
    .set({ home_url: `${evil}/home` })
    .execute();
  const { id } = await usher.invite(email, { redirectUrl: `${evil}/welcome` });
  const path = await usher.linkTo(email);
  const token = path.slice('/i/'.length);
  const { context, page } = await victim(email, path);
  try {
    hostile = '<!doctype html><title>elsewhere</title>';
    reached.length = 0;
    // Joining leads to where the inviter wants people to go.
    await page.getByRole('button', { name: 'Join Acme' }).click();
    await page.waitForURL(`${evil}/welcome`);
    expect(reached.length).toBeGreaterThan(0);
    await page.goto(`${usher.url}/`);
    const away = await page.locator(`a[href^="${evil}"]`).all();
    expect(away.length).toBeGreaterThan(0);
    for (const link of away) {
      const href = (await link.getAttribute('href'))!;
      const tab = await context.newPage();
      await tab.goto(`${usher.url}/`);
      await tab.locator(`a[href="${href}"]`).first().click();
      await tab.waitForURL(`${evil}/**`);
    }
    for (const request of reached) {
      expect(request).not.toContain(token);
      expect(request).not.toContain(id);
      expect(request).not.toContain(`"referer":"${usher.url}`);
    }
  } finally {
    await context.close();
  }
});
