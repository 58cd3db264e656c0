import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createLineSplitter } from './lines.js';

function split(chunks: readonly Buffer[]): string[] {
  const splitter = createLineSplitter({ bytes: 0 });
  return chunks.flatMap((chunk) => [...splitter.split(chunk)].map(({ text }) => text));
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
      fc.property(
        fc.array(fc.string({ unit: 'binary', minLength: 1 }).filter((line) => !line.includes('\n'))),
        fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
        (lines, sizes) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const chunks: Buffer[] = [];
          for (let at = 0; at < bytes.length;) {
            const size = sizes.next().value as number;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(split(chunks)).toEqual(lines);
        },
      ),
    );
  });

  test.each([
    ['2 MiB', 2 << 20, true],
    ['a byte more', (2 << 20) + 1, false],
  ])('H8: a line of %s is whole: %s', (_title, length, whole) => {
    const held = { bytes: 0 };
    const splitter = createLineSplitter(held);
    const chunk = Buffer.alloc(1 << 16, 'x');
    const lines = Array.from({ length: Math.floor(length / chunk.length) }, () => [...splitter.split(chunk)]).flat();
    lines.push(...splitter.split(Buffer.concat([Buffer.alloc(length % chunk.length, 'x'), Buffer.from('\nnext\n')])));
    expect(lines.map((line) => [line.text.length, line.whole])).toEqual([
      [whole ? length : 4096, whole],
      [4, true],
    ]);
    expect(held).toEqual({ bytes: 0 });
  });

  test('H8: of a line without end, no more is held than its beginning', () => {
    const held = { bytes: 0 };
    const splitter = createLineSplitter(held);
    const chunk = Buffer.alloc(1 << 20, 'x');
    const most = Array.from({ length: 64 }, () => {
      expect([...splitter.split(chunk)]).toEqual([]);
      return held.bytes;
    });
    expect([Math.max(...most), held.bytes]).toEqual([2 << 20, 4096]);
    splitter.drop();
    expect(held.bytes).toBe(0);
  });

  test.each([
    ['nests 65 deep', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['has more than 100 000 values', `[${'0,'.repeat(100_000)}0]`],
  ])('H8: a line that %s is not for the parser', (_title, line) => {
    expect([...createLineSplitter({ bytes: 0 }).split(Buffer.from(`${line}\n`))].map(({ whole }) => whole)).toEqual([false]);
  });

  test('H8: the lines that all streams of a client wait for have a bound together', () => {
    const held = { bytes: 0 };
    const chunk = Buffer.alloc(1 << 20, 'x');
    const feed = (): unknown => [...createLineSplitter(held).split(chunk)];
    for (let stream = 0; stream < 16; stream += 1) feed();
    expect(feed).toThrow('too large together');
  });
});
