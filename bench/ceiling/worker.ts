import path from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';

const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS! });
const worker = await Worker.create({
  connection,
  taskQueue: 'bench-ceiling',
  workflowsPath: path.join(import.meta.dirname, 'workflows.ts'),
});
console.log('ready');
await worker.run();
await connection.close();
