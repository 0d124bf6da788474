import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { upsertAccount } from '../../db/accounts.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization, registerTrust } from '../../db/organizations.ts';
import { createBearers, IssuerUnavailable } from '../../identity/bearers.ts';
import { decided } from '../setup/until.ts';
import { type CallOptions, startUsher, type Usher } from '../setup/usher.ts';
import { type Claims, type Issuer, startIssuer } from './issuer.ts';

/** Bearer tokens: of which issuers, made for whom, signed with what, and whom they make of their bearer. */

let usher: Usher;
let own: Issuer;
let globex: Issuer;
let stranger: Issuer;
let globexKey: string;

beforeAll(async () => {
  [own, globex, stranger] = await Promise.all([startIssuer(), startIssuer(), startIssuer()]);
  usher = await startUsher({ issuer: own.url });
  await ensureOrganization(usher.db, { slug: 'globex', name: 'Globex' });
  const organization = await registerTrust(usher.db, 'globex', { issuer: globex.url }, [own.url]);
  globexKey = await usher.apiKey({ organization });
});
afterAll(async () => {
  await usher?.close();
  for (const issuer of [own, globex, stranger]) await issuer?.close();
});
afterEach(() => {
  for (const issuer of [own, globex, stranger]) issuer.state = 'up';
});

const now = () => Math.floor(Date.now() / 1000);
const claims = (email: string, more: Claims = {}): Claims => ({
  aud: usher.url,
  sub: `sub of ${email}`,
  email,
  email_verified: true,
  ...more,
});
const by = (token: string): CallOptions => ({ key: token });
const me = (token: string) => usher.call('/v1/me/invitations', by(token));
const inviteTo = async (organization: string, email: string): Promise<string> =>
  (
    await usher.call(`/v1/organizations/${organization}/invitations`, {
      body: { email },
      ...(organization === 'globex' ? { key: globexKey } : {}),
    })
  ).body.id;
const ids = async (token: string) => (await me(token)).body.items.map(({ id }: { id: string }) => id);
const account = (sub: string) =>
  usher.db.selectFrom('accounts').selectAll().where('subject', '=', sub).executeTakeFirst();

describe('a token', () => {
  const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const good = () => own.token(claims('victim@example.com'));
  const payload = () => ({ iss: own.url, iat: now(), exp: now() + 300, ...claims('victim@example.com') });

  const attacks: [name: string, make: () => Promise<string> | string][] = [
    ['unsigned, with the algorithm none', () => `${b64({ alg: 'none' })}.${b64(payload())}.`],
    ['unsigned, with the algorithm None', () => `${b64({ alg: 'None' })}.${b64(payload())}.`],
    ['without its signature', async () => (await good()).replace(/[^.]*$/, '')],
    [
      'with the signature of another token',
      async () =>
        `${(await good()).replace(/[^.]*$/, '')}${(await own.token(claims('eve@example.com'))).split('.')[2]}`,
    ],
    [
      'with other claims under its signature',
      async () => {
        const [header, , signature] = (await good()).split('.');
        return `${header}.${b64({ ...payload(), sub: 'somebody else' })}.${signature}`;
      },
    ],
    [
      'signed by HS256 with the published key as secret',
      async () => {
        const secret = await exportSPKI((await importJWK(own.key.public, 'RS256', { extractable: true })) as never);
        const head = `${b64({ alg: 'HS256', kid: own.key.id })}.${b64(payload())}`;
        return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
      },
    ],
    [
      'signed by HS256 with the modulus as secret',
      () => {
        const head = `${b64({ alg: 'HS256', kid: own.key.id })}.${b64(payload())}`;
        return `${head}.${createHmac('sha256', Buffer.from(own.key.public.n!, 'base64url')).update(head).digest('base64url')}`;
      },
    ],
    ['made for the client (an ID token)', () => own.token(claims('victim@example.com', { aud: 'usher' }))],
    ['made for another service', () => own.token(claims('victim@example.com', { aud: 'https://other.example' }))],
    [
      'made for an address that begins like ours',
      () => own.token(claims('victim@example.com', { aud: `${usher.url}.evil.example` })),
    ],
    ['made for nobody', () => own.token({ sub: 'x', email: 'victim@example.com', email_verified: true })],
    ['of an issuer nobody trusts', () => stranger.token(claims('victim@example.com'))],
    ['of a stranger who names our issuer', () => stranger.token(claims('victim@example.com', { iss: own.url }))],
    ['of an organization’s issuer that names ours', () => globex.token(claims('victim@example.com', { iss: own.url }))],
    ['of our issuer that names an organization’s', () => own.token(claims('victim@example.com', { iss: globex.url }))],
    ['of an issuer with a slash more', () => own.token(claims('victim@example.com', { iss: `${globex.url}/` }))],
    ['of an issuer that holds a NUL', () => own.token(claims('victim@example.com', { iss: `${own.url}\0` }))],
    ['of somebody whose id holds a NUL', () => own.token(claims('victim@example.com', { sub: 'a\0' }))],
    ['of no issuer', () => own.token(claims('victim@example.com', { iss: undefined as never }))],
    ['of an issuer that is no text', () => own.token(claims('victim@example.com', { iss: [own.url] as never }))],
    ['that has expired', () => own.token(claims('victim@example.com', { exp: now() - 60 }))],
    ['that never expires', () => own.token(claims('victim@example.com', { exp: undefined as never }))],
    ['that is not valid yet', () => own.token(claims('victim@example.com', { nbf: now() + 60 }))],
    ['of nobody', () => own.token(claims('victim@example.com', { sub: '' }))],
    ['with a key id that is not published', () => own.token(claims('victim@example.com'), { kid: 'k2' })],
    ['that is a logout token', () => own.token(claims('victim@example.com'), { typ: 'logout+jwt' })],
    ['that is bound to a key', () => own.token(claims('victim@example.com', { cnf: { jkt: 'x' } }))],
    [
      'with a critical header nobody knows',
      () => own.token(claims('victim@example.com'), { crit: ['exp'], exp: 1 }).catch(() => 'a.b.c'),
    ],
    ['that is garbage', () => 'garbage'],
    ['that is garbage in three parts', () => 'a.b.c'],
    ['that is an encrypted one in form', () => 'a.b.c.d.e'],
    ['that is an API key cut off', () => usher.key.slice(4)],
  ];

  test.each(attacks)('%s is refused', async (_, make) => {
    const before = await usher.db.selectFrom('accounts').selectAll().orderBy('id').execute();
    const token = await make();
    const answer = await me(token);
    expect([answer.status, answer.body.code]).toEqual([401, 'not_authenticated']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(JSON.stringify(answer.body)).not.toContain('victim');
    expect(await usher.db.selectFrom('accounts').selectAll().orderBy('id').execute()).toEqual(before);
  });

  test('that points to keys of its own is not followed there', async () => {
    const asked: string[] = [];
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'evil', alg: 'RS256' };
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    try {
      for (const header of [{ jku: elsewhere }, { x5u: elsewhere }, { jwk }, { jku: elsewhere, kid: own.key.id }]) {
        const token = await new SignJWT({ iss: own.url, exp: now() + 60, ...claims('victim@example.com') })
          .setProtectedHeader({ alg: 'RS256', kid: 'evil', ...header })
          .sign(privateKey);
        expect((await me(token)).status).toBe(401);
      }
      expect(asked).toEqual([]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('of an issuer that nobody trusts has nobody ask that issuer', async () => {
    expect((await me(await stranger.token(claims('victim@example.com')))).status).toBe(401);
    expect(stranger.asked).toEqual([]);
  });

  test.each([undefined, 'JWT', 'at+jwt', 'application/at+jwt', 'AT+JWT'])('of the type %s will do', async (typ) => {
    expect((await me(await own.token(claims('fine@example.com'), typ ? { typ } : {}))).status).toBe(200);
  });

  test('may be made for others beside us, and be seconds too early or late', async () => {
    for (const more of [{ aud: ['https://other.example', usher.url] }, { nbf: now() + 10 }, { exp: now() - 10 }])
      expect((await me(await own.token(claims('fine@example.com', more)))).status).toBe(200);
  });

  test('of another scheme is none', async () => {
    const answer = await usher.call('/v1/me/invitations', {
      key: null,
      headers: { authorization: `Basic ${await own.token(claims('fine@example.com'))}` },
    });
    expect(answer.status).toBe(401);
  });
});

describe('whom a token makes of its bearer', () => {
  test('a person, who joins without a page of Usher', async () => {
    const email = 'joins@example.com';
    const id = await inviteTo('acme', email);
    const token = await own.token(claims(email, { name: 'Jo' }));
    expect(await ids(token)).toEqual([id]);
    const answer = await decided(() => usher.call(`/v1/invitations/${id}/accept`, { body: {}, ...by(token) }));
    expect(answer).toMatchObject({ status: 200, body: { state: 'accepted' } });
    expect(await account(`sub of ${email}`)).toMatchObject({
      issuer: own.url,
      email,
      email_verified: true,
      name: 'Jo',
    });
    // Not a program: it may not say whom it decides for.
    const other = await usher.call(`/v1/invitations/${id}/accept`, {
      body: { account: { issuer: own.url, subject: 'x', email, emailVerified: true } },
      ...by(token),
    });
    expect(other).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test('one whose address is not verified is invited to nothing', async () => {
    const email = 'unverified@example.com';
    const id = await inviteTo('acme', email);
    const token = await own.token(claims(email, { email_verified: false }));
    expect(await ids(token)).toEqual([]);
    expect((await usher.call(`/v1/invitations/${id}/accept`, { body: {}, ...by(token) })).status).toBe(404);
  });

  test.each([
    ['no address', { email: undefined as never }],
    ['no word on whether it is verified', { email_verified: undefined }],
    ['"true" in letters', { email_verified: 'true' }],
    ['an address that is none', { email: 'nobody' }],
    ['an address with a NUL', { email: 'no\0body@example.com' }],
    ['a time of issue that is to come', { iat: now() + 3_600 }],
  ])('a token with %s is for accounts that are known already, as they are known', async (name, more) => {
    const email = `known-${name.replace(/\W/g, '-')}@example.com`;
    const token = await own.token(claims(email, more));
    expect((await me(token)).status).toBe(401);
    await upsertAccount(usher.db, {
      issuer: own.url,
      subject: `sub of ${email}`,
      email,
      emailVerified: true,
      name: 'K',
    });
    const id = await inviteTo('acme', email);
    expect(await ids(token)).toEqual([id]);
  });

  test('a new address is taken, with its invitations; an old token does not bring the old one back', async () => {
    const [old, renamed] = ['old-name@example.com', 'new-name@example.com'];
    const sub = 'renamed';
    const before = await own.token(claims(old, { sub, iat: now() - 100 }));
    expect((await me(before)).status).toBe(200);
    const [atOld, atNew] = [await inviteTo('acme', old), await inviteTo('acme', renamed)];
    expect(await ids(before)).toEqual([atOld]);
    const after = await own.token(claims(renamed, { sub, iat: now() + 20 }));
    expect(await ids(after)).toEqual([atNew]);
    // Still valid, but what it says of the address is no longer so.
    expect(await ids(before)).toEqual([atNew]);
    expect((await usher.call(`/v1/invitations/${atOld}/accept`, { body: {}, ...by(before) })).status).toBe(404);
    const accept = () => usher.call(`/v1/invitations/${atNew}/accept`, { body: {}, ...by(before) });
    expect((await decided(accept)).status).toBe(200);
  });

  test('an admin, as far as their role goes', async () => {
    const email = 'admin@example.com';
    const token = await own.token(claims(email));
    const list = () => usher.call('/v1/organizations/acme/invitations', by(token));
    expect((await list()).status).toBe(404);
    await usher.db.transaction().execute(async (trx) =>
      insertMember(trx, {
        organization: usher.organization.id,
        account: (await account(`sub of ${email}`))!.id,
        role: 'admin',
        teams: [],
        invitation: null,
      }),
    );
    expect((await list()).status).toBe(200);
    const invite = (role: string) =>
      usher.call('/v1/organizations/acme/invitations', { body: { email: `${role}@new.example`, role }, ...by(token) });
    expect((await invite('admin')).status).toBe(201);
    expect(await invite('owner')).toMatchObject({ status: 403, body: { code: 'role_too_high' } });
  });

  test('of an organization’s issuer, a person of that organization alone', async () => {
    const email = 'staff@example.com';
    const [there, elsewhere] = [await inviteTo('globex', email), await inviteTo('acme', email)];
    const token = await globex.token(claims(email));
    expect(await ids(token)).toEqual([there]);
    for (const path of ['', '/accept', '/decline']) {
      const answer = await usher.call(`/v1/invitations/${elsewhere}${path}`, {
        ...(path ? { body: {} } : {}),
        ...by(token),
      });
      expect([answer.status, answer.body.code], path).toEqual([404, 'invitation_not_found']);
    }
    // Not even as an owner, should it ever have become one there.
    const { id } = (await account(`sub of ${email}`))!;
    await usher.db.transaction().execute((trx) =>
      insertMember(trx, {
        organization: usher.organization.id,
        account: id,
        role: 'owner',
        teams: [],
        invitation: null,
      }),
    );
    expect((await usher.call('/v1/organizations/acme/invitations', by(token))).status).toBe(404);
    const accept = () => usher.call(`/v1/invitations/${there}/accept`, { body: {}, ...by(token) });
    expect((await decided(accept)).status).toBe(200);
    // Whoever signs in to Usher itself under the same address is invited to both.
    expect(await ids(await own.token(claims(email)))).toEqual([elsewhere]);
  });
});

describe('an issuer that is out of reach', () => {
  const fresh = () => createBearers({ audience: usher.url });
  const cases: [string, (issuer: Issuer) => void][] = [
    [
      'answers 503',
      (issuer) => {
        issuer.state = 'down';
      },
    ],
    [
      'does not answer',
      (issuer) => {
        issuer.state = 'silent';
      },
    ],
    [
      'calls itself otherwise',
      (issuer) => {
        issuer.document.issuer = 'https://other.example';
      },
    ],
    [
      'publishes its keys over plain http elsewhere',
      (issuer) => {
        stranger.keys = issuer.keys;
        issuer.document.jwks_uri = `${stranger.url}/keys`;
      },
    ],
    [
      'publishes no keys',
      (issuer) => {
        issuer.document.jwks_uri = `${issuer.url}/nothing`;
      },
    ],
    [
      'publishes keys that are none',
      (issuer) => {
        issuer.keys = 'none' as never;
      },
    ],
  ];
  test.each(cases)('that %s lets nobody in', async (_, trouble) => {
    const issuer = await startIssuer();
    try {
      trouble(issuer);
      const token = await issuer.token(claims('fine@example.com'));
      await expect(fresh().verify(token, issuer.url)).rejects.toThrow(IssuerUnavailable);
    } finally {
      await issuer.close();
    }
  });

  test('is a problem that says to come again; keys that are known already still serve', async () => {
    const token = await globex.token(claims('fine@example.com'));
    expect((await me(token)).status).toBe(200);
    globex.state = 'down';
    expect((await me(token)).status).toBe(200);
    const other = await startIssuer();
    await other.close();
    await registerTrust(usher.db, 'globex', { issuer: other.url }, [own.url]);
    const answer = await me(await other.token(claims('fine@example.com')));
    expect(answer).toMatchObject({ status: 503, body: { code: 'issuer_unreachable' } });
    expect(answer.headers.get('retry-after')).toBe('2');
    await registerTrust(usher.db, 'globex', { issuer: globex.url }, [own.url]);
  });

  test('is not even asked for a token of an algorithm that is not allowed', async () => {
    own.asked = [];
    for (const alg of ['none', 'HS256', 'ES256K', 'RSA-OAEP']) {
      const [, payload] = (await own.token(claims('fine@example.com'))).split('.');
      const header = Buffer.from(JSON.stringify({ alg, kid: own.key.id })).toString('base64url');
      await expect(fresh().verify(`${header}.${payload}.c2ln`, own.url)).rejects.toThrow(
        'its algorithm is not allowed',
      );
    }
    expect(own.asked).toEqual([]);
  });

  test('is not asked again for every made-up key', async () => {
    const bearers = fresh();
    await bearers.verify(await own.token(claims('fine@example.com')), own.url);
    own.asked = [];
    for (let i = 0; i < 5; i++) {
      const token = await own.token(claims('fine@example.com'), { kid: `made-up-${i}` });
      await expect(bearers.verify(token, own.url)).rejects.toThrow('its key is none of its issuer');
    }
    expect(own.asked).toEqual([]);
  });
});
