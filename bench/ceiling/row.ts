import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { decide } from './workflows.ts';

const workflowId = (invitation: string) => `ceiling/${invitation}`;

export const ceiling: Row = {
  name: 'ceiling',
  about: 'A bare workflow: start, timer, one Update, complete. No HTTP, no activity, no database.',
  async start({ temporal }) {
    const worker = await startProgram({
      file: path.join(import.meta.dirname, 'worker.ts'),
      env: { TEMPORAL_ADDRESS: temporal.address },
      ready: 'ready',
    });
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection });
    return {
      pids: { worker: worker.pid },
      namespace: 'default',
      mails: false,
      async create({ n }) {
        await client.workflow.start('ceiling', { workflowId: workflowId(String(n)), taskQueue: 'bench-ceiling' });
        return String(n);
      },
      async accept(invitation) {
        await client.workflow.getHandle(workflowId(invitation)).executeUpdate(decide);
      },
      workflowId,
      async stop() {
        await connection.close();
        await worker.stop();
      },
    };
  },
};
