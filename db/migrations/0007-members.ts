import { type Kysely, sql } from 'kysely';

/**
 * When a person was last here, and that an organization keeps an owner. An older version may serve meanwhile: it changes and
 * removes no member but by erasure, which asks for another owner itself.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- To some minutes; null before this was noted.
    alter table accounts add column seen_at timestamptz;

    create function members_keep_an_owner() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and new.role = 'owner' and new.removed_at is null then return null; end if;
      -- One after the other: two owners who leave at once must not both believe that the other stays.
      perform from organizations where id = old.organization_id for no key update;
      if exists (select from members where organization_id = old.organization_id and role = 'owner' and removed_at is null)
      then return null; end if;
      raise exception 'an organization keeps an owner'
        using errcode = 'check_violation', table = 'members', constraint = 'members_keep_an_owner';
    end $$;
    create trigger members_keep_an_owner after update or delete on members
      for each row when (old.role = 'owner' and old.removed_at is null) execute function members_keep_an_owner();
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop trigger members_keep_an_owner on members;
    drop function members_keep_an_owner;
    alter table accounts drop column seen_at;
  `.execute(db);
}
