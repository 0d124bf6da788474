#!/usr/bin/env node
// `npx usher`, or `usher` after npm link: the command line with the Node it is made for, in the folder it was called from.

process.env.INIT_CWD = process.cwd();
process.argv.splice(2, 0, 'cli/main.ts');
await import('../local/bootstrap.mjs');
