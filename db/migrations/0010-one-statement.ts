import { type Kysely, sql } from 'kysely';

/** What lets one statement make an invitation: it can ask what was committed while it waited, and refuse. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- Whether a verified account with this mailbox is an active member. Volatile, so that it sees what has been committed by
    -- now: the statement that asks may have waited for whoever was accepting another invitation of the mailbox.
    create function is_member_mailbox(organization text, wanted text) returns boolean volatile language plpgsql as $$
      begin
        return exists (
          select from accounts join members on members.account_id = accounts.id
          where accounts.mailbox = wanted collate "C" and accounts.email_verified
            and members.organization_id = organization collate "C" and members.removed_at is null
        );
      end
    $$;

    -- Ends the statement that calls it as a constraint of that name would, for rules that a constraint cannot hold.
    create function refuse(code text) returns boolean volatile language plpgsql as $$
      begin
        raise exception 'refused: %', code using errcode = 'check_violation', constraint = code;
      end
    $$;
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop function refuse(text);
    drop function is_member_mailbox(text, text);
  `.execute(db);
}
