/**
 * The words of a Corefile, as CoreDNS reads it: white space separates them, `"…"` keeps it, `#` begins a comment to the end of the line.
 */
import type { Result } from '../runtime/result.js';

export interface Word {
  /** Without quotes. */
  readonly text: string;
  /** Counted from 1: where it begins and where it ends. */
  readonly line: number;
  readonly lastLine: number;
  /** In the Corefile, quotes included. */
  readonly start: number;
  readonly end: number;
}

/** White space is what Go calls so. */
const SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;

export function wordsOf(corefile: string): Result<readonly Word[]> {
  const words: Word[] = [];
  let line = 1;
  let at = corefile.startsWith('\ufeff') ? 1 : 0;
  while (at < corefile.length) {
    const first = corefile[at] ?? '';
    if (first === '\n') line += 1;
    if (first === '#') {
      at = orEnd(corefile.indexOf('\n', at), corefile);
      continue;
    }
    if (SPACE.test(first)) {
      at += 1;
      continue;
    }
    const read = first === '"' ? quoted(corefile, at) : plain(corefile, at);
    if (read === undefined) return { ok: false, error: `line ${line}: a quotation mark is never closed` };
    const lastLine = line + (read.text.split('\n').length - 1);
    words.push({ text: read.text, line, lastLine, start: at, end: read.end });
    [line, at] = [lastLine, read.end];
  }
  return { ok: true, value: words };
}

interface Read {
  readonly text: string;
  readonly end: number;
}

function plain(corefile: string, start: number): Read {
  let end = start;
  while (end < corefile.length && corefile[end] !== '#' && !SPACE.test(corefile[end] ?? '')) end += 1;
  return { text: corefile.slice(start, end), end };
}

/** A backslash escapes a quotation mark, and nothing else. */
function quoted(corefile: string, start: number): Read | undefined {
  for (let end = start + 1; end < corefile.length; end += 1) {
    if (corefile[end] === '\\') end += 1;
    else if (corefile[end] === '"') return { text: corefile.slice(start + 1, end).replaceAll('\\"', '"'), end: end + 1 };
  }
  return undefined;
}

function orEnd(index: number, text: string): number {
  return index === -1 ? text.length : index;
}
