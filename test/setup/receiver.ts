import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as it arrived. */
export interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind
  message: any;
}

/** A program that receives webhooks. */
export interface Receiver {
  url: string;
  /** All that arrived, in order, whatever was answered. */
  received: Received[];
  /** How it answers. @default 204 to everything */
  answer: (received: Received, response: ServerResponse) => unknown;
  close(): Promise<void>;
}

export async function startReceiver(host = '127.0.0.1'): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const message = body === '' ? undefined : JSON.parse(body);
    const received = { id: String(request.headers['webhook-id']), headers: request.headers, body, message };
    receiver.received.push(received);
    receiver.answer(received, response);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const receiver: Receiver = {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    received: [],
    answer: (_, response) => response.writeHead(204).end(),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}
