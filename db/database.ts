import { Kysely, PostgresDialect } from 'kysely';
import { type Client, type ClientBase, Pool, types } from 'pg';
import type { AccountsTable, SessionsTable } from './accounts.ts';
import { type AdmissionTable, admit } from './admission.ts';
import type { ApiKeysTable } from './api-keys.ts';
import type { BatchActsTable, BatchesTable } from './batches.ts';
import type { DeliveriesTable } from './deliveries.ts';
import type { ErasuresTable } from './erasure.ts';
import type { EventsTable, ReasonsTable } from './events.ts';
import type { AmendmentsTable, InvitationsTable } from './invitations.ts';
import type { LicensePoolsTable, SeatsTable } from './licenses.ts';
import type { LimitsTable } from './limits.ts';
import type { LogosTable } from './logos.ts';
import type { MembersTable } from './members.ts';
import type { NoticesTable } from './notices.ts';
import type { OrganizationsTable } from './organizations.ts';
import type { RequestsTable } from './requests.ts';
import type { WebhookMessagesTable, WebhooksTable } from './webhooks.ts';

export interface Database {
  accounts: AccountsTable;
  admission: AdmissionTable;
  amendments: AmendmentsTable;
  api_keys: ApiKeysTable;
  batches: BatchesTable;
  batch_acts: BatchActsTable;
  deliveries: DeliveriesTable;
  erasures: ErasuresTable;
  events: EventsTable;
  invitations: InvitationsTable;
  license_pools: LicensePoolsTable;
  limits: LimitsTable;
  logos: LogosTable;
  members: MembersTable;
  notices: NoticesTable;
  organizations: OrganizationsTable;
  reasons: ReasonsTable;
  requests: RequestsTable;
  seats: SeatsTable;
  sessions: SessionsTable;
  webhook_messages: WebhookMessagesTable;
  webhooks: WebhooksTable;
}

// Durations in ms fit a double for 285 thousand years.
types.setTypeParser(types.builtins.INT8, Number);

const pools = new WeakMap<Kysely<Database>, Pool>();

/** The connections of a database of {@link createDatabase}. */
export const poolOf = (db: Kysely<Database>): Pool => pools.get(db)!;

/**
 * Connects to Postgres, lazily. Connections to a database that does not admit this program fail with `VersionMismatch`.
 *
 * @param connectionString postgres://…
 * @param connections most connections of this process
 * @param statementMs how long a statement may take. @default 5 s: nothing of Usher's is slow
 * @param connectMs how long a connection may take to come, or to be free. @default 1.5 s: a request has no more
 */
export function createDatabase(
  connectionString: string,
  connections = 10,
  statementMs = 5_000,
  connectMs = 1_500,
): Kysely<Database> {
  const pool = new Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: connectMs,
    // A statement that hangs must not hold a request or a workflow task; nor must a server that has fallen silent.
    statement_timeout: statementMs,
    query_timeout: statementMs + 100,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'usher',
    // A program that cannot start ends at once.
    allowExitOnIdle: true,
    async onConnect(client) {
      // One that breaks between two statements of a transaction fails the next one, and needs not end the process.
      client.on('error', () => undefined);
      endWhenSilent(client);
      prepareRepeated(client);
      await admit(client);
    },
    // So that a program under way notices within a minute that a migration has left it behind.
    maxLifetimeSeconds: 60,
  });
  // An idle connection that breaks (a restart of Postgres) is replaced on next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

/** What is asked of a connection after an answer that never came would wait behind it, so that connection ends. */
function endWhenSilent(client: ClientBase): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    const answer = query(...args);
    if (answer instanceof Promise)
      answer.catch((error: Error) => {
        // At once, before the pool has it back. It waits for no answer.
        if (error.message === 'Query read timeout') void (client as Client).end();
      });
    return answer;
  }) as typeof client.query;
}

/** Statements that this process repeats, by text: how often it has asked them, and the name of one that is prepared. */
const repeated = new Map<string, { times: number; name?: string }>();
/** As the JDBC driver of Postgres has it. */
const timesUntilPrepared = 5;
/** Texts of lists (`in (…)`) differ without end: those that are not asked again must not fill memory. */
const mostTexts = 1_000;

/** All columns of a table, which fails once a migration has added one; a page of a list, whose best plan depends on what is asked for. */
const neverPrepared = /(\.|\bselect |\breturning )\*|\blimit \$/;
let prepared = 0;

/**
 * Has Postgres parse and plan a statement once a connection, and not each time: half of what a short one costs, on both
 * sides.
 */
function prepareRepeated(client: ClientBase): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((text: unknown, ...rest: unknown[]) => {
    const [values] = rest;
    if (typeof text !== 'string' || !Array.isArray(values) || values.length === 0) return query(text, ...rest);
    let known = repeated.get(text);
    if (!known) {
      if (repeated.size >= mostTexts) for (const [old, { name }] of repeated) if (!name) repeated.delete(old);
      known = { times: 0 };
      if (repeated.size < mostTexts) repeated.set(text, known);
    }
    known.times += 1;
    if (known.times === timesUntilPrepared && !neverPrepared.test(text)) known.name = `usher_${++prepared}`;
    return known.name ? query({ name: known.name, text, values }) : query(text, values);
  }) as typeof client.query;
}
