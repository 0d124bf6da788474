import { Client, Connection } from '@temporalio/client';
import Fastify from 'fastify';
import { Pool } from 'pg';

const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS! });
const client = new Client({ connection });
const db = new Pool({ connectionString: process.env.DATABASE_URL!, max: 20 });
const app = Fastify();

const accountOf = async (authorization = ''): Promise<string> => {
  const { rows } = await db.query('select account_id from sessions where token = $1', [authorization.slice(7)]);
  if (!rows[0]) throw Object.assign(new Error('not signed in'), { statusCode: 401 });
  return rows[0].account_id;
};

app.post<{ Body: { email: string } }>('/invitations', async (request, reply) => {
  await accountOf(request.headers.authorization);
  const id = crypto.randomUUID();
  const { email } = request.body;
  await db.query("insert into invitations (id, email, state) values ($1, $2, 'pending')", [id, email]);
  await client.workflow.start('invitation', {
    workflowId: `naive/${id}`,
    taskQueue: 'bench-naive',
    args: [id, email],
  });
  reply.status(201);
  return { id };
});

app.post<{ Params: { id: string } }>('/invitations/:id/accept', async (request) => {
  const account = await accountOf(request.headers.authorization);
  const workflow = client.workflow.getHandle(`naive/${request.params.id}`);
  await workflow.signal('accept', account);
  return { state: await workflow.result() };
});

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
console.log('ready');
process.once('SIGTERM', async () => {
  await app.close();
  await db.end();
  await connection.close();
});
