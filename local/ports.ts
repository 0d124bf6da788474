import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

const host = '127.0.0.1';

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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
