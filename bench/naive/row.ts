import path from 'node:path';
import { freePort } from '../../local/ports.ts';
import { createCaller } from '../http.ts';
import { furnishPlainDatabase } from '../plain-database.ts';
import { startProgram } from '../program.ts';
import type { Row } from '../row.ts';

export const naive: Row = {
  name: 'naive',
  about: 'What a team writes from the samples: two regular activities, a signal, the API waiting for the result.',
  async start({ database, temporal, mail }, people) {
    const url = await database('naive');
    await furnishPlainDatabase(url, people);
    const port = await freePort();
    const env = {
      DATABASE_URL: url,
      TEMPORAL_ADDRESS: temporal.address,
      MAIL_URL: mail.url,
      PORT: String(port),
    };
    const file = (name: string) => path.join(import.meta.dirname, name);
    const worker = await startProgram({ file: file('worker.ts'), env, ready: 'ready' });
    const api = await startProgram({ file: file('api.ts'), env, ready: 'ready' });
    const caller = createCaller(`http://127.0.0.1:${port}`);
    const as = (n: number) => ({ authorization: `Bearer session-${n}` });
    return {
      pids: { worker: worker.pid, api: api.pid },
      database: url,
      namespace: 'default',
      mails: true,
      create: async ({ email }) => (await caller.post('/invitations', { email }, as(0))).id,
      accept: (invitation, { n }) => caller.post(`/invitations/${invitation}/accept`, {}, as(n)),
      workflowId: (invitation) => `naive/${invitation}`,
      async stop() {
        await caller.close();
        await api.stop();
        await worker.stop();
      },
    };
  },
};
