/**
 * Bytes to lines: a chunk may end inside a line, or inside a character of one.
 */

const NEWLINE = 0x0a;
/** Far above what etcd stores of one object (1.5 MiB), with its managedFields as JSON. */
const MAX_LINE_BYTES = 32 << 20;

/**
 * Feed it chunks; it calls `onLine` for every complete, non-empty line. What follows the last newline waits for more.
 * Returns false when a line got longer than 32 MiB: the stream is not what it should be.
 */
export function createLineSplitter(onLine: (line: string) => void): (chunk: Buffer) => boolean {
  let pending: Buffer[] = [];
  let waiting = 0;
  return (chunk) => {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      const part = chunk.subarray(begin, end);
      begin = end + 1;
      const line = pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      waiting = 0;
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    if (begin < chunk.length) {
      pending.push(chunk.subarray(begin));
      waiting += chunk.length - begin;
    }
    return waiting <= MAX_LINE_BYTES;
  };
}
