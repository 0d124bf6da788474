import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import Fastify from 'fastify';
import { Pool } from 'pg';

/** The invitation as a Restate workflow: steps are remembered by Restate's server, the decision is a durable promise. */
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

const invitation = restate.workflow({
  name: 'invitation',
  handlers: {
    run: async (ctx: restate.WorkflowContext, email: string): Promise<string> => {
      await ctx.run('sendEmail', () => sendEmail(ctx.key, email));
      const account = await ctx.promise<string>('account').get().orTimeout({ days: 7 });
      await ctx.run('addMember', () => addMember(ctx.key, account));
      await ctx.promise<string>('outcome').resolve('accepted');
      return 'accepted';
    },
    accept: async (ctx: restate.WorkflowSharedContext, account: string): Promise<string> => {
      await ctx.promise<string>('account').resolve(account);
      return await ctx.promise<string>('outcome').get();
    },
  },
});

const ingress = clients.connect({ url: process.env.INGRESS_URL! });
const of = (id: string) => ingress.workflowClient<typeof invitation>({ name: 'invitation' }, id);
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
  await of(id).workflowSubmit(email);
  reply.status(201);
  return { id };
});

app.post<{ Params: { id: string } }>('/invitations/:id/accept', async (request) => {
  const account = await accountOf(request.headers.authorization);
  return { state: await of(request.params.id).accept(account) };
});

const servicePort = Number(process.env.SERVICE_PORT);
await restate.serve({ services: [invitation], port: servicePort });
const registered = await fetch(`${process.env.ADMIN_URL}/deployments`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ uri: `http://127.0.0.1:${servicePort}` }),
});
if (!registered.ok) throw new Error(`Restate refused the services: ${await registered.text()}`);
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
console.log('ready');
process.once('SIGTERM', () => process.exit());
