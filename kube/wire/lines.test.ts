import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createLineSplitter } from './lines.js';

function split(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const feed = createLineSplitter((line) => lines.push(line));
  for (const chunk of chunks) feed(chunk);
  return lines;
}

describe('lines of a stream', () => {
  test.each<[string, string[], string[]]>([
    ['one line', ['a\n'], ['a']],
    ['two lines in a chunk', ['a\nb\n'], ['a', 'b']],
    ['a line over three chunks', ['a', 'b', 'c\n'], ['abc']],
    ['an empty line is none', ['a\n\n\nb\n'], ['a', 'b']],
    ['what is not ended is not there yet', ['a\nb'], ['a']],
    ['a newline of its own', ['a', '\n', 'b', '\n'], ['a', 'b']],
  ])('%s', (_title, chunks, expected) => {
    expect(split(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(expected);
  });

  test('characters of several bytes may be cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 }).filter((line) => !line.includes('\n'))), fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value as number;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(split(chunks)).toEqual(lines);
      }),
    );
  });

  test('a line without end is refused before it fills the memory', () => {
    const feed = createLineSplitter(() => undefined);
    const chunk = Buffer.alloc(1 << 20, 'x');
    const accepted = Array.from({ length: 34 }, () => feed(chunk)).filter(Boolean);
    expect(accepted).toHaveLength(32);
  });
});
