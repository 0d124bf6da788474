import { Client } from 'pg';

const tables = `
  create table accounts (id text primary key, email text not null);
  create table sessions (token text primary key, account_id text not null references accounts);
  create table invitations (id text primary key, email text not null, state text not null);
  create table members (account_id text primary key references accounts, invitation_id text not null references invitations);
  create table pools (id integer primary key, quantity integer not null, used integer not null, check (used <= quantity));
  insert into pools values (1, 100000000, 0);
`;

/**
 * The tables that the programs of others share: `session-<n>` signs in person n, who owns the invited address.
 *
 * @param url of an empty database
 */
export async function furnishPlainDatabase(url: string, people: number): Promise<void> {
  const db = new Client({ connectionString: url });
  await db.connect();
  try {
    await db.query(tables);
    await db.query(
      "insert into accounts select 'a' || n, 'person-' || n || '@people.example' from generate_series(0, $1::int) n",
      [people],
    );
    await db.query("insert into sessions select 'session-' || n, 'a' || n from generate_series(0, $1::int) n", [
      people,
    ]);
  } finally {
    await db.end();
  }
}
