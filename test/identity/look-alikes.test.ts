import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canLookAlike } from '../../identity/look-alike.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** Addresses that look like others: which are the same mailbox, which are another's, and which are none. */

const different: [name: string, one: string, other: string][] = [
  ['a Kelvin sign', 'kate@look.example', '\u212aate@look.example'],
  ['a dotless i', 'ivan@look.example', '\u0131van@look.example'],
  ['a dotted capital I', 'ivana@look.example', '\u0130vana@look.example'],
  ['a full-width letter', 'ada@look.example', '\uff41da@look.example'],
  ['a Cyrillic a', 'anna@look.example', '\u0430nna@look.example'],
  ['a Greek omicron', 'otto@look.example', '\u03bftto@look.example'],
  ['a long s', 'sam@look.example', '\u017fam@look.example'],
  ['a ligature', 'fiona@look.example', '\ufb01ona@look.example'],
  ['a superscript digit', 'r2@look.example', 'r\u00b2@look.example'],
  ['a capital sharp s', 'stra\u00dfe@look.example', 'stra\u1e9ee@look.example'],
  ['ss for a sharp s', 'stra\u00dfer@look.example', 'strasser@look.example'],
  ['a letter and its accent apart', 'ren\u00e9@look.example', 'rene\u0301@look.example'],
  ['an accent more', 'zoe@look.example', 'zoe\u0308@look.example'],
  ['a plus tag', 'tag@look.example', 'tag+a@look.example'],
  ['dots in the name', 'dotty@look.example', 'd.otty@look.example'],
  ['an underscore', 'under_score@look.example', 'under-score@look.example'],
  ['a Cyrillic a in the domain', 'a@acme.example', 'a@\u0430cme.example'],
  ['a mixed-script domain', 'a@paypal.example', 'a@p\u0430yp\u0430l.example'],
  ['a domain all in Cyrillic', 'a@apple.example', 'a@\u0430\u0440\u0440\u04cf\u0435.example'],
  ['a dotless i in the domain', 'a@wiki.example', 'a@w\u0131ki.example'],
  ['ss for a sharp s in the domain', 'a@stra\u00dfe.example', 'a@strasse.example'],
  ['another sigma in the domain', 'a@\u03bf\u03c3.example', 'a@\u03bf\u03c2.example'],
  ['an umlaut in the domain', 'a@muller.example', 'a@m\u00fcller.example'],
  ['another hyphen in the domain', 'a@well-known.example', 'a@well\u2010known.example'],
  ['a subdomain', 'a@look.example', 'a@mail.look.example'],
];

/** Domains are the same when UTS 46 says so: mail goes to one place. */
const same: [name: string, one: string, other: string][] = [
  ['capitals', 'same-1@look.example', 'SAME-1@LOOK.Example'],
  ['a Kelvin sign in the domain', 'same-2@kelvin.example', 'same-2@\u212aelvin.example'],
  ['full-width letters in the domain', 'same-3@look.example', 'same-3@\uff4cook.example'],
  ['a domain with a letter and its accent apart', 'same-4@caf\u00e9.example', 'same-4@cafe\u0301.example'],
  ['a domain in punycode', 'same-5@b\u00fccher.example', 'same-5@xn--bcher-kva.example'],
  ['a capital sharp s in the domain', 'same-6@stra\u00dfe.example', 'same-6@STRA\u1e9eE.example'],
  ['a full stop of other scripts', 'same-7@look.example', 'same-7@look\u3002example'],
  ['a soft hyphen in the domain', 'same-8@look.example', 'same-8@lo\u00adok.example'],
  ['a space of no width in the domain', 'same-9@look.example', 'same-9@lo\u200bok.example'],
];

const refused: [name: string, email: string][] = [
  ['a dot at the end', 'ada@look.example.'],
  ['a dot at the end of the name', 'ada.@look.example'],
  ['a dot at the start', '.ada@look.example'],
  ['two dots', 'a..da@look.example'],
  ['a quoted name', '"ada"@look.example'],
  ['a quoted name with an @', '"ada@acme"@look.example'],
  ['a comment', 'ada(owner)@look.example'],
  ['a space', 'ada @look.example'],
  ['a space that does not break', 'ada\u00a0@look.example'],
  ['a joiner of no width', 'a\u200dda@look.example'],
  ['a space of no width', 'a\u200bda@look.example'],
  ['a soft hyphen', 'a\u00adda@look.example'],
  ['an invisible joiner of letters', 'a\u034fda@look.example'],
  ['an invisible letter', 'ada\u3164@look.example'],
  ['a variation of nothing', 'ada\ufe0f@look.example'],
  ['an override of direction', 'a\u202eda@look.example'],
  ['an @ of full width', 'ada\uff20look.example'],
  ['two @', 'ada@look.example@acme.example'],
  ['a non-joiner in the domain', 'ada@lo\u200cok.example'],
  ['an accent before the domain', 'ada@\u0301look.example'],
  ['an address by number', 'ada@127.0.0.1'],
  ['an address by number in brackets', 'ada@[127.0.0.1]'],
  ['an underscore in the domain', 'ada@lo_ok.example'],
  ['no dot in the domain', 'ada@look'],
];

const beyondAscii = (email: string) => /[^\x20-\x7e]|xn--/i.test(email);

describe('one function makes a mailbox', () => {
  test.each(different)('%s makes another one', (_, one, other) => {
    expect(mailboxOf(one)).toBeDefined();
    expect(mailboxOf(other)).toBeDefined();
    expect(mailboxOf(other)).not.toBe(mailboxOf(one));
  });
  test.each(same)('%s makes the same', (_, one, other) => {
    expect(mailboxOf(one)).toBeDefined();
    expect(mailboxOf(other)).toBe(mailboxOf(one));
  });
  test.each(refused)('%s makes none', (_, email) => {
    expect(mailboxOf(email)).toBeUndefined();
  });
  test('is its own fixed point', () => {
    const all = [...different, ...same].flatMap(([, one, other]) => [one, other]);
    for (const email of all) expect(mailboxOf(mailboxOf(email)!), email).toBe(mailboxOf(email));
  });
});

describe('in a running Usher', () => {
  let usher: Usher;
  beforeAll(async () => {
    usher = await startUsher({ withWorker: false });
  });
  afterAll(() => usher?.close());

  const invite = (email: string) => usher.call('/v1/organizations/acme/invitations', { body: { email } });
  const list = async (email: string) => {
    const { session } = await usher.person(email);
    const { body } = await usher.call('/v1/me/invitations', { session });
    return { session, ids: body.items.map(({ id }: { id: string }) => id) };
  };
  /** What an invitation says to a person who is not its invitee: nothing. */
  const hidden = { status: 404, body: { code: 'invitation_not_found' } };

  test.each(different)('%s: both are invited, and neither can take the other’s', async (_, one, other) => {
    const [mine, theirs] = [await invite(one), await invite(other)];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    const person = await list(one);
    const lookAlike = await list(other);
    expect([person.ids, lookAlike.ids]).toEqual([[mine.body.id], [theirs.body.id]]);
    for (const [{ session }, { id }] of [
      [person, theirs.body],
      [lookAlike, mine.body],
    ] as const) {
      for (const verb of ['accept', 'decline'])
        expect(await usher.call(`/v1/invitations/${id}/${verb}`, { body: {}, session })).toMatchObject(hidden);
    }
    for (const { body } of [mine, theirs]) {
      const codes = body.warnings.map(({ code }: { code: string }) => code);
      expect(codes, body.email).toEqual(beyondAscii(body.email) ? ['look_alike'] : []);
      expect(canLookAlike(body.email)).toBe(beyondAscii(body.email));
    }
  });

  test.each(same)('%s: invited once, and theirs in both spellings', async (_, one, other) => {
    const { body } = await invite(other);
    expect(await invite(one)).toMatchObject({ status: 409, body: { code: 'already_invited' } });
    expect([(await list(one)).ids, (await list(other)).ids]).toEqual([[body.id], [body.id]]);
    expect(body.warnings).toHaveLength(beyondAscii(other) ? 1 : 0);
  });

  test.each(refused)('%s: cannot be invited, and matches nothing when a provider says it', async (_, email) => {
    expect(await invite(email)).toMatchObject({ status: 400, body: { code: 'invalid_email' } });
    expect((await list(email)).ids).toEqual([]);
  });

  test('the warning spells the domain in plain letters, in the answer and in the console', async () => {
    await invite('plain@look.example');
    const { body } = await invite('warned@\u0440\u0430\u0443.example');
    expect(body.warnings).toEqual([
      {
        code: 'look_alike',
        detail:
          'The address has letters that can look like others. Its domain \u0440\u0430\u0443.example is spelled xn--80a5ak.example in plain letters.',
      },
    ]);
    const { session, account } = await usher.person('admin@look.example');
    await usher.db
      .insertInto('members')
      .values({
        id: 'mem_1',
        organization_id: usher.organization.id,
        account_id: account.id,
        role: 'admin',
        invitation_id: null,
        removed_at: null,
      })
      .execute();
    const { body: page } = await usher.call('/console/acme/invitations', { session });
    expect(page).toContain('has letters that can look like others: <code>xn--80a5ak.example</code>');
    const rows = page.split('<tr ');
    const notes = ['warned@', 'plain@'].map((name) =>
      rows.find((row: string) => row.includes(name)).includes('look like'),
    );
    expect(notes).toEqual([true, false]);
  });
});
