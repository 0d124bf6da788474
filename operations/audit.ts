import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { stringify } from 'csv-stringify';
import { type Event, type EventFilter, listEvents } from '../db/events.ts';
import { findOrganization } from '../db/organizations.ts';
import type { Page } from '../db/paging.ts';
import { withDatabase } from './with-database.ts';

interface Options {
  organization?: string;
  type?: string;
  actor?: string;
  since?: Date;
  until?: Date;
  format: 'csv' | 'jsonl';
}

const time = (text: string) => {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('It is no time, such as 2026-11-24T00:00:00Z.');
  return date;
};

/** Rows read at a time. */
const pageSize = 1_000;

/** `audit`: the audit log, however long it is. */
export const audit = new Command('audit')
  .description('writes the audit log to standard output, oldest first; changes nothing')
  .option('--organization <slug>', 'of this one only; else of all, and what concerns none')
  .option('--type <type>', 'events of this type only')
  .option('--actor <id>', 'what this member, account or API key did')
  .option('--since <time>', 'from this time on, ISO 8601', time)
  .option('--until <time>', 'before this time, ISO 8601', time)
  .addOption(
    new Option('--format <format>', 'csv: for spreadsheets, formulas made harmless; jsonl: one object a line')
      .choices(['csv', 'jsonl'])
      .default('jsonl'),
  )
  .action(async ({ organization: slug, format, ...filter }: Options, command: Command) => {
    await withDatabase(async (db) => {
      const organization = slug === undefined ? undefined : await findOrganization(db, slug);
      if (slug !== undefined && !organization) command.error(`There is no organization ${slug}.`);
      const wanted: EventFilter = { ...filter, ...(organization ? { organization: organization.id } : {}) };
      // A reader that has enough (`head`) closes the pipe: that is an end, not a fault.
      process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
        process.exit();
      });
      const lines = stringify({
        header: true,
        columns: Object.keys(rowOf(undefined)),
        // A cell that begins like a formula is text: a spreadsheet would carry it out.
        escape_formulas: true,
      });
      if (format === 'csv') lines.pipe(process.stdout);
      const write = async (row: object) => {
        const took = format === 'csv' ? lines.write(row) : process.stdout.write(`${JSON.stringify(row)}\n`);
        if (!took) await once(format === 'csv' ? lines : process.stdout, 'drain');
      };
      for (let after: number | null = 0; after !== null; ) {
        const page: Page<Event, number> = await listEvents(db, wanted, { after, limit: pageSize });
        for (const event of page.rows) await write(rowOf(event));
        after = page.next;
      }
      if (format === 'csv') {
        lines.end();
        await once(lines, 'end');
      }
    });
  });

/** A row, flat; without an event one that has the columns alone. */
const rowOf = (e: Event | undefined) => ({
  id: e?.id,
  at: e?.at.toISOString(),
  organization: e?.organization,
  type: e?.type,
  detail: e?.detail,
  actorKind: e?.actor_kind,
  actorId: e?.actor_id,
  targetKind: e && (e.target_kind ?? 'invitation'),
  targetId: e && (e.target_id ?? e.invitation_id),
  sequence: e?.sequence,
  request: e?.request_key,
  reason: e?.reason,
});
