import { type Kysely, sql } from 'kysely';

/**
 * Those who run Usher: accounts that are staff, and keys of the staff, which belong to no organization. An older version may
 * serve meanwhile: a key without an organization counts in none for it.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    alter table accounts add column staff_role text check (staff_role in ('support', 'operator'));
    create index accounts_staff on accounts (id) where staff_role is not null;

    -- No organization can make a key that counts in another.
    alter table api_keys alter column organization_id drop not null,
      add constraint api_keys_staff check (case when organization_id is null
        then scopes <@ '{support,operate}' else not scopes && '{support,operate}' end);
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    delete from api_keys where organization_id is null;
    alter table api_keys drop constraint api_keys_staff, alter column organization_id set not null;
    alter table accounts drop column staff_role;
  `.execute(db);
}
