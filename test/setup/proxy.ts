import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a proxy before Usher does with a request: passes it on, at once or late (ms), loses the answer, says nothing, or answers by itself. */
export type Deed =
  | 'pass'
  | 'lose'
  | 'silence'
  | { afterMs: number }
  | { status: number; headers?: Record<string, string>; body?: string };

export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

/** A proxy before an Usher that has trouble with the first requests: one deed for each, then it passes them on. */
export async function startProxy(usherUrl: string, deeds: Deed[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const deed = deeds.shift() ?? 'pass';
    seen.push({ method: request.method!, path: request.url!, headers: request.headers });
    if (deed === 'silence') return;
    const body = await buffer(request);
    if (typeof deed === 'object') {
      if ('status' in deed) return answer(response, deed);
      await sleep(deed.afterMs);
    }
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    const answered = await fetch(usherUrl + request.url!, {
      method: request.method!,
      headers: headers as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await answered.text();
    if (deed === 'lose') return void request.socket.destroy();
    const { 'content-encoding': ____, ...sent } = Object.fromEntries(answered.headers);
    answer(response, { status: answered.status, headers: sent, body: text });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, { status, headers, body }: Extract<Deed, { status: number }>): void {
  response.writeHead(status, headers).end(body);
}
