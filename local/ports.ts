import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const host = '127.0.0.1';

/**
 * The first of some free ports in a row. They lie below those that systems hand out by themselves (from 32768 on): one
 * of these could be another program's, be it for a call of its own, before it is listened on. (`fetch` refuses 10080.)
 *
 * @param count how many ports, at most 100
 */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = randomInt(10_081, 32_768 - count);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

/** True when a server could listen on the port, on both names of this machine: `localhost` may be IPv6. */
export async function isFree(port: number): Promise<boolean> {
  for (const address of [host, '::1', '0.0.0.0']) {
    const server = createServer().listen({ port, host: address, exclusive: true });
    const error = await Promise.race([
      once(server, 'listening').then(() => undefined),
      once(server, 'error').then(([e]) => e as NodeJS.ErrnoException),
    ]).catch((e: NodeJS.ErrnoException) => e);
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
    // A machine without IPv6 has no ::1 to be taken.
    if (error?.code === 'EADDRINUSE' || error?.code === 'EACCES') return false;
  }
  return true;
}
