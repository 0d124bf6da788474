import { type Language, pieces } from './words.ts';

/** What may stand in braces in an organization's own wording. */
export const placeholders = ['inviter', 'organization', 'role', 'licenses', 'expires', 'email'] as const;

/** What an organization says itself in its invitations, in one language: plain text with {@link placeholders}. What is left out is as usual. */
export interface Wording {
  subject?: string;
  /** The line it begins with. @default none */
  greeting?: string;
  /** In place of the sentence that says who invites; paragraphs have an empty line between. */
  body?: string;
}

/** The first of what a text has in braces that is no placeholder, or is not closed; undefined when there is none. */
export function unknownIn(text: string): string | undefined {
  const known: readonly string[] = placeholders;
  const unknown = pieces(text).map((piece, i) => {
    if (i % 2 === 0) return /\{[^{}]*\}|[{}]/.exec(piece)?.[0];
    return known.includes(piece) ? undefined : `{${piece}}`;
  });
  return unknown.find((one) => one !== undefined);
}

export type Wordings = { readonly [TLanguage in Language]?: Wording };
