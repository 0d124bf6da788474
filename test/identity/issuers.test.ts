import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { upsertAccount } from '../../db/accounts.ts';
import { ensureOrganization, registerTrust } from '../../db/organizations.ts';
import { refusalOfInvitee } from '../../identity/invitee.ts';
import { countsIn, isIssuer } from '../../identity/issuers.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { acceptUpdate } from '../../workflows/contract.ts';
import { stateOf } from '../setup/consistency.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** An organization's identity provider says who people are in that organization, and nowhere else. */

const installation = 'https://sign-in.usher.example';
const issuers = {
  acme: 'https://idp.example',
  globex: 'https://login.globex.example/realms/staff',
  initech: null,
} as const;
type Name = keyof typeof issuers;

describe('the rule', () => {
  test.each([
    // The account's issuer; the organizations in which it counts.
    [installation, ['acme', 'globex', 'initech']],
    [`${installation}/`, ['acme', 'globex', 'initech']],
    [issuers.acme, ['acme']],
    [issuers.globex, ['globex']],
    [`${issuers.globex}/`, []],
    [issuers.globex.toUpperCase(), []],
    ['https://login.globex.example', []],
    ['https://stranger.example', []],
    ['', []],
    ['null', []],
  ])('an account of %s counts in %o', (issuer, expected) => {
    const names = Object.keys(issuers) as Name[];
    expect(names.filter((name) => countsIn({ issuer: issuers[name] }, { issuer }, [installation]))).toEqual(expected);
  });

  const ada = mailboxOf('ada@example.com')!;
  const eve = mailboxOf('eve@example.com')!;
  test.each([
    [issuers.acme, ada, true, undefined],
    [installation, ada, true, undefined],
    [issuers.globex, ada, true, 'issuer_not_allowed'],
    [issuers.acme, eve, true, 'wrong_account'],
    [issuers.acme, ada, false, 'email_unverified'],
    [issuers.acme, eve, false, 'wrong_account'],
    [issuers.acme, '', true, 'wrong_account'],
  ] as const)('of %s, with the mailbox %s, verified: %o: %s', (issuer, mailbox, email_verified, expected) => {
    const invitation = { mailbox: ada, organization: { issuer: issuers.acme } };
    expect(refusalOfInvitee(invitation, { issuer, mailbox, email_verified }, [installation])).toBe(expected);
  });

  test.each([
    ['https://login.example.com', true],
    ['https://login.example.com/', true],
    ['https://login.example.com/realms/a', true],
    ['http://127.0.0.1:4401', true],
    ['http://identity.localhost:4401', true],
    ['http://login.example.com', false],
    ['https://Login.example.com', false],
    ['https://login.example.com:443', false],
    ['https://user:secret@login.example.com', false],
    ['https://login.example.com?a=b', false],
    ['https://login.example.com#a', false],
    ['https://login.example.com/a/../b', false],
    ['ftp://login.example.com', false],
    ['login.example.com', false],
    ['', false],
  ])('%s can be registered: %o', (issuer, expected) => {
    expect(isIssuer(issuer)).toBe(expected);
  });
});

describe('in a running Usher', () => {
  let usher: Usher;
  const keys = {} as Record<Name, string>;
  let own: string;

  beforeAll(async () => {
    usher = await startUsher();
    own = usher.issuer;
    keys.acme = usher.key;
    for (const name of ['globex', 'initech'] as const) {
      await ensureOrganization(usher.db, { slug: name, name });
      const organization = await registerTrust(usher.db, name, { issuer: issuers[name] }, [own]);
      keys[name] = await usher.apiKey({ organization });
    }
  });
  afterAll(() => usher?.close());

  const invite = async (name: Name, email: string): Promise<string> =>
    (await usher.call(`/v1/organizations/${name}/invitations`, { body: { email }, key: keys[name] })).body.id;
  const said = (issuer: string, email: string, subject = email) => ({ issuer, subject, email, emailVerified: true });
  const decide = (name: Name, verb: string, id: string, account: object) =>
    decided(() => usher.call(`/v1/invitations/${id}/${verb}`, { body: { account }, key: keys[name] }));
  const accounts = () => usher.db.selectFrom('accounts').selectAll().orderBy('id').execute();

  test.each(
    (Object.keys(issuers) as Name[]).flatMap((name) =>
      (['accept', 'decline'] as const).flatMap((verb) =>
        [issuers.acme, issuers.globex, 'the own', 'https://stranger.example'].map(
          (issuer) => [name, verb, issuer, issuer === issuers[name]] as const,
        ),
      ),
    ),
  )('a key of %s may %s for an account of %s: %o', async (name, verb, of, allowed) => {
    const email = `${verb}-${name}-${mailboxOf(`a@${new URL(of === 'the own' ? own : of).hostname}`) ?? 'own'}`.replace(
      '@',
      '.',
    );
    const invited = `${email}@example.com`;
    const id = await invite(name, invited);
    const before = await accounts();
    const answer = await decide(name, verb, id, said(of === 'the own' ? own : of, invited));
    if (allowed)
      expect(answer).toMatchObject({ status: 200, body: { state: verb === 'accept' ? 'accepted' : 'declined' } });
    else {
      expect(answer).toMatchObject({ status: 403, body: { code: 'issuer_not_allowed' } });
      expect(await accounts()).toEqual(before);
    }
  });

  test('no key can name an account of another organization first', async () => {
    const email = 'first@example.com';
    const mine = await invite('globex', email);
    const theirs = await invite('acme', email);
    // Before acme has said anything of it: another address, unverified, to be met later.
    const squat = { ...said(issuers.acme, 'squatter@example.com', 'first'), emailVerified: false };
    expect(await decide('globex', 'accept', mine, squat)).toMatchObject({ status: 403 });
    expect(await decide('acme', 'accept', theirs, said(issuers.acme, email, 'first'))).toMatchObject({ status: 200 });
  });

  test('an account whose issuer says another address keeps its membership, and answers to the new one alone', async () => {
    const [first, later, old] = ['married@example.com', 'renamed@example.com', 'married@example.com'];
    const id = await invite('acme', first);
    expect(await decide('acme', 'accept', id, said(issuers.acme, first, 'm'))).toMatchObject({ status: 200 });
    const waiting = await invite('acme', later);
    expect(await decide('acme', 'decline', waiting, said(issuers.acme, later, 'm'))).toMatchObject({ status: 200 });
    const account = (await accounts()).find((a) => a.subject === 'm')!;
    expect(account.email).toBe(later);
    const members = usher.db.selectFrom('members').select('id').where('account_id', '=', account.id);
    expect(await members.execute()).toHaveLength(1);
    // The old address is free again, and no longer this account's.
    const again = await invite('acme', old);
    expect(await decide('acme', 'accept', again, said(issuers.acme, later, 'm'))).toMatchObject({
      status: 403,
      body: { code: 'wrong_account' },
    });
  });

  describe('the transaction that lets somebody in asks again', () => {
    /** What the engine says to an accept that no API has looked at. */
    const acceptPastTheApi = async (id: string, account: string) => {
      const handle = usher.temporal.client.workflow.getHandle(`invitation/${id}`);
      const by = { kind: 'system', id: null } as const;
      const args = {
        type: 'accept',
        account,
        emailVersion: 1,
        receivedAt: Date.now(),
        by,
        request: crypto.randomUUID(),
      };
      return handle.executeUpdate(acceptUpdate, { args: [args as never] });
    };
    const started = (id: string) =>
      usher.until(
        'the workflow',
        async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent',
      );

    test.each([
      [issuers.globex, true, 'issuer_not_allowed'],
      ['https://stranger.example', true, 'issuer_not_allowed'],
      [issuers.acme, false, 'email_unverified'],
    ])('of %s, verified: %o', async (issuer, emailVerified, code) => {
      const email = `past-${code}-${new URL(issuer).hostname}@example.com`;
      const id = await invite('acme', email);
      await started(id);
      const { id: account } = await upsertAccount(usher.db, { ...said(issuer, email), emailVerified, name: 'Mallory' });
      const before = await stateOf(usher.db, id);
      expect(await acceptPastTheApi(id, account)).toEqual({ status: 'refused', code });
      expect(await stateOf(usher.db, id)).toBe(before);
    });

    test('an issuer that was taken from the organization counts there no more', async () => {
      const email = 'moved@example.com';
      const id = await invite('acme', email);
      await started(id);
      const { id: account } = await upsertAccount(usher.db, { ...said(issuers.acme, email), name: 'Moved' });
      await registerTrust(usher.db, 'acme', { issuer: null }, [own]);
      expect(await acceptPastTheApi(id, account)).toEqual({ status: 'refused', code: 'issuer_not_allowed' });
      await registerTrust(usher.db, 'acme', { issuer: issuers.acme }, [own]);
      expect(await acceptPastTheApi(id, account)).toMatchObject({ status: 'taken' });
    });
  });

  test.each([
    [issuers.acme, 'that of another organization'],
    [`${issuers.acme}/`, 'that of another organization'],
    ['the own', "installation's own"],
    ['the own/', "installation's own"],
    ['http://login.initech.example', 'https URL'],
    ['javascript:alert(1)', 'https URL'],
  ])('%s cannot become the issuer of another organization', async (of, sentence) => {
    const registered = registerTrust(usher.db, 'initech', { issuer: of.replace('the own', own) }, [own]);
    await expect(registered).rejects.toThrow(sentence);
  });
});
