import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../local/ports.ts';
import { createCaller } from '../http.ts';
import { furnishPlainDatabase } from '../plain-database.ts';
import { startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { startRestate } from './restate-server.ts';

const run = promisify(execFile);
const folderOf = (peer: string) => path.join(import.meta.dirname, peer);

/** Installs the packages of a peer as locked, once: they are no dependencies of Usher's. */
async function install(peer: string): Promise<string> {
  const folder = folderOf(peer);
  if (!existsSync(path.join(folder, 'node_modules/.package-lock.json')))
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
  return folder;
}

const as = (n: number) => ({ authorization: `Bearer session-${n}` });

const betterAuth: Row = {
  name: 'better-auth',
  about: "better-auth's organization plugin. Not durable: a crash between two steps leaves them undone.",
  async start({ database, mail }, people) {
    const cwd = await install('better-auth');
    const url = await database('better_auth');
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const program = await startProgram({
      file: 'server.ts',
      cwd,
      env: { DATABASE_URL: url, MAIL_URL: mail.url, PORT: String(port), PEOPLE: String(people) },
      ready: 'ready',
    });
    const caller = createCaller(origin);
    const organization = '/api/auth/organization';
    return {
      pids: { api: program.pid },
      database: url,
      mails: true,
      create: async ({ email }) =>
        (await caller.post(`${organization}/invite-member`, { email, role: 'member', organizationId: 'acme' }, as(0)))
          .id,
      accept: (invitationId, { n }) => caller.post(`${organization}/accept-invitation`, { invitationId }, as(n)),
      async stop() {
        await caller.close();
        await program.stop();
      },
    };
  },
};

const dbos: Row = {
  name: 'DBOS',
  about: 'DBOS Transact: a durable workflow whose steps are remembered in Postgres.',
  async start({ database, mail }, people) {
    const cwd = await install('dbos');
    const url = await database('dbos');
    await furnishPlainDatabase(url, people);
    const port = await freePort();
    const program = await startProgram({
      file: 'server.ts',
      cwd,
      env: {
        DATABASE_URL: url,
        SYSTEM_DATABASE_URL: await database('dbos_system'),
        MAIL_URL: mail.url,
        PORT: String(port),
      },
      ready: 'ready',
    });
    const caller = createCaller(`http://127.0.0.1:${port}`);
    return {
      pids: { api: program.pid },
      database: url,
      mails: true,
      create: async ({ email }) => (await caller.post('/invitations', { email }, as(0))).id,
      accept: (invitation, { n }) => caller.post(`/invitations/${invitation}/accept`, {}, as(n)),
      async stop() {
        await caller.close();
        await program.stop();
      },
    };
  },
};

const restate: Row = {
  name: 'Restate',
  about: "Restate: a durable workflow whose steps are remembered by Restate's own server.",
  async start({ database, dir, mail }, people) {
    const cwd = await install('restate');
    const url = await database('restate');
    await furnishPlainDatabase(url, people);
    const server = await startRestate(cwd, path.join(dir, 'restate'));
    const port = await freePort();
    const program = await startProgram({
      file: 'server.ts',
      cwd,
      env: {
        DATABASE_URL: url,
        MAIL_URL: mail.url,
        PORT: String(port),
        SERVICE_PORT: String(await freePort()),
        INGRESS_URL: server.ingressUrl,
        ADMIN_URL: server.adminUrl,
      },
      ready: 'ready',
    });
    const caller = createCaller(`http://127.0.0.1:${port}`);
    return {
      pids: { api: program.pid, engine: server.pid },
      database: url,
      mails: true,
      create: async ({ email }) => (await caller.post('/invitations', { email }, as(0))).id,
      accept: (invitation, { n }) => caller.post(`/invitations/${invitation}/accept`, {}, as(n)),
      async stop() {
        await caller.close();
        await program.stop();
        await server.stop();
      },
    };
  },
};

export const peers: readonly Row[] = [betterAuth, dbos, restate];
