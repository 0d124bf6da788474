import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../local/ports.ts';

/** Restate's server, from its npm package. */
export async function startRestate(folder: string, dir: string) {
  await mkdir(dir, { recursive: true });
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(path.join(folder, 'node_modules/.bin/restate-server'), ['--base-dir', dir], {
    env: {
      PATH: process.env.PATH!,
      RESTATE_NODE_NAME: 'bench',
      RESTATE_CLUSTER_NAME: 'bench',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.on('data', (chunk) => (printed += chunk));
  const exited = once(child, 'exit');
  const adminUrl = `http://127.0.0.1:${admin}`;
  const ingressUrl = `http://127.0.0.1:${ingress}`;
  const isUp = async (url: string) => (await fetch(url).catch(() => undefined))?.ok;
  while (!((await isUp(`${adminUrl}/health`)) && (await isUp(`${ingressUrl}/restate/health`)))) {
    if (child.exitCode !== null) throw new Error(`Restate's server ended: ${printed}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    /** A script of the package starts the server: with its children it is the whole. */
    pid: child.pid!,
    adminUrl,
    ingressUrl,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
