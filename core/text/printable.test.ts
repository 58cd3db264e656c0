import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { printable, printableLines, printableTexts } from './printable.js';

describe('M8: text of others is shown as what it is', () => {
  test.each([
    ['a line break', 'a\nb\r\nc', String.raw`a\u000ab\u000d\u000ac`],
    ['other separators of lines', 'a\u0085b\u2028c\u2029d\vf\f', String.raw`a\u0085b\u2028c\u2029d\u000bf\u000c`],
    ['an escape sequence, of one byte or two', '\x1b[2K\x9b2K', String.raw`\u001b[2K\u009b2K`],
    ['the clipboard of the terminal', 'yes\x1b]52;c;Zm9v\x07', String.raw`yes\u001b]52;c;Zm9v\u0007`],
    ['NUL, backspace, DEL', 'a\0b\b\x7f', String.raw`a\u0000b\u0008\u007f`],
    ['a tab, which would move columns', 'a\tb', String.raw`a\u0009b`],
    ['overrides of direction', 'a\u202eb\u2066c\u200ed\u061c', String.raw`a\u202eb\u2066c\u200ed\u061c`],
    ['what has no width', 'a\u200bb\u200dc\u2060d\ufeffe\u00ad', String.raw`a\u200bb\u200dc\u2060d\ufeffe\u00ad`],
    ['fillers and selectors', '\u3164\u{e0100}', String.raw`\u3164\udb40\udd00`],
    ['tags, which spell text unseen', '\u{e0061}', String.raw`\udb40\udc61`],
    ['half a character', 'a\ud83d', String.raw`a\ud83d`],
    ['nothing else: letters, signs, whole characters', 'Zürich 東京 \\n "x" <y> 😀', 'Zürich 東京 \\n "x" <y> 😀'],
  ])('%s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printable(shown)).toBe(shown);
  });

  test('no more of it than a line should have', () => {
    expect(printable('x'.repeat(5_000))).toBe(`${'x'.repeat(4_096)}…`);
    expect(printable('abc😀', 4)).toBe(String.raw`abc\ud83d…`);
  });

  test('a whole output keeps its own lines and tabs, and JSON means what it meant', () => {
    expect(printableLines('a\tb\n\x1bc')).toBe('a\tb\n\\u001bc');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shown = printableLines(JSON.stringify(value, undefined, 2));
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(shown).not.toMatch(/[^\P{C}\n]/u);
      }),
    );
  });

  test('every text of a value', () => {
    expect(printableTexts({ a: ['\x1b', 1, null, undefined, true], b: { c: '\n' } })).toEqual({
      a: [String.raw`\u001b`, 1, null, undefined, true],
      b: { c: String.raw`\u000a` },
    });
  });
});
