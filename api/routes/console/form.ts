import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import type { RouteDeps } from '../../deps.ts';
import type { Filled, FormError } from '../../pages/console/form.ts';
import { ChangedMeanwhile, Problem, type ProblemCode, problemOf, problems } from '../../problem.ts';

/** What every form of the console posts besides its own fields. A field that is left empty is posted as one. */
export const formBody = {
  _csrf: Type.Optional(Type.String()),
  /** Made when the form was drawn: sent twice, it is one request. */
  _form: Type.Optional(Type.String({ maxLength: 40 })),
};
/** A field of a form, before the schemas of the HTTP API see it. @param most characters */
export const field = (most: number) => Type.Optional(Type.String({ maxLength: most }));

/** Boxes of one name: none, one or several are ticked. @param each characters of a value @param most how many */
export const ticked = (each: number, most: number) =>
  Type.Optional(
    Type.Union([Type.String({ maxLength: each }), Type.Array(Type.String({ maxLength: each }), { maxItems: most })]),
  );

/** What a line lists, with commas between; a part that has one itself is in quotes, as in CSV. */
export const listed = (line: string): string[] => {
  const parts = line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g);
  const read = [...parts].map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim());
  return [...new Set(read.filter(Boolean))];
};

/** What was filled in: fields that are empty are left out. */
export const filledIn = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== '')) as Partial<T>;

/**
 * What somebody asks on a page, read as the HTTP API reads the same.
 *
 * @param schema of the HTTP API
 * @throws Problem `invalid_request` naming the fields
 */
export function inputOf<T extends TSchema>(
  request: FastifyRequest,
  schema: T,
  httpPart: 'body' | 'querystring',
  input: object,
): Static<T> {
  const validate = request.compileValidationSchema(schema, httpPart);
  if (validate(input) === false) throw problemOf({ validation: validate.errors ?? [], validationContext: httpPart });
  return input as Static<T>;
}

/** What is wrong with a field of the form itself. */
export const refused = (name: string, message: string): Problem =>
  new Problem('invalid_request', message, [{ path: `body/${name}`, message }]);

/** Answers a form that was carried out before: it says so, and shows how things are now. */
export function doneBefore({ cookies }: RouteDeps, reply: FastifyReply, path: string): FastifyReply {
  cookies.setNotice(reply, {
    kind: 'info',
    text: 'The form was sent before, and counts once: this is how things are now.',
  });
  return reply.redirect(path, 303);
}

/**
 * Beside each field that differs, what is there now, when somebody else has changed it meanwhile; any other refusal stays.
 *
 * @param words of what is there now, by field, where its value is a code
 */
export function besideNow(
  error: unknown,
  filled: Filled,
  now: Filled,
  words: Partial<Record<string, string | undefined>> = {},
): unknown {
  if (!(error instanceof ChangedMeanwhile)) return error;
  const plain = (text = '') => text.replaceAll('\r\n', '\n').trim();
  const differing = Object.keys(now).filter(
    (name) => filled[name] !== undefined && plain(filled[name]) !== plain(now[name]),
  );
  const said = (name: string) => (words[name] ?? now[name] ?? '').replaceAll('\n', ', ') || 'nothing';
  const errors = differing.map((name) => ({ path: `body/${name}`, message: `Now: ${said(name)}.` }));
  return new Problem(error.code, error.detail, errors);
}

/** Which field a refusal is about, where it does not say so itself. */
const fieldOf: Partial<Record<ProblemCode, string>> = {
  invalid_email: 'email',
  domain_not_allowed: 'email',
  already_invited: 'email',
  already_member: 'email',
  role_too_high: 'role',
  own_role: 'role',
  unknown_member: 'members',
  unknown_license: 'licenses',
  no_seat_left: 'licenses',
  license_ended: 'licenses',
  license_in_use: 'quantity',
  invalid_picture: 'logo',
  too_large: 'logo',
  license_exists: 'product',
  language_not_allowed: 'locale',
  unsafe_text: 'message',
  redirect_not_allowed: 'redirectUrl',
  reason_missing: 'reason',
};

/** What the schemas' own words are for people. */
const readable = (message: string): string =>
  message
    .replace(/^must match pattern .*/, 'This is not written as it has to be.')
    .replace(/^must match format .*/, 'This is not written as it has to be.')
    .replace(/^must be equal to one of the allowed values$/, 'Choose one of the list.')
    .replace(/^must NOT have more than (\d+) characters$/, 'At most $1 characters.')
    .replace(/^must NOT have fewer than (\d+) characters$/, 'At least $1 characters.')
    .replace(/^must NOT have fewer than 1 items$/, 'Choose at least one.')
    .replace(/^must have required property .*/, 'This is missing.');

/**
 * A refusal as its form shows it; the answer gets its status.
 *
 * @param names of the form's own fields, where they are not called as in the HTTP API
 * @throws whatever is no refusal of what was filled in: it has a page of its own
 */
export function formErrorOf(
  reply: FastifyReply,
  error: unknown,
  names: Partial<Record<string, string>> = {},
): FormError {
  const problem = error instanceof Problem ? error : problemOf(error);
  if (problem.status === 404 || problem.code === 'internal') throw error;
  reply.status(problem.status).headers(problem.headers);
  const title = problems[problem.code].title;
  const fields: Record<string, string> = {};
  for (const { path, message } of problem.errors ?? []) {
    const name = path.split('/')[1];
    if (name) fields[names[name] ?? name] ??= readable(message);
  }
  const about = fieldOf[problem.code];
  if (about && Object.keys(fields).length === 0) fields[names[about] ?? about] ??= problem.detail ?? `${title}.`;
  return { text: `${title}.${problem.detail ? ` ${problem.detail}` : ''}`, fields };
}
