import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A span as it arrived. */
export interface Span {
  name: string;
  trace: string;
  id: string;
  /** The span that it is part of; empty: none. */
  parent: string;
  isError: boolean;
  attributes: Record<string, string>;
}

/** Takes traces as a collector of OpenTelemetry does, OTLP over HTTP. */
export interface Collector {
  /** Base URL, for OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** What has arrived, as it came. */
  bodies: Buffer[];
  spans(): Span[];
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await buffer(request));
    response.writeHead(request.url === '/v1/traces' ? 200 : 404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: () => bodies.flatMap(spansOf),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The fields of a message of Protobuf, by number; numbers are left out. https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const number = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const [field, form] = [Math.floor(tag / 8), tag % 8];
    if (form === 0) number();
    else if (form === 1) at += 8;
    else if (form === 5) at += 4;
    else if (form === 2) {
      const length = number();
      fields.set(field, [...(fields.get(field) ?? []), message.subarray(at, at + length)]);
      at += length;
    } else throw new Error(`this is no Protobuf: form ${form}`);
  }
  return fields;
}

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
function spansOf(body: Buffer): Span[] {
  const inside = (message: Buffer, field: number) => fieldsOf(message).get(field) ?? [];
  const [resourceSpans, scopeSpans, spans] = [1, 2, 2];
  return inside(body, resourceSpans)
    .flatMap((message) => inside(message, scopeSpans))
    .flatMap((message) => inside(message, spans))
    .map((message) => {
      const fields = fieldsOf(message);
      const hex = (field: number) => fields.get(field)?.[0]?.toString('hex') ?? '';
      const attributes = (fields.get(9) ?? []).map((pair) => {
        const [key, value] = [inside(pair, 1)[0]!, inside(pair, 2)[0]!];
        return [String(key), String(inside(value, 1)[0] ?? '')];
      });
      return {
        name: String(fields.get(5)![0]),
        trace: hex(1),
        id: hex(2),
        parent: hex(4),
        // Status.code
        isError: hex(15) === '1802',
        attributes: Object.fromEntries(attributes),
      };
    });
}
