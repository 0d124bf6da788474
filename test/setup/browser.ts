import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';

const run = promisify(execFile);

/** Starts Chromium, without a window and without calls home; installs it first where the machine has none. */
export const launchBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: await findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** Leaves a picture of a page, to be looked at, in the folder that PAGE_PICTURES names; without that it does nothing. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env.PAGE_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

/**
 * Presses a link inside a frame of another origin with the mouse. On a busy machine Chromium shows such a frame some time
 * before it sends it the mouse, and what is pressed meanwhile is lost; so the mouse first comes to rest on the link.
 */
export async function clickInFrame(frame: FrameLocator, link: Locator): Promise<void> {
  do await link.hover();
  while ((await frame.locator('a:hover').count()) === 0);
  await link.click();
}

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const applications = ['Chromium', 'Google Chrome', 'Microsoft Edge'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** In order of trial; the first whose command exists and succeeds will do. */
const installers: readonly (readonly [command: string, ...args: string[]])[] = [
  // Test files run side by side, and apt does not wait for itself: the first installs it, the others find it there.
  [
    'flock',
    path.join(tmpdir(), 'usher-chromium.lock'),
    'sh',
    '-c',
    'command -v chromium || { apt-get update && apt-get install --yes -o DPkg::Lock::Timeout=300 chromium; }',
  ],
  ['dnf', 'install', '--assumeyes', 'chromium'],
  ['brew', 'install', '--cask', 'chromium'],
  [
    process.execPath,
    path.join(import.meta.dirname, '../../node_modules/playwright-core/cli.js'),
    'install',
    'chromium',
  ],
];

async function findChromium(): Promise<string> {
  const found = await installed();
  if (found) return found;
  const failures: string[] = [];
  for (const [command, ...args] of installers) {
    const name = path.basename(command);
    if (!(await firstExecutable(inPath(command)))) continue;
    console.log(`Installing Chromium for the browser tests (${name})…`);
    try {
      await run(command, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
      const now = await installed();
      if (now) return now;
    } catch (error) {
      const lines = (error as { stderr?: string }).stderr?.trim().split('\n') ?? [];
      failures.push(`${name}: ${lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? error}`);
    }
  }
  throw new Error(
    `The browser tests need Chromium, and it could not be installed: install chromium or Google Chrome by hand, then run npm run test:browser. ${failures.join('; ')}`,
  );
}

const installed = (): Promise<string | undefined> =>
  firstExecutable([...commands.flatMap(inPath), ...applications, chromium.executablePath()]);

const inPath = (command: string): string[] =>
  path.isAbsolute(command)
    ? [command]
    : (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, command));

async function firstExecutable(files: string[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
