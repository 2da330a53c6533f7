import { writeFileSync } from 'node:fs';

type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

/**
 * Writes a database of IPv4 networks in the MMDB format.
 * @see https://maxmind.github.io/MaxMind-DB/
 */
export function writeMmdb(
  path: string,
  databaseType: string,
  networks: Record<string, Value>,
  builtAt: number,
): void {
  const data: Buffer[] = [];
  let dataSize = 0;
  /** Nodes of the tree: a record is a node's index, or an offset in the data section, or nothing. */
  type Record_ = { node: number } | { data: number } | null;
  const nodes: [Record_, Record_][] = [[null, null]];
  for (const [network, value] of Object.entries(networks)) {
    const [address = '', bits = '32'] = network.split('/');
    const number = address.split('.').reduce((all, part) => all * 256 + Number(part), 0);
    const encoded = encode(value);
    let node = 0;
    for (let bit = 0; bit < Number(bits); bit++) {
      const side = Math.floor(number / 2 ** (31 - bit)) % 2 === 0 ? 0 : 1;
      const pair = nodes[node] as [Record_, Record_];
      if (bit === Number(bits) - 1) pair[side] = { data: dataSize };
      else {
        const next = pair[side];
        if (next && 'node' in next) node = next.node;
        else {
          nodes.push([null, null]);
          pair[side] = { node: nodes.length - 1 };
          node = nodes.length - 1;
        }
      }
    }
    data.push(encoded);
    dataSize += encoded.length;
  }
  const numberOf = (record: Record_) =>
    record === null ? nodes.length : 'node' in record ? record.node : nodes.length + 16 + record.data;
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach(([left, right], index) => {
    tree.writeUIntBE(numberOf(left), index * 6, 3);
    tree.writeUIntBE(numberOf(right), index * 6 + 3, 3);
  });
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Math.floor(builtAt / 1000),
    database_type: databaseType,
    description: { en: databaseType },
    ip_version: 4,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  };
  const marker = Buffer.concat([Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com')]);
  writeFileSync(path, Buffer.concat([tree, Buffer.alloc(16), ...data, marker, encode(metadata)]));
}

/** Types of the format: 2 text, 6 a number of 32 bits, 7 a map, 11 a list. */
function encode(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([head(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([head(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([head(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as Record<string, Value>);
  return Buffer.concat([
    head(7, entries.length),
    ...entries.flatMap(([key, item]) => [encode(key), encode(item)]),
  ]);
}

function head(type: number, size: number): Buffer {
  const short = size < 29 ? size : 29;
  const rest = size < 29 ? [] : [size - 29];
  return type > 7 ? Buffer.from([short, type - 7, ...rest]) : Buffer.from([(type << 5) | short, ...rest]);
}
