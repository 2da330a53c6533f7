import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentId: string;
  name: string;
  /** 1 internal, 3 client, 4 producer, 5 consumer. */
  kind: number;
  durationMs: number;
  attributes: Record<string, string | number>;
  events: number;
  links: { traceId: string; spanId: string }[];
  failed: boolean;
  /** Attributes of the process that sent it. */
  resource: Record<string, string | number>;
  scope: string;
}

/** A collector that receives traces by OTLP over HTTP with protobuf. */
export async function startCollector({ hangs = false }: { hangs?: boolean } = {}) {
  const spans: ReceivedSpan[] = [];
  const requests: { url: string; headers: IncomingHttpHeaders; bytes: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    requests.push({ url: request.url ?? '', headers: request.headers, bytes });
    spans.push(...readRequest(bytes));
    if (hangs) return;
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Numbers of opentelemetry/proto/trace/v1/trace.proto. */
function readRequest(bytes: Buffer): ReceivedSpan[] {
  return all(bytes, 1).flatMap((resourceSpans) => {
    const resource = readAttributes(all(all(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1));
    return all(resourceSpans, 2).flatMap((scopeSpans) => {
      const scope = String(all(all(scopeSpans, 1)[0] ?? Buffer.alloc(0), 1)[0] ?? '');
      return all(scopeSpans, 2).map((span) => ({ ...readSpan(span), resource, scope }));
    });
  });
}

function readSpan(bytes: Buffer): Omit<ReceivedSpan, 'resource' | 'scope'> {
  const [start, end] = [7, 8].map((number) => Number((numbers(bytes, number)[0] ?? 0n) / 1000n));
  const text = (number: number) => String(all(bytes, number)[0] ?? '');
  const hex = (of: Buffer, number: number) => all(of, number)[0]?.toString('hex') ?? '';
  return {
    traceId: hex(bytes, 1),
    spanId: hex(bytes, 2),
    parentId: hex(bytes, 4),
    name: text(5),
    kind: Number(numbers(bytes, 6)[0] ?? 0n),
    durationMs: ((end ?? 0) - (start ?? 0)) / 1000,
    attributes: readAttributes(all(bytes, 9)),
    events: all(bytes, 11).length,
    links: all(bytes, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    failed: all(bytes, 15).some((status) => numbers(status, 3)[0] === 2n),
  };
}

const readAttributes = (pairs: Buffer[]): Record<string, string | number> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const value = all(pair, 2)[0] ?? Buffer.alloc(0);
      return [String(all(pair, 1)[0]), all(value, 1)[0]?.toString() ?? Number(numbers(value, 3)[0])];
    }),
  );

const all = (message: Buffer, number: number): Buffer[] =>
  fields(message).flatMap(([at, value]) => (at === number && Buffer.isBuffer(value) ? [value] : []));
const numbers = (message: Buffer, number: number): bigint[] =>
  fields(message).flatMap(([at, value]) => (at === number && typeof value === 'bigint' ? [value] : []));

/** The fields of a protobuf message. */
function fields(message: Buffer): [number, Buffer | bigint][] {
  const found: [number, Buffer | bigint][] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const type = tag & 7;
    if (type === 0) found.push([tag >> 3, varint()]);
    else if (type === 2) {
      const length = Number(varint());
      found.push([tag >> 3, message.subarray(at, at + length)]);
      at += length;
    } else {
      found.push([tag >> 3, type === 1 ? message.readBigUInt64LE(at) : BigInt(message.readUInt32LE(at))]);
      at += type === 1 ? 8 : 4;
    }
  }
  return found;
}
