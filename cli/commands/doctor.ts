import type { Command } from 'commander';
import { createUsher, type Usher } from '../../client/index.ts';
import { contextOf, type GlobalOptions, sentenceOf } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { isHere, readSettings, type Settings } from '../settings.ts';
import { plain, styled } from '../terminal.ts';

/** What was looked at, and how it is. */
interface Finding {
  check: string;
  status: 'well' | 'look' | 'wrong';
  found: string;
  /** What to do about it. */
  fix?: string;
}

const well = (check: string, found: string): Finding => ({ check, status: 'well', found });
const look = (check: string, found: string, fix: string): Finding => ({ check, status: 'look', found, fix });
const wrong = (check: string, found: string, fix: string): Finding => ({ check, status: 'wrong', found, fix });

/** How long anything may take to answer, ms. */
const timeoutMs = 5_000;
const get = (url: string): Promise<Response> =>
  fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
const reasonOf = (error: unknown): string => {
  const { cause, message } = error as { cause?: { code?: string }; message: string };
  return cause?.code ?? message;
};

export const addDoctor = (program: Command): Command =>
  program
    .command('doctor')
    .description('Check everything that Usher depends on, and say what to fix. Changes nothing')
    .addHelpText('after', '\nExamples:\n  $ usher doctor\n  $ usher doctor --json')
    .action(async (_options: object, command: Command) => {
      const { json = false } = command.optsWithGlobals<GlobalOptions>();
      const findings: Finding[] = [];
      for await (const finding of examine(command)) {
        findings.push(finding);
        if (!json) console.log(told(finding));
      }
      const bad = findings.filter(({ status }) => status === 'wrong').length;
      if (json) console.log(JSON.stringify(findings, null, 2));
      else console.log(bad === 0 ? '\nUsher is well.' : `\n${bad} ${bad === 1 ? 'thing is' : 'things are'} wrong.`);
      process.exitCode = exitCodes[bad === 0 ? 'done' : 'failed'].code;
    });

const marks = { well: styled('green', '✓'), look: styled('yellow', '!'), wrong: styled('red', '✗') };
const told = ({ check, status, found, fix }: Finding): string =>
  [`${marks[status]} ${check.padEnd(12)}${plain(found)}`, ...(fix ? [`${' '.repeat(14)}→ ${fix}`] : [])].join('\n');

/** One finding after the other; what cannot be looked at, because something before it is wrong, is left out. */
async function* examine(command: Command): AsyncGenerator<Finding> {
  let settings: Settings;
  try {
    settings = readSettings(process.env, process.cwd());
  } catch (error) {
    yield wrong('Settings', (error as Error).message, 'usher --help lists the settings.');
    return;
  }
  yield well('Settings', `from ${settings.source}`);
  yield* examineAddress(settings.url, settings.local !== undefined);
  const ready = await readiness(settings.url);
  if (!ready) return;
  yield* ready;
  yield await examineSignIn(settings.url);
  const usher = createUsher({ ...settings, timeoutMs, repeats: 1, patienceMs: timeoutMs });
  const organization = contextOf(command).organization;
  try {
    yield* await examineKey(usher);
    yield* await examineEmails(usher, await organization());
    yield* await examineLicenses(usher, await organization());
  } catch (error) {
    yield wrong('API key', sentenceOf(error), 'Make one that may read (usher keys create), and set USHER_API_KEY.');
  }
  if (settings.local) {
    for (const [check, url] of [
      ['Inbox', settings.local.inbox],
      ['Temporal UI', settings.local.temporalUi],
    ] as const)
      yield await get(url).then(
        () => well(check, url),
        (error) =>
          wrong(
            check,
            `${url} does not answer (${reasonOf(error)})`,
            'Stop npm start with Ctrl-C, and start it again.',
          ),
      );
  }
}

async function* examineAddress(url: string, isLocal: boolean): AsyncGenerator<Finding> {
  const start = isLocal
    ? 'Start it again: npm start.'
    : 'Check USHER_URL, and that the API runs there: its log says why it does not.';
  try {
    const began = performance.now();
    const response = await get(`${url}/healthz`);
    const { status } = (await response.json().catch(() => ({}))) as { status?: string };
    if (status !== 'ok') {
      yield wrong('Address', `What answers at ${url} is not Usher (${response.status})`, start);
      return;
    }
    yield well('Address', `${url} answers in ${Math.round(performance.now() - began)} ms`);
    if (url.startsWith('http:') && !isHere(url))
      yield look(
        'Encryption',
        'The API key goes over the network as it is',
        'Put https in front of Usher, and into USHER_URL.',
      );
    const offMs = Date.parse(response.headers.get('date') ?? '') - Date.now();
    if (Math.abs(offMs) > 60_000)
      yield look(
        'Clock',
        `Usher's is ${Math.round(offMs / 1000)} s off from the one here`,
        'Set both by NTP: sign-ins and expiry go by it.',
      );
  } catch (error) {
    yield wrong('Address', `${url} does not answer (${reasonOf(error)})`, start);
  }
}

const remedies: Record<string, readonly [check: string, found: string, fix: string]> = {
  postgres: [
    'Postgres',
    'The API cannot use it',
    'Check that it runs, USHER_DATABASE_URL, and that npm run migrate has been run.',
  ],
  temporal: [
    'Temporal',
    'The API does not reach it',
    'Check that it runs, and TEMPORAL_ADDRESS. Invitations are kept, and sent when it is back.',
  ],
  worker: [
    'Worker',
    'None asks Temporal for work',
    'Start one: npm run worker. Its log says why it ends. Nothing is sent until then.',
  ],
};

/** What the API says of what it depends on; undefined when it says nothing. */
async function readiness(url: string): Promise<Finding[] | undefined> {
  try {
    const { missing, detail } = (await (await get(`${url}/readyz`)).json()) as { missing: string[]; detail?: string };
    return Object.entries(remedies).map(([part, [check, found, fix]]) => {
      if (missing.includes(part)) return wrong(check, part === 'postgres' && detail ? detail : found, fix);
      // Without Temporal nobody knows of workers.
      if (part === 'worker' && missing.includes('temporal'))
        return look(check, 'Not known without Temporal', remedies.temporal![2]);
      return well(check, 'answers');
    });
  } catch {
    return undefined;
  }
}

/** Begins a sign-in, which needs the identity provider, and leaves it there. */
async function examineSignIn(url: string): Promise<Finding> {
  try {
    const response = await get(`${url}/console`);
    const issuer = response.headers.get('location');
    if (issuer && response.status < 400) return well('Sign-in', `by ${new URL(issuer, url).origin}`);
    if (response.ok) return well('Sign-in', 'people choose where');
    return wrong(
      'Sign-in',
      `The identity provider does not answer (${response.status})`,
      'Check that it runs, and USHER_ISSUER. Nobody can accept until then.',
    );
  } catch (error) {
    return wrong('Sign-in', `No answer (${reasonOf(error)})`, 'Check the log of the API.');
  }
}

async function examineKey(usher: Usher): Promise<Finding[]> {
  const me = await usher.get('/v1/me');
  if (me.kind !== 'api_key') return [well('API key', `a token of ${me.email}`)];
  const lacks = (['read', 'invite', 'manage'] as const).filter((scope) => !me.scopes.includes(scope));
  const found = `${me.name}, of ${me.organization ?? 'the staff'}, role ${me.role}, scopes ${me.scopes.join(', ')}`;
  if (lacks.length === 0) return [well('API key', found)];
  return [look('API key', found, `Some commands need the scopes it lacks: ${lacks.join(', ')}.`)];
}

async function examineLicenses(usher: Usher, organization: string): Promise<Finding[]> {
  const { items } = await usher.get('/v1/organizations/{organization}/licenses', {
    path: { organization },
    query: { limit: 100 },
  });
  const short = items.filter(({ available, state }) => available === 0 || state === 'ended').map((l) => l.product);
  if (short.length === 0) return [well('Licences', items.map((l) => l.product).join(', ') || 'none')];
  return [
    look(
      'Licences',
      `Nobody gets a seat of: ${short.join(', ')}`,
      'usher licenses list shows why; change, or unassign.',
    ),
  ];
}

/** Emails older than this should have left, ms. */
const queueMs = 10 * 60_000;

async function examineEmails(usher: Usher, organization: string): Promise<Finding[]> {
  const newest = async (delivery: 'queued' | 'failed' | 'bounced' | 'complained') => {
    const { items } = await usher.get('/v1/organizations/{organization}/invitations', {
      path: { organization },
      query: { delivery, state: 'pending', limit: 100 },
    });
    return items;
  };
  const late = (await newest('queued')).filter(({ delivery }) => Date.now() - Date.parse(delivery.at) > queueMs);
  const lost = [...(await newest('failed')), ...(await newest('bounced')), ...(await newest('complained'))];
  const reasons = [...new Set(lost.map(({ delivery }) => delivery.detail ?? delivery.status))].join(', ');
  const findings = [
    ...(late.length > 0
      ? [
          wrong(
            'Email',
            `${late.length} wait for longer than ${queueMs / 60_000} minutes`,
            'Check the log of the worker, USHER_POSTMARK_TOKEN or USHER_SMTP_URL, and the status of the mail provider.',
          ),
        ]
      : []),
    ...(lost.length > 0
      ? [
          look(
            'Email',
            `${lost.length} pending invitations reached nobody (${reasons})`,
            'usher list --delivery failed (or bounced, or complained) lists them; correct the address, copy the link, or revoke.',
          ),
        ]
      : []),
  ];
  return findings.length > 0 ? findings : [well('Email', 'nothing waits')];
}
