import { readdir, readFile } from 'node:fs/promises';

/** CPU and memory of processes and all that they started, from /proc: Linux alone has it. */

interface Status {
  pid: number;
  parent: number;
  /** CPU spent so far, that of children already reaped included, ms. */
  cpuMs: number;
}

/** USER_HZ, in which /proc counts CPU; 100 on every Linux that Node runs on. */
const msPerTick = 10;

async function statusOf(pid: number): Promise<Status | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, which may hold anything (proc(5)).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0);
    return { pid, parent: Number(fields[1]), cpuMs: ticks * msPerTick };
  } catch {
    return undefined;
  }
}

const pids = async () => (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

/** A process and its descendants. */
async function treeOf(root: number): Promise<Status[]> {
  const all = (await Promise.all((await pids()).map(statusOf))).filter((status) => status !== undefined);
  const tree = all.filter(({ pid }) => pid === root);
  for (const member of tree) tree.push(...all.filter(({ parent }) => parent === member.pid));
  return tree;
}

/** CPU that a process and its descendants have spent, ms. */
export const cpuMs = async (root: number): Promise<number> =>
  (await treeOf(root)).reduce((sum, status) => sum + status.cpuMs, 0);

/** CPU that the threads of a process have spent so far, by their name, ms; those that have ended not included. */
export async function threadsCpuMs(pid: number): Promise<Map<string, number>> {
  const byName = new Map<string, number>();
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '0 (none) R');
    const [from, to] = [text.indexOf('('), text.lastIndexOf(')')];
    const fields = text.slice(to + 2).split(' ');
    const name = text.slice(from + 1, to);
    byName.set(name, (byName.get(name) ?? 0) + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * msPerTick);
  }
  return byName;
}

/** Memory of a process and its descendants, MB: `VmRSS` what they hold now, `VmHWM` the most that each has held. */
export async function memoryMb(root: number, what: 'VmRSS' | 'VmHWM'): Promise<number> {
  const sizes = (await treeOf(root)).map(async ({ pid }) => {
    const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
  });
  return (await Promise.all(sizes)).reduce((sum, mb) => sum + mb, 0);
}

/** The process whose command line holds this text; the first one, which started the others. */
export async function pidOf(text: string): Promise<number> {
  for (const pid of (await pids()).sort((a, b) => a - b)) {
    if (pid === process.pid) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (command.includes(text) && !command.startsWith('/bin/sh')) return pid;
  }
  throw new Error(`no process runs with ${text}`);
}
