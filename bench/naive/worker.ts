import path from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { Pool } from 'pg';

/** What a team writes from the samples: an activity a step. */
export const createActivities = (db: Pool, mailUrl: string) => ({
  async sendEmail(id: string, email: string): Promise<void> {
    const response = await fetch(mailUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: email, text: `You are invited: https://example.com/invitations/${id}` }),
    });
    if (!response.ok) throw new Error(`the mail provider answered ${response.status}`);
  },
  async addMember(id: string, account: string): Promise<void> {
    const client = await db.connect();
    try {
      await client.query('begin');
      await client.query('update pools set used = used + 1 where id = 1 and used < quantity');
      await client.query('insert into members (account_id, invitation_id) values ($1, $2)', [account, id]);
      await client.query("update invitations set state = 'accepted' where id = $1", [id]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  },
});

if (import.meta.main) {
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS! });
  const db = new Pool({ connectionString: process.env.DATABASE_URL!, max: 20 });
  const worker = await Worker.create({
    connection,
    taskQueue: 'bench-naive',
    workflowsPath: path.join(import.meta.dirname, 'workflows.ts'),
    activities: createActivities(db, process.env.MAIL_URL!),
  });
  console.log('ready');
  await worker.run();
  await db.end();
  await connection.close();
}
