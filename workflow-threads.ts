import threads, { type WorkerOptions } from 'node:worker_threads';

/**
 * Temporal's SDK (1.24) keeps the call stack of every promise that a workflow makes, to show where a run waits. That is a
 * third of the CPU that runs cost here, and tells less than the query `state`. It has no option; but where V8 has no hooks
 * for promises it goes without, and says so to who asks. So its threads are made to find none.
 */
const preload = `
  import v8 from 'node:v8';
  v8.promiseHooks.createHook = () => { throw new Error('not wanted'); };
  const { warn } = console;
  console.warn = (...said) => { if (!/^v8.promiseHooks/.test(said[0])) warn(...said); };
`;

let areWithout = false;

/** From now on, the threads in which workers of this process run workflows keep no call stacks. */
export function keepNoCallStacks(): void {
  if (areWithout) return;
  areWithout = true;
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
      super(file, /workflow-worker-thread/.test(String(file)) ? { ...options, execArgv } : options);
    }
  };
}
