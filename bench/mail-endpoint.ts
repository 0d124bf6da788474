import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A mail provider that takes everything, 50 ms late, as Postmark and as a plain POST of `{to}`. */
export interface MailEndpoint {
  url: string;
  /** Calls so far, whatever they carried. */
  calls(): number;
  /** Emails so far. */
  received(): number;
  /** Resolves once an email to the address has arrived; when it has already, at once. */
  arrival(address: string): Promise<void>;
  close(): Promise<void>;
}

/** How long the provider takes to answer, ms. */
export const mailLatencyMs = 50;

export async function startMailEndpoint(): Promise<MailEndpoint> {
  const arrived = new Set<string>();
  const waiting = new Map<string, () => void>();
  let calls = 0;
  let received = 0;

  const receive = (to: string) => {
    received += 1;
    arrived.add(to);
    waiting.get(to)?.();
    waiting.delete(to);
  };
  const answerTo = (path: string, body: unknown): unknown => {
    const taken = {
      ErrorCode: 0,
      Message: 'OK',
      MessageID: crypto.randomUUID(),
      SubmittedAt: new Date().toISOString(),
    };
    if (path === '/email/batch') {
      const messages = body as { To: string }[];
      for (const { To } of messages) receive(To);
      return messages.map(({ To }) => ({ ...taken, MessageID: crypto.randomUUID(), To }));
    }
    if (path === '/email') {
      const { To } = body as { To: string };
      receive(To);
      return { ...taken, To };
    }
    if (path.startsWith('/messages/outbound')) return { TotalCount: 0, Messages: [] };
    receive((body as { to: string }).to);
    return {};
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      calls += 1;
      const text = Buffer.concat(chunks).toString();
      const answer = answerTo(request.url!, text ? JSON.parse(text) : undefined);
      setTimeout(() => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer));
      }, mailLatencyMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    received: () => received,
    arrival: (address) =>
      arrived.has(address) ? Promise.resolve() : new Promise((resolve) => waiting.set(address, resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
