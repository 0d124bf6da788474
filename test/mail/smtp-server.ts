import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import type { SmtpServer } from '../../mail/smtp.ts';

/** A message that a mail server has received to its end. */
export interface Received {
  from: string;
  to: string[];
  /** Head and body, as they came. */
  source: string;
  session: SMTPServerSession;
}

/** What the server does with a message that it has received to its end. */
type Answer = (error?: Error) => void;

export interface SmtpServerOptions extends Omit<SMTPServerOptions, 'onData'> {
  /** @default takes it */
  onMessage?: (answer: Answer, message: Received) => void;
  /** @default reads it to its end */
  onData?: (body: SMTPServerDataStream) => void;
}

/** A refusal. @param text what follows the code */
export const refusal = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

/** A mail server on a free port, which speaks SMTP as any does, and keeps what it is sent. */
export async function startSmtpServer({ onMessage, onData, ...options }: SmtpServerOptions = {}) {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    ...options,
    async onData(body, session, answer) {
      if (onData) return onData(body);
      const { mailFrom, rcptTo } = session.envelope;
      const message: Received = {
        from: mailFrom ? mailFrom.address : '',
        to: rcptTo.map(({ address }) => address),
        source: await text(body),
        session,
      };
      received.push(message);
      if (onMessage) onMessage(answer, message);
      else answer();
    },
  });
  // Of those that were hung up on.
  server.on('error', () => undefined);
  server.server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const smtp: SmtpServer = {
    host: '127.0.0.1',
    port: (server.server.address() as AddressInfo).port,
    tls: 'off',
  };
  return {
    smtp,
    received,
    /** How many connections there have been. */
    connections: () => connections,
    /** Breaks off every connection. */
    hangUp() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      // Under TLS that would be torn down from below, which Node does not survive.
      if (!options.key) for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}
