// Parses each line of a file as JSON and nothing else: the limit for `replay`, which has to read all fields of records.
import { createReadStream } from 'node:fs';

const newline = 0x0a;
let rest = Buffer.alloc(0);
let operations = 0;
for await (const chunk of createReadStream(process.argv[2], { highWaterMark: 1 << 20 })) {
  const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
  let from = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
    if (JSON.parse(bytes.toString('utf8', from, end)).operationName) operations++;
    from = end + 1;
  }
  rest = bytes.subarray(from);
}
console.log(operations);
