import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A mail provider that takes everything, 50 ms late, as Postmark and as a plain POST of `{to}`. */
export interface MailEndpoint {
  url: string;
  /** Calls so far, whatever they carried. */
  calls(): number;
  /** Resolves once the provider has said that it took an email to the address; when it has already, at once. */
  arrival(address: string): Promise<void>;
  close(): Promise<void>;
}

/** How long the provider takes to answer, ms. */
export const mailLatencyMs = 50;

export async function startMailEndpoint(): Promise<MailEndpoint> {
  const arrived = new Set<string>();
  const waiting = new Map<string, () => void>();
  let calls = 0;

  /** What to answer, and to whom the emails are. */
  const answerTo = (path: string, body: unknown): { answer: unknown; recipients: string[] } => {
    const taken = {
      ErrorCode: 0,
      Message: 'OK',
      MessageID: crypto.randomUUID(),
      SubmittedAt: new Date().toISOString(),
    };
    if (path === '/email/batch') {
      const messages = body as { To: string }[];
      return {
        answer: messages.map(({ To }) => ({ ...taken, MessageID: crypto.randomUUID(), To })),
        recipients: messages.map(({ To }) => To),
      };
    }
    if (path === '/email') {
      const { To } = body as { To: string };
      return { answer: { ...taken, To }, recipients: [To] };
    }
    if (path.startsWith('/messages/outbound')) return { answer: { TotalCount: 0, Messages: [] }, recipients: [] };
    return { answer: {}, recipients: [(body as { to: string }).to] };
  };
  // Whoever joins has read the email: the send is over by then, and no row's accept waits for the rest of it.
  const arrive = (recipients: string[]) => {
    for (const to of recipients) {
      arrived.add(to);
      waiting.get(to)?.();
      waiting.delete(to);
    }
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      calls += 1;
      const text = Buffer.concat(chunks).toString();
      const { answer, recipients } = answerTo(request.url!, text ? JSON.parse(text) : undefined);
      setTimeout(() => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer), () => arrive(recipients));
      }, mailLatencyMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    arrival: (address) =>
      arrived.has(address) ? Promise.resolve() : new Promise((resolve) => waiting.set(address, resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
