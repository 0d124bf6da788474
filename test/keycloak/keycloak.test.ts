import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureOrganization, registerTrust } from '../../db/organizations.ts';
import { Visitor } from '../identity/visitor.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { type Keycloak, startKeycloak } from './keycloak.ts';

/** `npm run keycloak`: an organization whose people sign in at a real Keycloak. */

let dir: string;
let keycloak: Keycloak;
let usher: Usher;
let issuer: string;
let key: string;
const secret = 'a secret with Keycloak';
const password = 'correct horse battery';
const people = { verified: 'hank@globex.example', token: 'frank@globex.example', unverified: 'mallory@globex.example' };

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'usher-keycloak-'));
  keycloak = await startKeycloak(dir);
  issuer = `${keycloak.url}/realms/staff`;
  usher = await startUsher({
    withProvider: true,
    providers: [
      {
        ...{ id: 'keycloak', name: 'Globex', issuer, clientId: 'usher', clientSecret: secret },
        ...{ everywhere: false, hidden: true, domains: ['globex.example'] },
      },
    ],
  });
  const audience = (of: string) => ({
    name: `for ${of}`,
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.custom.audience': of, 'access.token.claim': 'true' },
  });
  await keycloak.realm({
    realm: 'staff',
    enabled: true,
    clients: [
      {
        ...{ clientId: 'usher', protocol: 'openid-connect', secret },
        redirectUris: [`${usher.url}/sign-in/callback/keycloak`],
        attributes: { 'post.logout.redirect.uris': `${usher.url}/`, 'pkce.code.challenge.method': 'S256' },
      },
      // Two web apps: the tokens of one are meant for Usher too.
      ...['app', 'other-app'].map((clientId) => ({
        ...{
          clientId,
          protocol: 'openid-connect',
          secret,
          standardFlowEnabled: false,
          directAccessGrantsEnabled: true,
        },
        protocolMappers: [audience(clientId === 'app' ? usher.url : 'https://other.example')],
      })),
    ],
    users: Object.values(people).map((email) => ({
      ...{ username: email, email, firstName: 'Some', lastName: 'Body', enabled: true },
      emailVerified: email !== people.unverified,
      credentials: [{ type: 'password', value: password, temporary: false }],
    })),
  });
  await ensureOrganization(usher.db, { slug: 'globex', name: 'Globex' });
  const organization = await registerTrust(usher.db, 'globex', { issuer }, [usher.issuer]);
  key = await usher.apiKey({ organization });
}, 600_000);
afterAll(async () => {
  await usher?.close();
  await keycloak?.close();
  await rm(dir, { recursive: true, force: true });
});

const invite = async (email: string): Promise<string> =>
  (await usher.call('/v1/organizations/globex/invitations', { body: { email }, key })).body.id;
const stateOf = async (id: string) => (await usher.call(`/v1/invitations/${id}`, { key })).body.state;

/** Where Keycloak asks who somebody is. */
const form = (visitor: Visitor) => /id="kc-form-login"[^>]* action="([^"]+)"/.exec(visitor.page.text)?.[1];

/** Follows the link of an invitation, and signs in where it leads. */
async function signIn(email: string): Promise<Visitor> {
  const visitor = new Visitor();
  await visitor.visit(`${usher.url}${await usher.linkTo(email)}`);
  expect(visitor.page.url.href).toContain(`${issuer}/protocol/openid-connect/auth?`);
  // What the link knows is filled in.
  expect(visitor.value('username')).toBe(email);
  await visitor.visit(form(visitor)!.replaceAll('&amp;', '&'), { username: email, password });
  return visitor;
}

test('whom the organization invites signs in there, joins, and signs out there', async () => {
  const id = await invite(people.verified);
  const visitor = await signIn(people.verified);
  expect(visitor.page.url.href).toBe(`${usher.url}/invitations/${id}`);
  await decided(() => visitor.submit('/accept'));
  expect(await stateOf(id)).toBe('accepted');

  await visitor.visit(`${usher.url}/`);
  await visitor.submit('/sign-out');
  expect(visitor.page.url.href).toBe(`${usher.url}/`);
  await visitor.submit('/sign-in', { provider: 'keycloak' });
  expect(form(visitor)).toBeDefined();
});

test('an address that it has not verified lets nobody in', async () => {
  const id = await invite(people.unverified);
  const visitor = await signIn(people.unverified);
  expect([visitor.page.status, visitor.page.url.origin]).toEqual([403, usher.url]);
  expect(visitor.page.text).not.toContain('/accept');
  expect(await stateOf(id)).toBe('pending');
});

test('its access tokens let a web app act for whom they are of, unless they are meant for another', async () => {
  const id = await invite(people.token);
  const accept = async (client: string) => {
    const granted = await fetch(`${issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'password', client_id: client, client_secret: secret, scope: 'openid' },
        ...{ username: people.token, password },
      }),
    });
    const { access_token } = (await granted.json()) as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}` };
    return usher.call(`/v1/invitations/${id}/accept`, { key: null, headers, body: {} });
  };
  expect((await accept('other-app')).status).toBe(401);
  expect((await accept('app')).body).toMatchObject({ state: 'accepted' });
});
