import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { threadsCpuMs } from '../processes.ts';
import { personOf } from '../row.ts';
import { inParallel, onStage, type Stage, type StageOptions } from './scenario.ts';

/** As Node writes it (`--cpu-prof`): times in microseconds of the machine's monotonic clock. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  startTime: number;
  samples: number[];
  timeDeltas: number[];
}

/** `CPU.<day>.<time>.<process>.<thread>.<n>.cpuprofile`; thread 0 is the main one. */
const nameOfProfile = /^CPU\.\d+\.\d+\.(?<pid>\d+)\.(?<thread>\d+)\./;

/** What V8 says of a thread that does nothing. */
const isIdle = (name: string) => ['(idle)', '(program)'].includes(name);

/** Whose code it is: a package, Node itself, or one of Usher's folders. What is native, and has no file, goes by its own name. */
function ownerOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url.startsWith('node:')) return 'Node';
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage) return inPackage;
  if (/workflow-bundle/.test(url)) return 'workflow bundle (XState, the SDK, Usher)';
  if (url) return 'Usher';
  return functionName.startsWith('(') ? functionName : `native: ${functionName || 'anonymous'}`;
}

/** Sampled microseconds by owner, of what fell between two times. */
function spentByOwner({ nodes, startTime, samples, timeDeltas }: CpuProfile, from: number, to: number) {
  const owners = new Map(
    nodes.map(({ id, callFrame }) => [id, isIdle(callFrame.functionName) ? '' : ownerOf(callFrame)]),
  );
  const spent = new Map<string, number>();
  let now = startTime;
  samples.forEach((node, i) => {
    now += timeDeltas[i]!;
    const owner = owners.get(node);
    if (owner && now >= from && now <= to) spent.set(owner, (spent.get(owner) ?? 0) + timeDeltas[i]!);
  });
  return spent;
}

const microsecondsNow = () => Number(process.hrtime.bigint() / 1_000n);

/**
 * Profiles API and worker under load: the CPU of each of their threads by the operating system's count, and within those that
 * run JavaScript by the package whose code it was. Samples tell shares only, as a thread that waits for a core is sampled as well;
 * they are shares of what the thread has spent.
 */
export async function profile(o: Omit<StageOptions, 'people' | 'seats'> & { lifecycles: number; least: number }) {
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-profile-'));
  try {
    const warmUp = Math.ceil(o.lifecycles / 4);
    const env = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${dir}` };
    const { pids, spent, from, to } = await onStage({ ...o, people: warmUp + o.lifecycles, env }, async (stage) => {
      const pids = { api: stage.usher.pids.api!, worker: stage.usher.pids.worker! };
      await live(stage, 'warm-up', 1, warmUp);
      const before = { api: await threadsCpuMs(pids.api), worker: await threadsCpuMs(pids.worker) };
      const from = microsecondsNow();
      await live(stage, 'profiled', warmUp + 1, o.lifecycles);
      const to = microsecondsNow();
      const spentBy = async (part: keyof typeof pids) =>
        [...(await threadsCpuMs(pids[part]))].map(
          ([name, ms]) => [name, (ms - (before[part].get(name) ?? 0)) / o.lifecycles] as const,
        );
      return { pids, from, to, spent: { api: await spentBy('api'), worker: await spentBy('worker') } };
    });
    const rows: [string, string, string, number][] = [];
    for (const part of ['api', 'worker'] as const) {
      for (const [thread, ms] of spent[part]) {
        rows.push([part, thread, 'all', ms]);
        const shares = await sharesOf(dir, pids[part], thread, from, to);
        for (const [owner, share] of shares) rows.push([part, thread, owner, share * ms]);
      }
    }
    return {
      head: ['part', 'thread', 'whose code', 'CPU ms an invitation'],
      rows: rows.filter(([, , , ms]) => ms >= o.least),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Lifecycles 32 at a time: invited, mailed, joined. */
const live = ({ usher, servers, report }: Stage, what: string, first: number, count: number) =>
  inParallel(
    what,
    count,
    32,
    async (n) => {
      const person = personOf(first + n);
      const invitation = await usher.create(person);
      await servers.mail.arrival(person.email);
      await usher.accept(invitation, person);
    },
    report,
  );

/** What threads of this name, as the operating system has it, were busy with: shares by owner, the largest first. */
async function sharesOf(
  dir: string,
  pid: number,
  thread: string,
  from: number,
  to: number,
): Promise<[string, number][]> {
  const isMain = thread === 'MainThread' || thread === 'node';
  if (!isMain && thread !== 'WorkerThread') return [];
  const sum = new Map<string, number>();
  for (const file of await readdir(dir)) {
    const of = nameOfProfile.exec(file)?.groups;
    if (Number(of?.pid) !== pid || (of?.thread === '0') !== isMain) continue;
    const profile = JSON.parse(await readFile(path.join(dir, file), 'utf8')) as CpuProfile;
    for (const [owner, us] of spentByOwner(profile, from, to)) sum.set(owner, (sum.get(owner) ?? 0) + us);
  }
  const all = [...sum.values()].reduce((a, b) => a + b, 0);
  return [...sum].map(([owner, us]): [string, number] => [owner, us / all]).sort(([, a], [, b]) => b - a);
}
