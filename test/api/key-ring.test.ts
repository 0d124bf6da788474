import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { createBearers } from '../../identity/bearers.ts';
import { createLinks } from '../../identity/links.ts';
import { createProviders, mainSettings } from '../../identity/providers.ts';
import { stateOf } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** Links through the whole app: keys that come and go, and links in the wrong hands. */

let usher: Usher;
let id: string;
let ada: string;
let eve: string;
const apps: FastifyInstance[] = [];
const cookieKey = randomBytes(32);
const [older, newer, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];

beforeAll(async () => {
  usher = await startUsher();
  id = (await usher.invite('ada@example.com', { licenses: ['studio'] })).id;
  await usher.linkTo('ada@example.com');
  ada = (await usher.person('ada@example.com')).session;
  eve = (await usher.person('eve@example.com')).session;
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await usher?.close();
});

const linksOf = (...keys: Buffer[]) => createLinks(usher.url, keys);
const tokenOf = (key: Buffer, generation = 1) => linksOf(key).token({ invitation: id as never, generation });
/** The app, started anew with these link keys: the first signs. */
async function withKeys(...keys: Buffer[]): Promise<FastifyInstance> {
  const app = await buildApp({
    db: usher.db,
    temporal: usher.temporal.client,
    links: linksOf(...keys),
    providers: createProviders(
      [mainSettings({ issuer: usher.issuer, clientId: 'usher', clientSecret: 's' })],
      `${usher.url}/x`,
    ),
    bearers: createBearers({ audience: usher.url }),
    publicUrl: usher.url,
    cookieKey,
    limitFactor: 1000,
    logger: usher.app.log,
  });
  apps.push(app);
  return app;
}
const prefix = () => `usher_${new URL(usher.url).port}_`;
const cookie = (session?: string, token?: string) =>
  [...(session ? [`${prefix()}session=${session}`] : []), ...(token ? [`${prefix()}link_${id}=${token}`] : [])].join(
    '; ',
  );
const follow = async (app: FastifyInstance, token: string) => (await app.inject(`/i/${token}`)).statusCode;
/** What somebody sees who has another account and a link in a cookie. */
const seen = async (app: FastifyInstance, token: string) =>
  (await app.inject({ url: `/invitations/${id}`, headers: { cookie: cookie(eve, token) } })).statusCode;

describe('after a rotation of the keys', () => {
  test('links of the older key live on, in emails and in cookies, and new ones are signed by the newer', async () => {
    const before = await withKeys(older);
    expect(await follow(before, tokenOf(older))).toBe(303);
    expect(await follow(before, tokenOf(newer))).toBe(404);
    const after = await withKeys(newer, older);
    expect([await follow(after, tokenOf(older)), await follow(after, tokenOf(newer))]).toEqual([303, 303]);
    expect(await seen(after, tokenOf(older))).toBe(403);
    const copied = await after.inject({
      method: 'POST',
      url: `/v1/invitations/${id}/link`,
      headers: { authorization: `Bearer ${usher.key}` },
    });
    expect(copied.json().url).toBe(linksOf(newer).url({ invitation: id as never, generation: 1 }));
  });

  test('those of a key that was taken out are dead, in emails and in cookies', async () => {
    const app = await withKeys(newer);
    expect(await follow(app, tokenOf(older))).toBe(404);
    expect(await seen(app, tokenOf(older))).toBe(404);
    expect([await follow(app, tokenOf(newer)), await seen(app, tokenOf(newer))]).toEqual([303, 403]);
  });

  test('those of another installation are none', async () => {
    const app = await withKeys(newer, older);
    expect([await follow(app, tokenOf(foreign)), await seen(app, tokenOf(foreign))]).toEqual([404, 404]);
  });
});

test('a link with any one bit changed is none, nor is one cut anywhere', async () => {
  const links = linksOf(newer, older);
  const token = tokenOf(newer);
  const bytes = Buffer.from(token, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(links.read(changed.toString('base64url')), `bit ${bit}`).toBeUndefined();
  }
  for (let length = 0; length < token.length; length++) expect(links.read(token.slice(0, length))).toBeUndefined();
  // Another generation under the signature of this one, through the app.
  const raised = Buffer.from(bytes);
  raised.writeUInt32BE(2, 16);
  const app = await withKeys(newer);
  const before = await stateOf(usher.db, id);
  for (const hostile of [raised.toString('base64url'), `${token}A`, token.slice(1), token.toUpperCase()])
    expect(await follow(app, hostile), hostile).toBe(404);
  expect(await stateOf(usher.db, id)).toBe(before);
});

test('a forwarded link lets nobody but the invited mailbox do anything, by any route and method', async () => {
  const app = await withKeys(newer);
  const token = tokenOf(newer);
  const before = await stateOf(usher.db, id);
  const page = await app.inject({ url: `/invitations/${id}`, headers: { cookie: cookie(eve, token) } });
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)![1]!;
  const mine = [cookie(eve, token), ...[page.headers['set-cookie']!].flat().map((c) => c.split(';')[0])].join('; ');
  const routes: [string, string, number[]][] = [
    ['GET', `/invitations/${id}`, [403]],
    ['GET', `/invitations/${id}/decline`, [403]],
    ['POST', `/invitations/${id}/accept`, [403]],
    ['POST', `/invitations/${id}/decline`, [403]],
    ['POST', `/invitations/${id}/ask-to-resend`, [403]],
    ['GET', `/v1/invitations/${id}`, [404]],
    ['GET', `/v1/invitations/${id}/events`, [404]],
    ['PATCH', `/v1/invitations/${id}`, [404]],
    ['POST', `/v1/invitations/${id}/accept`, [403, 404]],
    ['POST', `/v1/invitations/${id}/decline`, [403, 404]],
    ['POST', `/v1/invitations/${id}/link`, [404]],
    ['POST', `/v1/invitations/${id}/resend`, [404]],
    ['POST', `/v1/invitations/${id}/revoke`, [404]],
  ];
  for (const [method, url, statuses] of routes) {
    const isForm = method === 'POST' && !url.startsWith('/v1');
    const answer = await app.inject({
      method: method as 'GET',
      url,
      headers: {
        cookie: mine,
        origin: new URL(usher.url).origin,
        ...(method === 'GET'
          ? {}
          : { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' }),
      },
      ...(method === 'GET'
        ? {}
        : {
            payload: isForm
              ? new URLSearchParams({ _csrf: csrf, invitation: id }).toString()
              : method === 'PATCH'
                ? '{"role":"member"}'
                : '{}',
          }),
    });
    expect(statuses, `${method} ${url}`).toContain(answer.statusCode);
    expect(answer.headers.location ?? '').not.toContain(token);
  }
  // Signed out, with the link alone, nothing is shown but the way to sign in.
  const anonymous = await app.inject({ url: `/invitations/${id}`, headers: { cookie: cookie(undefined, token) } });
  expect(anonymous.body).not.toMatch(/ada@example\.com|Olivia/);
  expect(await stateOf(usher.db, id)).toBe(before);
  // The one it is for needs no link at all.
  const own = await app.inject({ url: `/invitations/${id}`, headers: { cookie: cookie(ada) } });
  expect([own.statusCode, own.body.includes('Join Acme')]).toEqual([200, true]);
});
