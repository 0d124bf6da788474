import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { problems } from '../../api/problem.ts';
import { dictionaries, english, filled, languages, wordsFor } from '../../languages/words.ts';

/** What Usher says to invitees, in every language that it speaks: all of it, and nothing else. */

const root = path.join(import.meta.dirname, '../..');
const keys = Object.keys(dictionaries.en) as (keyof typeof dictionaries.en)[];
const others = languages.filter((language) => language !== 'en');

/** The texts of a key: one, or one for each form of a number. */
const textsOf = (text: string | object): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** Rightly the same in another language as in English. */
const same: Record<string, readonly string[]> = {
  de: ['facts.teams'],
  fr: ['facts.licenses', 'home.invitations', 'email.invitation'],
  es: ['problem.status'],
};

describe.each(others)('in %s', (language) => {
  const dictionary = dictionaries[language];

  test('there is everything that there is in English, and no more', () => {
    expect(Object.keys(dictionary)).toEqual(keys);
  });

  test('the placeholders are those of English', () => {
    for (const key of keys) {
      const [text = ''] = textsOf(dictionaries.en[key]);
      for (const translated of textsOf(dictionary[key])) expect(namesIn(translated), key).toEqual(namesIn(text));
    }
  });

  test('nothing is left in English, empty, or padded', () => {
    const untranslated = keys.filter((key) => JSON.stringify(dictionary[key]) === JSON.stringify(dictionaries.en[key]));
    expect(untranslated).toEqual(same[language]);
    for (const key of keys)
      for (const text of textsOf(dictionary[key])) expect([key, text]).toEqual([key, text.trim() || 'something']);
  });

  test('every category of its numbers has a form, or reads as any other', () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const key of keys) {
      const forms = dictionary[key];
      if (typeof forms === 'string') continue;
      expect(Object.keys(forms).filter((name) => !pluralCategories.includes(name as 'one'))).toEqual([]);
      expect(forms.other).toBeDefined();
    }
  });
});

test('in French, no line begins with what belongs to the word before it', () => {
  for (const [key, text] of Object.entries(dictionaries.fr))
    for (const one of textsOf(text)) expect(one, key).not.toMatch(/ [?!:;»]|« /);
});

test('everything is said somewhere', async () => {
  const said = new Set<string>();
  const beginnings = new Set<string>();
  for await (const file of glob(['api/**/*.ts', 'mail/**/*.ts'], { cwd: root })) {
    const source = await readFile(path.join(root, file), 'utf8');
    for (const [, key] of source.matchAll(/'([a-z]\w*(?:\.\w+)+)'/g)) said.add(key!);
    // Where the end of a key depends: `role.${role}`.
    for (const [, beginning] of source.matchAll(/`([a-z]\w*\.)\$\{/g)) beginnings.add(beginning!);
  }
  const isSaid = (key: string) => said.has(key) || [...beginnings].some((beginning) => key.startsWith(beginning));
  expect(keys.filter((key) => !isSaid(key))).toEqual([]);
});

test('a problem has the title that programs read, in English', () => {
  for (const key of keys) {
    const [, code] = /^problem\.(\w+)\.title$/.exec(key) ?? [];
    if (code) expect(english.text(key as 'problem.internal.title')).toBe(problems[code as keyof typeof problems].title);
  }
});

describe('the words for somebody', () => {
  test.each([
    [['de'], 'de'],
    [['de-AT'], 'de'],
    [['DE-latn-at'], 'de'],
    [['fr-CA', 'de'], 'fr'],
    [['it', 'pt-BR', 'es-419', 'en'], 'es'],
    [['ja'], 'en'],
    [['den', 'deutsch', 'd', '*', '', 'es_MX'], 'en'],
    [[undefined, null], 'en'],
    [[], 'en'],
    [['not a locale', 'de-a-b-c-d', 'x-de'], 'de'],
  ] as const)('who wishes %j are in %s', (wishes, language) => {
    expect(wordsFor(...wishes).language).toBe(language);
  });

  const at = new Date('2026-12-08T09:00:00Z');
  test.each([
    ['en', '8 December 2026', '8 December 2026 at 09:00 UTC', /Tuesday,? 8 December 2026 at 09:00 UTC/],
    ['en-US', 'December 8, 2026', /December 8, 2026 at 9:00\sAM UTC/, /Tuesday, December 8, 2026 at 9:00\sAM UTC/],
    ['de', '8. Dezember 2026', '8. Dezember 2026 um 09:00 UTC', /Dienstag, 8\. Dezember 2026 um 09:00 UTC/],
    ['fr', '8 décembre 2026', '8 décembre 2026 à 09:00 UTC', /mardi 8 décembre 2026 à 09:00 UTC/],
    [
      'es',
      '8 de diciembre de 2026',
      /8 de diciembre de 2026,? (a las )?9:00 UTC/,
      /martes, 8 de diciembre de 2026.*9:00 UTC/,
    ],
  ])('have dates as in %s', (tag, day, minute, weekday) => {
    const words = wordsFor(tag);
    expect([words.day(at), words.minute(at), words.weekdayAndMinute(at)]).toEqual([
      day,
      typeof minute === 'string' ? minute : expect.stringMatching(minute),
      expect.stringMatching(weekday),
    ]);
  });

  test('are put together in the order of the language, and leave alone what has no value', () => {
    const organization = { name: 'Acme' };
    expect(wordsFor('de').parts('invitation.join', { organization })).toEqual(['', organization, ' beitreten']);
    expect(wordsFor('fr').count('facts.licenses', 0)).toBe('Licence');
    expect(wordsFor('es').count('facts.licenses', 2_000_000)).toBe('Licencias');
    expect(filled('{a} {b} {a}', { a: '{b}' })).toBe('{b} {b} {b}');
  });
});
