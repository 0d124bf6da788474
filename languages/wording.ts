import type { Language } from './words.ts';

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

export type Wordings = { readonly [TLanguage in Language]?: Wording };
