import { open, readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { stringify } from 'csv-stringify/sync';
import { type BatchRow, type Invitation, UsherProblem } from '../client/index.ts';
import type { Context } from './context.ts';
import { type Ending, endingOf } from './exit-codes.ts';
import { forPeople, tellBatch, unseen, watchBatch } from './progress.ts';
import { plain } from './terminal.ts';

export interface CsvOptions {
  /** `all`: one row that cannot be invited is to refuse them all. */
  mode: 'all' | 'valid';
  /** Nobody is invited; it is said what would become of the rows. */
  preview?: true;
  /** Where what became of each row is written. */
  results?: string;
  idempotencyKey?: string;
}

/** A row of the file with what became of it, or would. */
type Row = Pick<BatchRow, 'line' | 'email' | 'detail' | 'invitation'> & { result: string };

/**
 * Invites whom a CSV file names, up to 10,000, as one batch, and waits until all their emails have left. Rows that cannot be
 * invited are told first, by their line.
 */
export async function inviteByCsv(context: Context, file: string, options: CsvOptions): Promise<Ending> {
  const { usher, json, interrupted: signal } = context;
  const { mode, preview, idempotencyKey } = options;
  const csv = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  const path = { organization: await context.organization() };
  // A file that cannot be written is better noticed before anybody is invited; what is in it stays until more is known.
  if (options.results) await (await open(options.results, 'a')).close();
  const keep = async (rows: readonly Row[], invitations?: ReadonlyMap<string, Invitation>) => {
    if (options.results) await writeFile(options.results, csvOf(rows, invitations));
  };

  // Asked again with its key, it is as it was, whatever would become of its rows now.
  let looked: readonly Row[] = [];
  if (!idempotencyKey || preview) {
    const look = '/v1/organizations/{organization}/invitation-batches/preview';
    const seen = await usher.post(look, { path, body: csv, signal });
    looked = seen.results;
    await keep(looked);
    const { valid, refused } = seen.counts;
    if (!json) tellRefused(looked);
    if (preview || (refused > 0 && mode === 'all') || valid === 0) {
      if (json) console.log(JSON.stringify(seen, null, 2));
      else console.error(preview ? `${valid} can be invited, ${refused} cannot.` : nobody(valid, refused));
      return refused > 0 ? 'refused' : 'done';
    }
  }

  signal.throwIfAborted();
  const asked = usher.post('/v1/organizations/{organization}/invitation-batches', {
    path,
    query: { mode },
    body: csv,
    ...(idempotencyKey ? { idempotencyKey } : {}),
  });
  const invited = await asked.catch(async (error) => {
    const refused = refusedBy(error);
    if (refused.length > 0) await keep(refused);
    if (refused.length === 0 || json) throw error;
    tellRefused(refused);
    console.error(plain(error.detail));
    return undefined;
  });
  if (!invited) return 'refused';
  const { results, ...made } = invited;
  await keep(results);
  // Of some it is only known now, such as whom others have invited meanwhile.
  if (!json) tellRefused(results.filter((_, i) => (looked[i]?.result ?? 'valid') === 'valid'));
  const ending: Ending = made.counts.refused > 0 ? 'refused' : 'done';
  if (!json) console.error(`${made.counts.invited} invited, as ${made.id}. Their emails leave:`);
  try {
    const done = await watchBatch(context, made.id, json ? unseen() : forPeople());
    if (options.results) {
      const all = usher.list('/v1/organizations/{organization}/invitations', {
        path,
        query: { batch: made.id, limit: 100 },
        signal,
      });
      const invitations = new Map<string, Invitation>();
      for await (const invitation of all) invitations.set(invitation.id, invitation);
      await keep(results, invitations);
    }
    console.log(json ? JSON.stringify({ ...done, results }, null, 2) : tellBatch(done));
    return ending;
  } catch (error) {
    if (endingOf(error) === 'interrupted')
      console.error(
        `They are invited, and their emails go on leaving: usher batch watch ${made.id}, or usher batch cancel ${made.id}`,
      );
    throw error;
  }
}

const nobody = (valid: number, refused: number) =>
  valid === 0
    ? `Nobody is invited: none of ${refused} rows can be.`
    : `Nobody is invited. Correct ${refused === 1 ? 'this row' : `these ${refused} rows`}, or invite the other ${valid} with --mode valid.`;

/** The rows for which a batch was refused. */
const refusedBy = (error: unknown): Row[] =>
  error instanceof UsherProblem && error.code === 'batch_refused'
    ? error.errors.map(({ path, code = 'invalid_request', message }) => ({
        line: Number(path.replace('line ', '')),
        result: code,
        detail: message,
      }))
    : [];

/** So many rows are told; the results file has them all. */
const mostTold = 100;

function tellRefused(rows: readonly Row[]): void {
  const refused = rows.filter(({ result }) => result !== 'valid' && result !== 'invited');
  for (const { line, email, result, detail } of refused.slice(0, mostTold))
    console.error(plain([`Line ${line}`, email, detail ?? result].filter(Boolean).join(': ')));
  if (refused.length > mostTold) console.error(`… and ${refused.length - mostTold} more: --results FILE has them all.`);
}

/** Rows as CSV for spreadsheets. @param invitations where they stand */
const csvOf = (rows: readonly Row[], invitations?: ReadonlyMap<string, Invitation>): string =>
  stringify(
    rows.map(({ line, email, result, detail, invitation }) => {
      const now = invitation ? invitations?.get(invitation) : undefined;
      return { line, email, result, detail, invitation, state: now?.state, delivery: now?.delivery.status };
    }),
    {
      header: true,
      columns: ['line', 'email', 'result', 'detail', 'invitation', 'state', 'delivery'],
      bom: true,
      record_delimiter: 'windows',
      escape_formulas: true,
    },
  );
