import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket, connect as tcp } from 'node:net';

/**
 * How a link carries what is sent over it.
 *
 * - `whole`: at once.
 * - `slow`: each piece after a while.
 * - `silent`: nothing, either way, for as long as that lasts; then all of it.
 * - `deaf`: requests, and no answers to them.
 * - `refusing`: what is there stays, what is new is reset.
 */
export type LinkState = 'whole' | 'slow' | 'silent' | 'deaf' | 'refusing';

/** A TCP connection between two programs that can be disturbed; what it carries it does not know. */
export interface Link {
  /** On 127.0.0.1: where the one that connects finds the other. */
  port: number;
  become(state: LinkState): void;
  /** Resets every connection; what was held back is lost. */
  cut(): void;
  close(): Promise<void>;
}

/** How long a slow link holds each piece, ms. */
const slowMs = 150;

/** Starts a link to a port of this machine. */
export async function startLink(target: number): Promise<Link> {
  let state: LinkState = 'whole';
  let changed = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();

  /** Passes on what one side sends, in its order, as the link's state has it. */
  const carry = (from: Socket, to: Socket, holds: readonly LinkState[]) => {
    let sent = Promise.resolve();
    const send = (pass: () => void) => {
      sent = sent.then(async () => {
        if (state === 'slow') await new Promise((resolve) => setTimeout(resolve, slowMs));
        while (holds.includes(state) && !to.destroyed) await changed.promise;
        if (!to.destroyed) pass();
      });
    };
    from.on('data', (chunk) => send(() => to.write(chunk)));
    from.on('end', () => send(() => to.end()));
    // Nobody there, or gone: as it looks from a program whose peer has died.
    from.on('error', () => to.resetAndDestroy());
    from.on('close', () => {
      sockets.delete(from);
      if (from.errored) to.resetAndDestroy();
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    sockets.add(client);
    if (state === 'refusing') {
      client.on('error', () => undefined);
      client.on('close', () => sockets.delete(client));
      client.resetAndDestroy();
      return;
    }
    const upstream = tcp({ port: target, host: 'localhost', allowHalfOpen: true, noDelay: true });
    sockets.add(upstream);
    carry(client, upstream, ['silent']);
    carry(upstream, client, ['silent', 'deaf']);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    changed.resolve();
    changed = Promise.withResolvers();
  };
  return {
    port: (server.address() as AddressInfo).port,
    become(next) {
      state = next;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    cut,
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
