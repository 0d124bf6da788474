import threads, { type Transferable, type WorkerOptions } from 'node:worker_threads';

/**
 * What Temporal's SDK (1.24) does in its workflow threads, at every step of every run, and has no option to leave:
 *
 * - It keeps the call stack of every promise, to show where a run waits. That was a third of the CPU that runs cost here,
 *   and tells less than the query `state`. Where V8 has no hooks for promises it goes without, and says so to who asks: so its
 *   threads are made to find none.
 * - It bounds each call into a run by a time-out, for which Node makes an operating system's thread: 0.12 ms of CPU, some fifty
 *   times an invitation. Whether a thread still answers is watched from outside instead.
 */
const preload = `
  import v8 from 'node:v8';
  import vm from 'node:vm';
  v8.promiseHooks.createHook = () => { throw new Error('not wanted'); };
  const { warn } = console;
  console.warn = (...said) => { if (!/^v8.promiseHooks/.test(said[0])) warn(...said); };
  const { runInContext } = vm.Script.prototype;
  vm.Script.prototype.runInContext = function (context, { timeout, ...options } = {}) {
    return runInContext.call(this, context, options);
  };
`;

/** What the SDK posts to its threads. */
interface Request {
  requestId: bigint;
  input: { type: string; runId?: string; options?: { info: { runId: string } } };
}

let areLean = false;

/**
 * From now on, the threads in which workers of this process run workflows keep no call stacks, and have no time-out for a
 * step. A thread that has answered nothing for too long, as something loops in it for ever, is ended, and with it the worker:
 * its `run()` rejects with the id of the run.
 *
 * @param longestMs how long a thread may be silent while something is asked of it. @default 30 s: a busy machine is slow
 */
export function makeWorkflowThreadsLean(longestMs = 30_000): void {
  if (areLean) return;
  areLean = true;
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      const isOurs = /workflow-worker-thread/.test(String(file));
      const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
      super(file, isOurs ? { ...options, execArgv } : options);
      if (isOurs) watch(this, longestMs);
    }
  };
}

function watch(thread: threads.Worker, longestMs: number): void {
  /** The run of each, as asked. */
  const unanswered = new Map<bigint, string>();
  let quietSince = Date.now();
  let isLate = false;
  const heard = () => {
    quietSince = Date.now();
    isLate = false;
  };
  const post = thread.postMessage.bind(thread);
  thread.postMessage = (request: Request, transfer?: readonly Transferable[]) => {
    const { requestId, input } = request;
    const run = input.runId ?? input.options?.info.runId;
    if (run !== undefined) {
      if (unanswered.size === 0) heard();
      unanswered.set(requestId, run);
    }
    post(request, transfer);
  };
  thread.on('message', ({ requestId }: Partial<Request>) => {
    heard();
    if (requestId !== undefined) unanswered.delete(requestId);
  });
  const timer = setInterval(() => {
    const [run] = unanswered.values();
    if (run === undefined || Date.now() - quietSince < longestMs) return;
    // Its answer may lie here unread, where this thread was busy itself: it is read before the next look.
    if (!isLate) {
      isLate = true;
      return;
    }
    thread.emit(
      'error',
      new Error(`a workflow thread has not answered for ${longestMs / 1_000} s, busy with run ${run}`),
    );
    void thread.terminate();
  }, longestMs / 4).unref();
  thread.on('exit', () => clearInterval(timer));
}
