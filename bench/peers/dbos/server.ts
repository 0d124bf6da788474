import { DBOS } from '@dbos-inc/dbos-sdk';
import Fastify from 'fastify';
import { Pool } from 'pg';

/** The invitation as a DBOS workflow: steps are remembered in Postgres, the decision is a message to it. */
const db = new Pool({ connectionString: process.env.DATABASE_URL!, max: 20 });

async function sendEmail(id: string, email: string): Promise<void> {
  const response = await fetch(process.env.MAIL_URL!, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: email, text: `You are invited: https://example.com/invitations/${id}` }),
  });
  if (!response.ok) throw new Error(`the mail provider answered ${response.status}`);
}

async function addMember(id: string, account: string): Promise<void> {
  const client = await db.connect();
  try {
    await client.query('begin');
    await client.query('update pools set used = used + 1 where id = 1');
    await client.query('insert into members (account_id, invitation_id) values ($1, $2)', [account, id]);
    await client.query("update invitations set state = 'accepted' where id = $1", [id]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

const invitation = DBOS.registerWorkflow(
  async (id: string, email: string): Promise<string> => {
    await DBOS.runStep(() => sendEmail(id, email), { name: 'sendEmail', retriesAllowed: true });
    const account = await DBOS.recv<string>('accept', 7 * 86_400);
    if (account === null) return 'expired';
    await DBOS.runStep(() => addMember(id, account), { name: 'addMember', retriesAllowed: true });
    await DBOS.setEvent('outcome', 'accepted');
    return 'accepted';
  },
  { name: 'invitation' },
);

const app = Fastify();

async function accountOf(authorization = ''): Promise<string> {
  const { rows } = await db.query('select account_id from sessions where token = $1', [authorization.slice(7)]);
  if (!rows[0]) throw Object.assign(new Error('not signed in'), { statusCode: 401 });
  return rows[0].account_id;
}

app.post<{ Body: { email: string } }>('/invitations', async (request, reply) => {
  await accountOf(request.headers.authorization);
  const id = crypto.randomUUID();
  const { email } = request.body;
  await db.query("insert into invitations (id, email, state) values ($1, $2, 'pending')", [id, email]);
  await DBOS.startWorkflow(invitation, { workflowID: id })(id, email);
  reply.status(201);
  return { id };
});

app.post<{ Params: { id: string } }>('/invitations/:id/accept', async (request) => {
  const { id } = request.params;
  const account = await accountOf(request.headers.authorization);
  await DBOS.send(id, account, 'accept');
  // An event is notified of; a result would be polled for, a second late.
  return { state: await DBOS.getEvent<string>(id, 'outcome') };
});

DBOS.setConfig({
  name: 'invitations',
  systemDatabaseUrl: process.env.SYSTEM_DATABASE_URL!,
  systemDatabasePoolSize: 20,
  logLevel: 'error',
});
await DBOS.launch();
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
console.log('ready');
process.once('SIGTERM', async () => {
  await app.close();
  await DBOS.shutdown();
  await db.end();
});
