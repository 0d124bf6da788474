import { afterAll, inject } from 'vitest';

// For the programs that the file starts; this process does not look at it any more.
process.env.NODE_COMPILE_CACHE = inject('compiled');

/** What a test must close: sockets, servers and child processes keep a process alive. */
const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'ProcessWrap'];
const open = () => process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind));

const before = open().length;

// Set-up files come first, so this runs after all hooks of the test file.
afterAll(async () => {
  const deadline = Date.now() + 2_000;
  while (open().length > before) {
    if (Date.now() > deadline) throw new Error(`The test file left open: ${open().join(', ')}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
