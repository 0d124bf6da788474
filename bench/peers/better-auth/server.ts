import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { bearer, organization } from 'better-auth/plugins';
import { Pool } from 'pg';

/** Invitations by better-auth's organization plugin, with a seat taken when somebody joins. Nothing in it is durable. */
const db = new Pool({ connectionString: process.env.DATABASE_URL!, max: 20 });

const options = {
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: 'a secret that is only for measuring, 32 bytes or more',
  database: db,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  // The answer does not wait for the email: its authors' own way, and the faster one.
  advanced: { backgroundTasks: { handler: (task) => void task } },
  plugins: [
    bearer(),
    organization({
      membershipLimit: 100_000_000,
      invitationLimit: 100_000_000,
      async sendInvitationEmail({ id, email }) {
        const response = await fetch(process.env.MAIL_URL!, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ to: email, text: `You are invited: https://example.com/invitations/${id}` }),
        });
        if (!response.ok) throw new Error(`the mail provider answered ${response.status}`);
      },
      organizationHooks: {
        async afterAcceptInvitation() {
          await db.query('update pools set used = used + 1 where id = 1');
        },
      },
    }),
  ],
} satisfies Parameters<typeof betterAuth>[0];

await (await getMigrations(options)).runMigrations();
await db.query(
  'create table pools (id integer primary key, quantity integer not null, used integer not null, check (used <= quantity))',
);
await db.query('insert into pools values (1, 100000000, 0)');
const people = Number(process.env.PEOPLE);
await db.query(
  `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
   select 'a' || n, 'Pat', 'person-' || n || '@people.example', true, now(), now() from generate_series(0, $1::int) n`,
  [people],
);
await db.query(
  `insert into session (id, token, "userId", "expiresAt", "createdAt", "updatedAt")
   select 's' || n, 'session-' || n, 'a' || n, now() + interval '1 day', now(), now() from generate_series(0, $1::int) n`,
  [people],
);
await db.query(`insert into organization (id, name, slug, "createdAt") values ('acme', 'Acme', 'acme', now())`);
await db.query(
  `insert into member (id, "organizationId", "userId", role, "createdAt") values ('m0', 'acme', 'a0', 'owner', now())`,
);

const auth = betterAuth(options);
const server = createServer(toNodeHandler(auth));
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
process.once('SIGTERM', () => process.exit());
