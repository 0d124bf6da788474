import { type Static, type TObject, type TOptional, type TSchema, type TString, Type } from 'typebox';
import { scopes, staffScopes } from '../db/api-keys.ts';
import { batchKinds, batchModes } from '../db/batches.ts';
import { eventOrders } from '../db/events.ts';
import type { BatchId, InvitationId } from '../db/ids.ts';
import { licenseKinds } from '../db/licenses.ts';
import { roles } from '../db/members.ts';
import { noticeKinds } from '../db/notices.ts';
import { staffRoles } from '../db/staff.ts';
import { disabledWhys, messageStates, testType, webhookTypes } from '../db/webhooks.ts';
import { placeholders, type Wording } from '../languages/wording.ts';
import { type Language, languages as languageTags } from '../languages/words.ts';
import { deliveryStatuses, invitationStates, peoplesEvents } from '../statecharts/invitation.ts';
import { Problem, type ProblemCode, problemCodes, problems } from './problem.ts';

/** Schemas of everything that crosses HTTP; the types come from them. */

export const oneOf = <const TValues extends readonly string[]>(values: TValues, options: object = {}) =>
  Type.Unsafe<TValues[number]>({ type: 'string', enum: [...values], ...options });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const time = Type.String({ format: 'date-time', maxLength: 40, description: 'ISO 8601' });
const strict = { additionalProperties: false };

const email = Type.String({ format: 'idn-email', minLength: 3, maxLength: 254, description: 'The address to invite' });
const role = oneOf(roles, { description: "At most the inviter's own" });
const teams = Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 20, uniqueItems: true });
const licenses = Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
  maxItems: 20,
  uniqueItems: true,
  description: 'Products; a seat of each is reserved',
});
const locale = Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$', maxLength: 35, description: 'BCP 47' });
const message = Type.String({ maxLength: 1000, description: "The inviter's own words; plain text without links" });
const expiresIn = Type.String({
  pattern: '^P(?!$)(\\d{1,4}W|(\\d{1,4}D)?(T(?=\\d)(\\d{1,4}H)?(\\d{1,5}M)?(\\d{1,7}S)?)?)$',
  maxLength: 40,
  description: 'ISO 8601 duration in weeks, days, hours, minutes, seconds: PT1H to P90D',
  examples: ['P7D', 'PT36H'],
});
const redirectUrl = Type.String({
  maxLength: 2000,
  pattern: '^https?://',
  description: 'Where the member goes after joining',
});
const metadata = Type.Unsafe<Record<string, string>>({
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z0-9_.-]{1,40}$' },
  additionalProperties: { type: 'string', maxLength: 500 },
  maxProperties: 20,
  description: "The caller's own notes, returned as they are",
});

const reason = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '\\S',
  description: 'Why, for the audit log. Staff must say it',
});

export const CreateInvitation = Type.Object(
  {
    email,
    role: Type.Optional(role),
    teams: Type.Optional(teams),
    licenses: Type.Optional(licenses),
    locale: Type.Optional(locale),
    message: Type.Optional(message),
    expiresIn: Type.Optional(expiresIn),
    redirectUrl: Type.Optional(redirectUrl),
    metadata: Type.Optional(metadata),
  },
  strict,
);
export type CreateInvitation = Static<typeof CreateInvitation>;

/** A row of a batch. What is no address is refused with the row, not with the request. */
export const BatchRow = Type.Object(
  {
    ...CreateInvitation.properties,
    email: Type.String({ maxLength: 1000, description: 'The address to invite' }),
  },
  strict,
);
export type BatchRow = Static<typeof BatchRow>;

const mode = oneOf(batchModes, {
  description: '`all`: one row that cannot be invited refuses them all; `valid`: the others are invited',
});

export const createBatch = (mostRows: number) =>
  Type.Object({ mode, invitations: Type.Array(BatchRow, { minItems: 1, maxItems: mostRows }) }, strict);
export type CreateBatch = Static<ReturnType<typeof createBatch>>;

export const previewBatch = (mostRows: number) =>
  Type.Object({ invitations: Type.Array(BatchRow, { minItems: 1, maxItems: mostRows }) }, strict);
export type PreviewBatch = Static<ReturnType<typeof previewBatch>>;

export const BatchQuery = Type.Object({ mode: Type.Optional(mode) }, strict);

const count = Type.Integer({ minimum: 0 });
const batch = {
  id: Type.String({ examples: ['bat_01k9xqj2v3e8gt0d5w6m7n8p9q'] }),
  organization: Type.String(),
  kind: oneOf(batchKinds, { description: '`invite`, or the act that is carried out on many invitations' }),
  mode: oneOf(batchModes),
  state: oneOf(['running', 'completed', 'cancelled']),
  createdAt: time,
  finishedAt: nullable(time),
  counts: Type.Object(
    {
      rows: count,
      done: Type.Integer({
        minimum: 0,
        description: 'Rows with an end: refused, mailed or undeliverable; of an act, those that have their result',
      }),
      refused: count,
      invited: count,
      mailed: count,
      undeliverable: count,
      started: count,
      pending: count,
      accepted: count,
      declined: count,
      expired: count,
      revoked: count,
    },
    { description: 'Rows of the request, and where the invitations stand that came of them; of an act there are none' },
  ),
};
const BatchSchema = Type.Object(batch);
export type BatchBody = Static<typeof BatchSchema>;
export const Batch = Type.Unsafe<BatchBody>({ $ref: 'Batch#' });

const batchRow = {
  row: Type.Integer({ minimum: 1, description: 'Counts the rows of the request' }),
  line: Type.Optional(Type.Integer({ description: 'Of CSV: the line on which the row ends' })),
  email: Type.Optional(Type.String({ description: 'The address as it was written, if there is one' })),
  detail: Type.Optional(Type.String({ description: 'What is wrong with the row, and what to do about it' })),
};
const whyNot =
  'or why not: `already_invited`, `already_member`, `domain_not_allowed`, `duplicate`, `invalid_email`, `invalid_request`, `language_not_allowed`, `license_ended`, `no_seat_left`, `rate_limited`, `redirect_not_allowed`, `role_too_high`, `unknown_license`, `unsafe_text`';
const BatchRowSchema = Type.Object({
  ...batchRow,
  result: oneOf(['invited', 'done', 'waiting', 'cancelled', 'duplicate', ...problemCodes], {
    description: `\`invited\`, ${whyNot}. Of an act: \`done\`, \`waiting\`, \`cancelled\`, or the code that it is refused with`,
  }),
  invitation: Type.Optional(Type.String()),
});
export type BatchRowBody = Static<typeof BatchRowSchema>;
export const BatchRowResult = Type.Unsafe<BatchRowBody>({ $ref: 'BatchRow#' });
export const BatchWithResults = Type.Object({
  ...batch,
  results: Type.Array(BatchRowResult, { description: 'Every row, in their order' }),
});

export const BatchPreview = Type.Object({
  counts: Type.Object({ rows: count, valid: count, refused: count }),
  results: Type.Array(
    Type.Object({
      ...batchRow,
      result: oneOf(['valid', 'duplicate', ...problemCodes], {
        description: `\`valid\`, when it can be invited, ${whyNot}`,
      }),
    }),
    { description: 'Every row, in their order' },
  ),
});
export type BatchPreviewBody = Static<typeof BatchPreview>;

export const AmendInvitation = Type.Object(
  {
    email: Type.Optional(email),
    role: Type.Optional(role),
    teams: Type.Optional(teams),
    licenses: Type.Optional(licenses),
    locale: Type.Optional(nullable(locale)),
    message: Type.Optional(nullable(message)),
    redirectUrl: Type.Optional(nullable(redirectUrl)),
    metadata: Type.Optional(metadata),
    reason: Type.Optional(reason),
  },
  { ...strict, minProperties: 1 },
);
export type AmendInvitation = Static<typeof AmendInvitation>;

export const ResendInvitation = Type.Object(
  {
    expiresIn: Type.Optional(expiresIn),
    replaceLink: Type.Optional(Type.Boolean({ description: 'Kill the links sent so far' })),
    reason: Type.Optional(reason),
  },
  strict,
);
export type ResendInvitation = Static<typeof ResendInvitation>;

const account = Type.String({
  maxLength: 30,
  pattern: '^acc_[0-7][0-9a-hjkmnp-tv-z]{25}$',
  description: 'Id of an account',
});

export const RevokeInvitations = Type.Object({ invitedBy: account, reason: Type.Optional(reason) }, strict);
export const Revoked = Type.Object({
  revoked: Type.Integer(),
  more: Type.Boolean({ description: 'There are more of theirs: repeat it, with another Idempotency-Key' }),
});
export const RevokeInvitation = Type.Object({ reason: Type.Optional(reason) }, strict);

/** Whom an API key with the scope `act` has authenticated. */
export const ActingAccount = Type.Object(
  {
    account: Type.Optional(
      Type.Object(
        {
          issuer: Type.String({ minLength: 1, maxLength: 500 }),
          subject: Type.String({ minLength: 1, maxLength: 255 }),
          email: Type.String({ format: 'idn-email', minLength: 3, maxLength: 254 }),
          emailVerified: Type.Boolean(),
          name: Type.Optional(Type.String({ maxLength: 200 })),
        },
        { ...strict, description: 'For API keys with the scope `act`; a signed-in person sends none' },
      ),
    ),
  },
  strict,
);
export type ActingAccount = Static<typeof ActingAccount>;

export const Nothing = Type.Object({}, strict);

const someone = Type.Object({ id: Type.String(), name: Type.String(), email: Type.String() });

const InvitationSchema = Type.Object({
  id: Type.String({ examples: ['inv_01k9xqj2v3e8gt0d5w6m7n8p9q'] }),
  organization: Type.String(),
  email: Type.String(),
  role: oneOf(roles),
  teams: Type.Array(Type.String()),
  licenses: Type.Array(Type.String()),
  state: oneOf(invitationStates),
  delivery: Type.Object({ status: oneOf(deliveryStatuses), detail: nullable(Type.String()), at: time }),
  generation: Type.Integer({ description: 'Links of a lower generation are dead' }),
  expiresAt: time,
  createdAt: time,
  invitedBy: someone,
  decidedAt: nullable(time),
  locale: Type.String(),
  message: nullable(Type.String()),
  redirectUrl: nullable(Type.String()),
  allowed: Type.Array(oneOf(peoplesEvents), { description: 'What it takes now: advice, not a promise' }),
  workflowId: Type.String(),
  metadata: Type.Record(Type.String(), Type.String()),
  warnings: Type.Array(
    Type.Object({
      code: oneOf(['look_alike', 'license_ended', 'inviter_removed', 'inviter_demoted']),
      detail: Type.String(),
    }),
    {
      description:
        'What to look at twice; `look_alike`: the address has letters that can pass for others; `license_ended`: a licence of this pending invitation has ended',
    },
  ),
  batch: nullable(Type.String({ description: 'The batch that it came with' })),
});
export type Invitation = Static<typeof InvitationSchema>;
export const Invitation = Type.Unsafe<Invitation>({ $ref: 'Invitation#' });

const ApiKeySchema = Type.Object({
  id: Type.String({ examples: ['key_01k9xqj2v3e8gt0d5w6m7n8p9q'] }),
  organization: Type.String(),
  name: Type.String(),
  role: oneOf(roles, { description: 'The key grants this at most' }),
  scopes: Type.Array(oneOf(scopes)),
  createdBy: someone,
  createdAt: time,
  expiresAt: nullable(Type.String({ format: 'date-time', description: 'When it ends by itself' })),
  revokedAt: nullable(time),
});
export type ApiKey = Static<typeof ApiKeySchema>;
export const ApiKey = Type.Unsafe<ApiKey>({ $ref: 'ApiKey#' });

export const NewApiKey = Type.Object({
  ...ApiKeySchema.properties,
  secret: nullable(
    Type.String({
      description: 'What is sent as bearer. Shown this once; null in a repeat of the request',
      examples: ['usher_sk_…'],
    }),
  ),
});

export const CreateApiKey = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'What it is for' }),
    role: Type.Optional(
      oneOf(roles, { description: "The key grants this at most; at most the caller's own", default: 'member' }),
    ),
    scopes: Type.Array(oneOf(scopes), {
      minItems: 1,
      maxItems: scopes.length,
      uniqueItems: true,
      description: 'What it may do; a key gives only scopes that it has',
    }),
    expiresAt: Type.Optional(
      Type.String({
        format: 'date-time',
        maxLength: 40,
        description: 'When it ends by itself, ISO 8601; never if left out. A key makes none that outlives it',
      }),
    ),
  },
  strict,
);
export type CreateApiKey = Static<typeof CreateApiKey>;

/** Who calls, and what they may. */
export const Me = Type.Union([
  Type.Object({
    kind: Type.Literal('api_key'),
    id: Type.String(),
    name: Type.String(),
    organization: nullable(Type.String({ description: 'Null for a key of the staff, which counts in every one' })),
    role: oneOf(roles),
    scopes: Type.Array(oneOf([...scopes, ...staffScopes])),
  }),
  Type.Object({
    kind: Type.Literal('account'),
    id: Type.String(),
    name: Type.String(),
    email: Type.String(),
    emailVerified: Type.Boolean(),
    staff: nullable(oneOf(staffRoles, { description: 'Of those who run Usher' })),
    memberships: Type.Array(
      Type.Object({
        organization: Type.String(),
        name: Type.String(),
        role: oneOf(roles),
        teams: Type.Array(Type.String()),
      }),
    ),
  }),
]);
export type Me = Static<typeof Me>;

export const listOf = <T extends TSchema>(items: T) =>
  Type.Object({
    items: Type.Array(items),
    cursor: nullable(
      Type.String({
        description:
          'For the next page; null at the end. A page before the end may be short, or empty: go on while there is a cursor',
      }),
    ),
  });

const batchPattern = '^bat_[0-7][0-9a-hjkmnp-tv-z]{25}$';
/** What a list's `cursor` was: an id, or an event's number. */
const cursor = Type.String({
  maxLength: 40,
  pattern: '^((bat|inv|key|lic|mem|whk)_[0-7][0-9a-hjkmnp-tv-z]{25}|\\d{1,15})$',
});

export const Page = {
  cursor: Type.Optional(cursor),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
};

export const BatchResultsQuery = Type.Object(
  { ...Page, refused: Type.Optional(Type.Boolean({ description: 'Only those with a result that says why not' })) },
  strict,
);

const invitationFilter = {
  state: Type.Optional(oneOf(invitationStates)),
  delivery: Type.Optional(oneOf(deliveryStatuses)),
  email: Type.Optional(email),
  search: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'A part of the address' })),
  license: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  role: Type.Optional(oneOf(roles)),
  team: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  invitedBy: Type.Optional(account),
  batch: Type.Optional(Type.Unsafe<BatchId>({ type: 'string', maxLength: 40, pattern: batchPattern })),
  createdAfter: Type.Optional(time),
};
export const InvitationFilter = Type.Object(invitationFilter, strict);
export type InvitationFilter = Static<typeof InvitationFilter>;
export const InvitationQuery = Type.Object({ ...Page, ...invitationFilter }, strict);
export type InvitationQuery = Static<typeof InvitationQuery>;

/** Which invitations an act is carried out on. @param most how many can be named */
const selectionOf = (most: number) => ({
  invitations: Type.Optional(
    Type.Array(
      Type.Unsafe<InvitationId>({ type: 'string', maxLength: 30, pattern: '^inv_[0-7][0-9a-hjkmnp-tv-z]{25}$' }),
      { minItems: 1, maxItems: most, uniqueItems: true, description: 'These, by their ids' },
    ),
  ),
  filter: Type.Optional(
    Type.Unsafe<InvitationFilter>({
      ...InvitationFilter,
      minProperties: 1,
      description: 'Or all that match, as the list of invitations filters',
    }),
  ),
});
export const resendMany = (most: number) =>
  Type.Object({ ...selectionOf(most), ...ResendInvitation.properties }, strict);
export type ResendMany = Static<ReturnType<typeof resendMany>>;
export const revokeMany = (most: number) =>
  Type.Object({ ...selectionOf(most), ...RevokeInvitation.properties }, strict);
export type RevokeMany = Static<ReturnType<typeof revokeMany>>;
export const ManyToAmend = Type.Object(
  {
    role: Type.Optional(role),
    teams: Type.Optional(teams),
    licenses: Type.Optional(licenses),
    locale: Type.Optional(locale),
  },
  strict,
);
export type ManyToAmend = Static<typeof ManyToAmend>;
export const amendMany = (most: number) =>
  Type.Object({ ...selectionOf(most), ...ManyToAmend.properties, reason: Type.Optional(reason) }, strict);
export type AmendMany = Static<ReturnType<typeof amendMany>>;

const product = Type.String({
  maxLength: 60,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$',
  description: 'How invitations and programs name it; it never changes',
  examples: ['studio'],
});
const licenseName = Type.String({ minLength: 1, maxLength: 100, description: 'As invited people read it; plain text' });
const kind = oneOf(licenseKinds, {
  description: '`named`: seats are counted. `floating`: assigned without limit, sessions are limited elsewhere',
});
const quantity = Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'How many seats there are' });
const end = nullable(
  Type.String({
    format: 'date-time',
    maxLength: 40,
    description: 'ISO 8601; nobody gets a seat from then on, and those held stay. Null: it does not end',
  }),
);

export const CreateLicense = Type.Object(
  { product, name: Type.Optional(licenseName), kind: Type.Optional(kind), quantity, expiresAt: Type.Optional(end) },
  strict,
);
export type CreateLicense = Static<typeof CreateLicense>;

export const AmendLicense = Type.Object(
  {
    name: Type.Optional(licenseName),
    kind: Type.Optional(kind),
    quantity: Type.Optional(quantity),
    expiresAt: Type.Optional(end),
  },
  { ...strict, minProperties: 1 },
);
export type AmendLicense = Static<typeof AmendLicense>;

const LicenseSchema = Type.Object({
  id: Type.String({ examples: ['lic_01k9xqj2v3e8gt0d5w6m7n8p9q'] }),
  product: Type.String(),
  name: Type.String(),
  kind: oneOf(licenseKinds),
  quantity: Type.Integer(),
  reserved: Type.Integer({ description: 'Held by pending invitations' }),
  assigned: Type.Integer({ description: 'Held by members' }),
  available: nullable(Type.Integer({ description: 'What is left of a named one; null: there is no limit' })),
  expiresAt: nullable(time),
  state: oneOf(['active', 'ended']),
  createdAt: time,
});
export type License = Static<typeof LicenseSchema>;
export const License = Type.Unsafe<License>({ $ref: 'License#' });

export const LicenseQuery = Type.Object(
  {
    ...Page,
    product: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
    kind: Type.Optional(oneOf(licenseKinds)),
    state: Type.Optional(oneOf(['active', 'ended'])),
  },
  strict,
);

const SeatSchema = Type.Object({
  state: oneOf(['reserved', 'assigned']),
  member: nullable(
    Type.Object(
      { id: Type.String(), name: Type.String(), email: Type.String() },
      { description: 'Who holds it, if it is assigned' },
    ),
  ),
  invitation: nullable(
    Type.Object({ id: Type.String(), email: Type.String() }, { description: 'What holds it, if it is reserved' }),
  ),
  since: time,
});
export type Seat = Static<typeof SeatSchema>;
export const Seat = Type.Unsafe<Seat>({ $ref: 'Seat#' });

const seatFilter = {
  state: Type.Optional(oneOf(['reserved', 'assigned'])),
  email: Type.Optional(Type.String({ format: 'idn-email', minLength: 3, maxLength: 254 })),
  search: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'A part of the name or the address' }),
  ),
};
export const SeatQuery = Type.Object({ ...Page, ...seatFilter }, strict);
export const SeatExportQuery = Type.Object(seatFilter, strict);

/** So many members one request is about at most. */
export const mostMembers = 100;
const members = Type.Array(Type.String({ maxLength: 30, pattern: '^mem_[0-7][0-9a-hjkmnp-tv-z]{25}$' }), {
  minItems: 1,
  maxItems: mostMembers,
  uniqueItems: true,
  description: 'Ids of members',
});
export const SeatsOfMembers = Type.Object({ members }, strict);
export type SeatsOfMembers = Static<typeof SeatsOfMembers>;
export const SeatMove = Type.Object(
  {
    members,
    to: Type.String({
      maxLength: 30,
      pattern: '^lic_[0-7][0-9a-hjkmnp-tv-z]{25}$',
      description: 'Id of the other licence',
    }),
  },
  strict,
);
export type SeatMove = Static<typeof SeatMove>;

const domains = Type.Array(
  Type.String({ minLength: 1, maxLength: 260, description: 'A domain; with `*.` before it, all below it' }),
  { maxItems: 100, uniqueItems: true },
);
const reminders = Type.Array(expiresIn, {
  maxItems: 5,
  uniqueItems: true,
  description: 'When to remind, after the sending; empty: never; null: halfway and a day before the end',
});
const languages = Type.Array(locale, {
  maxItems: 50,
  uniqueItems: true,
  description: 'Of invitations: the first unless one says another of them; empty: any',
});
const notices = Type.Array(oneOf(noticeKinds), {
  maxItems: noticeKinds.length,
  uniqueItems: true,
  description: 'What inviters are told of by email, several at once in one; empty: nothing',
});
const wordingText = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description });
const wording = Type.Object(
  Object.fromEntries(
    languageTags.map((language) => [
      language,
      Type.Optional(
        Type.Object(
          {
            subject: Type.Optional(wordingText(150, 'Of the invitation; a reminder says so before it')),
            greeting: Type.Optional(wordingText(150, 'The line that the email begins with')),
            body: Type.Optional(wordingText(2000, 'In place of the sentence that says who invites')),
          },
          strict,
        ),
      ),
    ]),
  ) as { [TLanguage in Language]: TOptional<TObject<{ [TName in keyof Wording]-?: TOptional<TString> }>> },
  {
    ...strict,
    description: `The organization's own words in its invitations, by language: plain text with ${placeholders
      .map((name) => `{${name}}`)
      .join(', ')}. As a whole: what is left out is as Usher has it`,
  },
);
const settings = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  homeUrl: nullable(
    Type.String({ maxLength: 2000, pattern: '^https?://', description: 'Where its members are at home' }),
  ),
  expiresIn: { ...expiresIn, description: 'How long invitations live unless they say otherwise: PT1H to P90D' },
  reminders: nullable(reminders),
  allowedDomains: { ...domains, description: 'Whose addresses are invited; empty: all that are not blocked' },
  blockedDomains: { ...domains, description: 'Whose addresses are not' },
  languages,
  notices,
  timeZone: Type.String({
    minLength: 1,
    maxLength: 60,
    description: 'IANA name of the time zone in whose daytime, 9:00 to 18:00, reminders come',
    examples: ['Europe/Berlin'],
  }),
  color: nullable(
    Type.String({
      pattern: '^#[0-9A-Fa-f]{6}$',
      maxLength: 7,
      description: 'Of buttons in its emails and pages, dark enough for white text; null: as Usher has it',
      examples: ['#1d4ed8'],
    }),
  ),
  senderName: nullable(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'By what name its invitations are sent; null: as Usher has it',
    }),
  ),
  replyTo: nullable(
    Type.String({
      minLength: 3,
      maxLength: 254,
      description: 'Where answers to its invitations go; null: to whoever invited',
    }),
  ),
  wording,
};
const OrganizationSchema = Type.Object({
  organization: Type.String({ description: 'How callers name it' }),
  ...settings,
  logo: nullable(Type.String({ description: 'Where its logo is, a PNG of at most 256 × 256 pixels: a path at Usher' })),
  suspendedAt: nullable(
    Type.String({ format: 'date-time', description: 'While suspended, nothing is sent or accepted' }),
  ),
  createdAt: time,
});
export type Organization = Static<typeof OrganizationSchema>;
export const Organization = Type.Unsafe<Organization>({ $ref: 'Organization#' });
export const ChangeOrganization = Type.Object(
  {
    ...(Type.Partial(Type.Object(settings)).properties as {
      [TName in keyof typeof settings]: TOptional<(typeof settings)[TName]>;
    }),
    suspended: Type.Optional(Type.Boolean({ description: 'For staff' })),
    reason: Type.Optional(reason),
  },
  { ...strict, minProperties: 1 },
);
export type ChangeOrganization = Static<typeof ChangeOrganization>;

const MemberSchema = Type.Object({
  id: Type.String({ examples: ['mem_01k9xqj2v3e8gt0d5w6m7n8p9q'] }),
  organization: Type.String(),
  account: Type.String({ description: 'The person: the same in every organization' }),
  name: Type.String(),
  email: Type.String(),
  role: oneOf(roles),
  teams: Type.Array(Type.String()),
  licenses: Type.Array(Type.String()),
  state: oneOf(['active', 'removed']),
  joinedAt: time,
  lastAccessAt: nullable(
    Type.String({ format: 'date-time', description: 'When they were last at Usher, to some minutes' }),
  ),
  removedAt: nullable(time),
  invitation: nullable(Type.String({ description: 'The one that they accepted' })),
});
export type Member = Static<typeof MemberSchema>;
export const Member = Type.Unsafe<Member>({ $ref: 'Member#' });

const memberFilter = {
  state: Type.Optional(oneOf(['active', 'removed'], { default: 'active' })),
  email: Type.Optional(
    Type.String({ format: 'idn-email', minLength: 3, maxLength: 254, description: 'Whose verified address this is' }),
  ),
  search: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'A part of the name or the address' }),
  ),
  role: Type.Optional(oneOf(roles)),
  team: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  license: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'Who holds a seat of this product' })),
  joinedAfter: Type.Optional(time),
  joinedBefore: Type.Optional(time),
  lastAccessAfter: Type.Optional(time),
  lastAccessBefore: Type.Optional(time),
};
export const MemberFilter = Type.Object(memberFilter, strict);
export type MemberFilter = Static<typeof MemberFilter>;
export const MemberQuery = Type.Object({ ...Page, ...memberFilter }, strict);

const memberChange = { role: Type.Optional(role), teams: Type.Optional(teams), reason: Type.Optional(reason) };
export const ChangeMember = Type.Object(memberChange, { ...strict, minProperties: 1 });
export const ChangeMembers = Type.Object(
  {
    members,
    state: Type.Optional(oneOf(['removed'], { description: 'Removes them' })),
    ...memberChange,
  },
  { ...strict, minProperties: 2 },
);

const EventSchema = Type.Object({
  id: Type.Integer(),
  type: Type.String({ examples: ['created', 'invitation_sent', 'accepted'] }),
  sequence: nullable(Type.Integer()),
  detail: nullable(Type.String()),
  actor: Type.Object({ kind: Type.String(), id: nullable(Type.String()) }),
  target: Type.Object({ kind: Type.String(), id: Type.String() }),
  request: nullable(
    Type.String({ description: 'The X-Request-Id of the request that caused it, or what caused it instead' }),
  ),
  reason: nullable(Type.String({ description: 'Given by whoever did it; staff must give one' })),
  at: time,
});
export type Event = Static<typeof EventSchema>;
export const Event = Type.Unsafe<Event>({ $ref: 'Event#' });

const webhookUrl = Type.String({
  maxLength: 500,
  pattern: '^https?://',
  description: 'Where messages are sent to, by POST: https, on the public internet',
});
const told = Type.Array(oneOf(webhookTypes), {
  maxItems: webhookTypes.length,
  uniqueItems: true,
  description: 'What it is told; empty: everything',
});
const WebhookSchema = Type.Object({
  id: Type.String({ examples: ['whk_01k9xqj2v3e8gt0d5w6m7n8p9q'] }),
  organization: Type.String(),
  url: Type.String(),
  types: told,
  createdAt: time,
  failingSince: nullable(Type.String({ format: 'date-time', description: 'Since when nothing has got through' })),
  disabled: nullable(
    Type.Object(
      {
        at: time,
        why: oneOf(disabledWhys, {
          description:
            '`failing`: nothing got through for days. `gone`: it answered 410. `by_hand`: somebody wanted it',
        }),
      },
      { description: 'It is told nothing; what happens waits, for 30 days at most' },
    ),
  ),
  previousSecretUntil: nullable(
    Type.String({ format: 'date-time', description: 'Until then the secret before this one signs too' }),
  ),
});
export type Webhook = Static<typeof WebhookSchema>;
export const Webhook = Type.Unsafe<Webhook>({ $ref: 'Webhook#' });
export const WebhookWithSecret = Type.Object({
  ...WebhookSchema.properties,
  secret: nullable(
    Type.String({
      description: 'What verifies messages. Shown this once; null in a repeat of the request',
      examples: ['whsec_…'],
    }),
  ),
});

export const CreateWebhook = Type.Object({ url: webhookUrl, types: Type.Optional(told) }, strict);
export type CreateWebhook = Static<typeof CreateWebhook>;
export const ChangeWebhook = Type.Object(
  {
    url: Type.Optional(webhookUrl),
    types: Type.Optional(told),
    disabled: Type.Optional(
      Type.Boolean({ description: 'True: it is told nothing for now. False: what has waited is sent' }),
    ),
  },
  { ...strict, minProperties: 1 },
);
export type ChangeWebhook = Static<typeof ChangeWebhook>;

const webhookMessage = {
  id: Type.String({ description: 'The `webhook-id` of each of its attempts', examples: ['msg_…'] }),
  type: oneOf([...webhookTypes, testType]),
  about: Type.String({ description: 'The invitation, member or licence that it is about first' }),
  state: oneOf(messageStates, {
    description:
      '`waiting`: for its first attempt, or the next. `failed`: tried for three days while others got through',
  }),
  attempts: Type.Integer({ minimum: 0 }),
  lastAttemptAt: nullable(time),
  lastAnswer: nullable(
    Type.String({
      description: 'The HTTP status, or what went wrong: `timeout`, `address_not_public`, `ECONNREFUSED`, …',
      examples: ['200'],
    }),
  ),
  nextAttemptAt: nullable(time),
  createdAt: time,
};
const WebhookMessageSchema = Type.Object(webhookMessage);
export type WebhookMessage = Static<typeof WebhookMessageSchema>;
export const WebhookMessage = Type.Unsafe<WebhookMessage>({ $ref: 'WebhookMessage#' });
export const WebhookMessageWithPayload = Type.Object({
  ...webhookMessage,
  payload: Type.Unsafe<object>({
    type: 'object',
    additionalProperties: true,
    description: 'What would be sent now: messages say how things are when they are sent',
  }),
});
export const WebhookMessageQuery = Type.Object({ ...Page, state: Type.Optional(oneOf(messageStates)) }, strict);
export type WebhookMessageQuery = Static<typeof WebhookMessageQuery>;
export const ResendFailed = Type.Object({ since: time }, strict);
export const Resent = Type.Object({
  resent: Type.Integer(),
  more: Type.Boolean({ description: 'There are more: repeat it, with another Idempotency-Key' }),
});

/** What is sent to endpoints, by type: as OpenAPI describes webhooks. */
export const webhookPayloads = (): Record<string, object> => {
  const parts = {
    invitation: { $ref: '#/components/schemas/Invitation' },
    member: { $ref: '#/components/schemas/Member' },
    license: { $ref: '#/components/schemas/License' },
    webhook: { type: 'string', description: 'Id of the endpoint' },
  };
  const partsOf = (type: string): (keyof typeof parts)[] => {
    const [noun] = type.split('.') as [keyof typeof parts];
    return noun === 'license' ? ['license', 'member'] : [noun];
  };
  const describe = (type: string) => {
    const names = partsOf(type);
    const data = Object.fromEntries(names.map((name) => [name, parts[name]]));
    const schema = {
      type: 'object',
      required: ['type', 'timestamp', 'version', 'data'],
      properties: {
        type: { type: 'string', const: type },
        timestamp: { type: 'string', format: 'date-time', description: 'When it happened' },
        version: {
          type: 'string',
          const: 'v1',
          description: 'Of what `data` holds, which is as the API of that version shows it',
        },
        data: { type: 'object', required: names, properties: data, description: 'How things are when it is sent' },
      },
    };
    return {
      post: {
        operationId: type,
        summary: type,
        tags: ['webhooks'],
        parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
          name,
          in: 'header',
          required: true,
          schema: { type: 'string' },
        })),
        requestBody: { required: true, content: { 'application/json': { schema } } },
        responses: { '2XX': { description: 'It has been received' } },
      },
    };
  };
  return Object.fromEntries([...webhookTypes, testType].map((type) => [type, describe(type)]));
};

/** Of those who run Usher. */
export const AnywhereQuery = Type.Object({ ...Page, email }, strict);

export const EventQuery = Type.Object(
  {
    ...Page,
    type: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
    actor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 254,
        description: 'Id of a member, account or API key, or the address of a person',
      }),
    ),
    target: Type.Optional(
      Type.String({ minLength: 1, maxLength: 60, description: 'Id of what it is about, such as an invitation' }),
    ),
    since: Type.Optional(time),
    until: Type.Optional(time),
    order: Type.Optional(oneOf(eventOrders, { description: 'Which come first', default: 'oldest' })),
  },
  strict,
);
export type EventQuery = Static<typeof EventQuery>;

const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'The page of the code, from the root of the API' }),
    title: Type.String(),
    status: Type.Integer(),
    code: oneOf(problemCodes, { description: 'For programs; later versions may know more' }),
    detail: Type.Optional(Type.String({ description: 'What is wrong here, and what to do about it' })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String(),
          message: Type.String(),
          code: Type.Optional(Type.String({ description: 'Of a row of a batch: why it cannot be invited' })),
        }),
        { description: 'Where in the request' },
      ),
    ),
    seats: Type.Optional(Type.Array(Seat, { description: 'Who uses the licence: the first 100' })),
    requestId: Type.Optional(Type.String()),
  },
  { description: 'RFC 9457 problem details' },
);

/** Schemas that others refer to by name. */
export const sharedSchemas = [
  { ...InvitationSchema, $id: 'Invitation' },
  { ...LicenseSchema, $id: 'License' },
  { ...SeatSchema, $id: 'Seat' },
  { ...MemberSchema, $id: 'Member' },
  { ...OrganizationSchema, $id: 'Organization' },
  { ...BatchSchema, $id: 'Batch' },
  { ...BatchRowSchema, $id: 'BatchRow' },
  { ...EventSchema, $id: 'Event' },
  { ...ApiKeySchema, $id: 'ApiKey' },
  { ...WebhookSchema, $id: 'Webhook' },
  { ...WebhookMessageSchema, $id: 'WebhookMessage' },
  { ...ProblemSchema, $id: 'Problem' },
];

/** What every operation can be answered with. */
const always = [
  'invalid_request',
  'not_authenticated',
  'rate_limited',
  'internal',
  'database_unreachable',
  'version_mismatch',
  'issuer_unreachable',
] as const satisfies ProblemCode[];
/** Besides, what a POST or PATCH can be answered with. */
export const changeProblems = [
  'form_expired',
  'too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
] as const satisfies ProblemCode[];

/**
 * The answers of an operation, by status.
 *
 * @param status of its success
 * @param codes the problems that are its own
 */
export function answers(status: number, body: TSchema, codes: readonly ProblemCode[] = []): Record<string, TSchema> {
  const byStatus = Object.groupBy([...always, ...codes], (code) => problems[code].status);
  const entries = Object.entries(byStatus).map(([problemStatus, these]) => [
    problemStatus,
    {
      description: these!.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    },
  ]);
  return { [status]: body, ...Object.fromEntries(entries) };
}

/** A time that a schema has let pass. @throws Problem `invalid_request` for one that does not exist, such as a leap second */
export function timeOf(name: string, text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new Problem('invalid_request', `${name} is a time that does not exist.`);
  return at;
}

/** ms of an ISO 8601 duration that {@link expiresIn} matches. */
export function durationMs(duration: string): number {
  const [, w, d, h, m, s] = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration) ?? [];
  const n = (x: string | undefined) => Number(x ?? 0);
  return ((((n(w) * 7 + n(d)) * 24 + n(h)) * 60 + n(m)) * 60 + n(s)) * 1000;
}
