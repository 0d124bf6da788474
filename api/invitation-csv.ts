import { CsvError, parse } from 'csv-parse/sync';
import { Problem } from './problem.ts';

/** Reads invitations from CSV (RFC 4180), as spreadsheets write it. */

/** A row as it was written: what the schema of an invitation is yet to say something of. */
export interface CsvRow {
  /** The line on which it ends. */
  line: number;
  input: Record<string, unknown>;
}

/** What a column may be called, letters alone and in lower case, and how its cells are read. */
const columns: Record<string, { field: string; isList?: true }> = {
  email: { field: 'email' },
  role: { field: 'role' },
  teams: { field: 'teams', isList: true },
  licenses: { field: 'licenses', isList: true },
  locale: { field: 'locale' },
  message: { field: 'message' },
  expiresin: { field: 'expiresIn' },
  redirecturl: { field: 'redirectUrl' },
};
const metadataPrefix = 'metadata.';
const allowed = `${Object.values(columns)
  .map(({ field }) => field)
  .join(', ')} and ${metadataPrefix}<name>`;
/** What separates several in one cell. */
const listSeparator = '|';
const longestRow = 64 * 1024;

const refuse = (detail: string) => new Problem('invalid_csv', detail);

/**
 * Reads CSV with a header row. Commas, semicolons or tabs separate, whichever the header has most of; a byte order mark,
 * empty lines and rows of empty cells are passed over. An empty cell says nothing.
 *
 * @param mostRows more are refused
 * @throws Problem `invalid_csv` with the line, of what is wrong with the file and not with a row
 */
export function readInvitationCsv(text: string, mostRows: number): CsvRow[] {
  const [header, ...records] = recordsOf(text, mostRows);
  if (!header) throw refuse(`It has no header row. It names the columns: ${allowed}.`);
  const fields = header.cells.map((name, i) => {
    const letters = name.toLowerCase().replace(/[^a-z]/g, '');
    if (name.toLowerCase().startsWith(metadataPrefix)) return { metadata: name.slice(metadataPrefix.length) };
    const column = Object.hasOwn(columns, letters) ? columns[letters] : undefined;
    if (!column)
      throw refuse(
        `Line ${header.line}: column ${i + 1} is called ${JSON.stringify(name.slice(0, 40))}; there are ${allowed}.`,
      );
    return column;
  });
  const names = fields.map((field) => ('metadata' in field ? `${metadataPrefix}${field.metadata}` : field.field));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refuse(`Line ${header.line}: there are two columns ${twice.slice(0, 60)}.`);
  if (!names.includes('email')) throw refuse(`Line ${header.line}: there is no column email.`);
  if (records.length === 0) throw refuse('It has a header row, and nobody to invite.');
  if (records.length > mostRows) throw refuse(`It has more than ${mostRows} rows: split it.`);

  return records.map(({ cells, line }) => {
    if (cells.length > fields.length && cells.slice(fields.length).some((cell) => cell !== ''))
      throw refuse(
        `Line ${line}: it has ${cells.length} cells, the header ${fields.length}. Put cells that hold a separator in quotes.`,
      );
    const input: Record<string, unknown> = {};
    const metadata: [name: string, value: string][] = [];
    for (const [i, field] of fields.entries()) {
      const cell = cells[i] ?? '';
      if (cell === '') continue;
      if ('metadata' in field) metadata.push([field.metadata, cell]);
      else if (field.isList)
        input[field.field] = cell
          .split(listSeparator)
          .map((one) => one.trim())
          .filter((one) => one !== '');
      else input[field.field] = cell;
    }
    return { line, input: metadata.length > 0 ? { ...input, metadata: Object.fromEntries(metadata) } : input };
  });
}

function recordsOf(text: string, mostRows: number): { cells: string[]; line: number }[] {
  try {
    const records = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      relax_column_count: true,
      max_record_size: longestRow,
      // The header, and one that is too much.
      to: mostRows + 2,
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const what: Partial<Record<string, string>> = {
      CSV_QUOTE_NOT_CLOSED: 'a quote that was opened is not closed',
      CSV_MAX_RECORD_SIZE: `a row has ${longestRow / 1024} KiB at most`,
    };
    throw refuse(
      `Line ${Number(error.lines)}: ${what[error.code] ?? 'a quote stands where none may: put the whole cell in quotes, and double those inside'}.`,
    );
  }
}

/** The separator of which the first line has most, outside of quotes. */
function delimiterOf(text: string): string {
  const header = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (separator: string) => header.split(separator).length;
  return [',', ';', '\t'].reduce((most, one) => (count(one) > count(most) ? one : most));
}
