import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';

/** The languages that Usher speaks to invitees, by their subtags; the console speaks English. */
export const dictionaries = { en, de, fr, es };
export type Language = keyof typeof dictionaries;
export const languages = Object.keys(dictionaries) as Language[];

type English = typeof en;
/** A text for each category of a number; a category that it lacks reads as `other`. */
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
type KeysOf<TText> = { [TKey in keyof English]: English[TKey] extends TText ? TKey : never }[keyof English];
type TextKey = KeysOf<string>;
type CountedKey = KeysOf<Forms>;

/** What a language says: as English does, under the same keys. */
export type Dictionary = { readonly [TKey in keyof English]: English[TKey] extends string ? string : Forms };

/** The names in the braces of a text. */
type PlaceholdersOf<TText> = TText extends `${string}{${infer TName}}${infer TRest}`
  ? TName | PlaceholdersOf<TRest>
  : never;
type Values<TKey extends TextKey, TValue> = Record<PlaceholdersOf<English[TKey]>, TValue>;

/** What Usher says to somebody, in their language, and with the dates of their country. */
export interface Words {
  language: Language;
  /** A text without markup. @param values what stands in its placeholders, where it has any */
  text<TKey extends TextKey>(
    key: TKey,
    ...values: [PlaceholdersOf<English[TKey]>] extends [never] ? [] : [Values<TKey, string | number>]
  ): string;
  /** A text with something other than text in it: its pieces, in the order of the language. */
  parts<TKey extends TextKey, TValues extends Values<TKey, unknown>>(
    key: TKey,
    values: TValues,
  ): (string | TValues[keyof TValues])[];
  /** What a number of things is called. */
  count(key: CountedKey, n: number): string;
  /** A day (of UTC), where the hour does not matter. */
  day(at: Date): string;
  /** A moment to the minute, in UTC and saying so: we do not know where the reader is. */
  minute(at: Date): string;
  /** The same with the day of the week. */
  weekdayAndMinute(at: Date): string;
  /** As `in 5 minutes`. */
  inMinutes(n: number): string;
}

/** A text, taken apart at its placeholders: every other piece is the name of one. */
export const pieces = (text: string): string[] => text.split(/\{(\w+)\}/);

/**
 * Puts values in the place of a text's placeholders, `{name}`.
 *
 * @param values by name; a placeholder that has none stays as it is
 */
export const filled = (text: string, values: Readonly<Record<string, string | number>>): string =>
  pieces(text)
    .map((piece, i) => (i % 2 === 0 ? piece : (values[piece] ?? `{${piece}}`)))
    .join('');

/** Bare `en` writes dates as Europe does; `en-US` asks for others. */
const usualLocales: Partial<Record<Language, string>> = { en: 'en-GB' };

const longMinute = { dateStyle: 'long', timeStyle: 'short' } as const;
const longest = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const;

/** Makes it when it is first asked for: formats take far longer to make than to use. */
const lazily = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

function createWords(language: Language, locale: string): Words {
  const dictionary: Dictionary = dictionaries[language];
  const format = (options: Intl.DateTimeFormatOptions) =>
    lazily(() => new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }));
  const day = format({ dateStyle: 'long' });
  const minute = format(longMinute);
  const weekday = format({ ...longest, hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
  const relative = lazily(() => new Intl.RelativeTimeFormat(locale));
  const rules = lazily(() => new Intl.PluralRules(locale));
  return {
    language,
    text: (key, ...[values]) => filled(dictionary[key] as string, values ?? {}),
    parts: <TValues extends object>(key: TextKey, values: TValues) =>
      pieces(dictionary[key] as string).map((piece, i) => (i % 2 === 0 ? piece : values[piece as keyof TValues])),
    count(key, n) {
      const forms: Forms = dictionary[key];
      return forms[rules().select(n)] ?? forms.other;
    },
    day: (at) => day().format(at),
    minute: (at) => `${minute().format(at)} UTC`,
    weekdayAndMinute: (at) => weekday().format(at),
    inMinutes: (n) => relative().format(n, 'minute'),
  };
}

/** The words of the console, and of whoever speaks no language of ours. */
export const english = createWords('en', 'en-GB');

/** By locale; so many at most, since anybody may ask for another. */
const known = new Map<string, Words>();
const mostKnown = 200;

/** Language, and country if there is one: what decides words and dates of a tag. */
const tag = /^([a-z]{2})(?:-[a-z]{4})?(?:-([a-z]{2}|\d{3}))?(?:-|$)/i;

/**
 * The words for the first of several wishes that we can fulfil; English for none.
 *
 * @param wishes BCP 47, or anything; subtags after the language decide how dates read (lookup, RFC 4647, section 3.4)
 */
export function wordsFor(...wishes: readonly (string | null | undefined)[]): Words {
  for (const wish of wishes) {
    const [, primary = '', country] = tag.exec(wish ?? '') ?? [];
    const language = languages.find((spoken) => spoken === primary.toLowerCase());
    if (!language) continue;
    const locale = country ? `${language}-${country.toUpperCase()}` : (usualLocales[language] ?? language);
    let words = known.get(locale);
    if (!words) {
      if (known.size >= mostKnown) known.clear();
      words = createWords(language, locale);
      known.set(locale, words);
    }
    return words;
  }
  return english;
}
