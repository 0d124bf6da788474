import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { startChild } from '../../local/child.ts';
import { freePort } from '../../local/ports.ts';

const run = promisify(execFile);
const cache = path.join(import.meta.dirname, '../../.cache');
const version = '26.7.3';
const hash = '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f';

export interface Keycloak {
  /** Base URL. */
  url: string;
  /** Makes a realm with its clients and people, as Keycloak's export writes it. @returns its issuer */
  realm(realm: { realm: string; [property: string]: unknown }): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts a Keycloak in its development mode, with a database in memory; downloads it once per checkout. Takes Maven and
 * Java 17, and a minute.
 *
 * @param dir holds its log
 */
export async function startKeycloak(dir: string): Promise<Keycloak> {
  const home = await distribution();
  const port = await freePort(2);
  const admin = { username: 'admin', password: 'admin' };
  const child = await startChild({
    name: 'Keycloak',
    command: 'bash',
    args: [
      ...[path.join(home, 'bin/kc.sh'), 'start-dev', '--db=dev-mem', '--http-host=127.0.0.1'],
      ...[`--http-port=${port}`, `--http-management-port=${port + 1}`],
    ],
    cwd: dir,
    logFile: path.join(dir, 'keycloak.log'),
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    env: { KC_BOOTSTRAP_ADMIN_USERNAME: admin.username, KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password },
  });
  const url = `http://127.0.0.1:${port}`;
  let ended = '';
  void child.exited.then((sentence) => {
    ended = sentence;
  });
  const deadline = Date.now() + 240_000;
  while (!(await fetch(`${url}/realms/master`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined))?.ok) {
    if (ended) throw new Error(`${ended} ${await child.lastWords()}`);
    if (Date.now() > deadline) {
      await child.kill();
      throw new Error(`Keycloak did not become ready within 4 minutes. ${await child.lastWords()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return {
    url,
    async realm(realm) {
      const form = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...admin });
      const granted = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: 'POST', body: form });
      const { access_token } = (await granted.json()) as { access_token: string };
      const made = await fetch(`${url}/admin/realms`, {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify(realm),
      });
      if (made.status !== 201) throw new Error(`Keycloak made no realm: ${made.status} ${await made.text()}`);
      return `${url}/realms/${realm.realm}`;
    },
    close: () => child.stop(),
  };
}

/** The folder of Keycloak, as Maven's registry has it. @throws Error unless its content is the known one */
async function distribution(): Promise<string> {
  const folder = path.join(cache, `keycloak-${version}`);
  if (existsSync(folder)) return folder;
  console.log(`Downloading Keycloak ${version}, once for this checkout…`);
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(path.join(cache, 'download-'));
  try {
    const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
    await run('mvn', ['--quiet', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${fresh}`]);
    const file = path.join(fresh, `keycloak-quarkus-dist-${version}.zip`);
    const found = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    if (found !== hash) throw new Error(`Keycloak ${version} is not what it was: its SHA-256 is ${found}.`);
    await run('python3', ['-m', 'zipfile', '--extract', file, fresh]);
    await rename(path.join(fresh, `keycloak-${version}`), folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
