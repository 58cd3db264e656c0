/**
 * The form of a Corefile: server blocks with their keys and plugins, and what is imported beside them. Every word knows its place, so
 * that a change touches nothing else. What CoreDNS would refuse, or reads in a way that is not known here, is an error with its line.
 */
import type { Result } from '../runtime/result.js';
import { type Word, wordsOf } from './words.js';

export interface Corefile {
  readonly text: string;
  readonly servers: readonly ServerBlock[];
  /** Patterns of files that are imported beside the server blocks. */
  readonly imports: readonly Word[];
}

export interface ServerBlock {
  /** Zones, with scheme and port where they are given: `.:53`, `dns://cluster.local`. */
  readonly keys: readonly Word[];
  readonly plugins: readonly Plugin[];
}

export interface Plugin {
  readonly name: Word;
  /** On the line of its name. */
  readonly args: readonly Word[];
  readonly body?: Body;
}

interface Body {
  readonly open: Word;
  readonly close: Word;
  /** Line by line, what is between the braces. Nested braces are words. */
  readonly lines: readonly (readonly Word[])[];
}

export function parseCorefile(text: string): Result<Corefile> {
  const read = wordsOf(text);
  if (!read.ok) return read;
  const words = read.value;
  const servers: ServerBlock[] = [];
  const imports: Word[] = [];
  for (let at = 0; at < words.length;) {
    if (words[at]?.text === 'import') {
      const pattern = words[at + 1];
      if (pattern === undefined || !onOneLine(words, at + 1)) return wrong(words[at], 'an import without a file');
      imports.push(pattern);
      at += 2;
      continue;
    }
    const open = words.findIndex((word, index) => index >= at && word.text === '{');
    const close = open === -1 ? undefined : closing(words, open);
    if (open <= at || close === undefined) return wrong(words[at], 'this is no server block in braces');
    const keys = words.slice(at, open);
    const apart = keys.find((_, index) => index > 0 && !onOneLine(keys, index) && keys[index - 1]?.text.endsWith(',') !== true);
    if (apart !== undefined) return wrong(apart, 'this is no server block in braces');
    const plugins = pluginsOf(words.slice(open + 1, close));
    if (!plugins.ok) return plugins;
    // A snippet, `(name) { … }`, is no server.
    if (!/^\(.*\)$/.test(keys[0]?.text ?? '')) servers.push({ keys, plugins: plugins.value });
    at = close + 1;
  }
  return { ok: true, value: { text, servers, imports } };
}

function pluginsOf(words: readonly Word[]): Result<readonly Plugin[]> {
  const plugins: Plugin[] = [];
  for (let at = 0; at < words.length;) {
    const name = words[at];
    if (name === undefined || name.text === '{' || name.text === '}') return wrong(name, `"${name?.text}" where a plugin should be`);
    const rest = lineEnd(words, at);
    const open = words.findIndex((word, index) => index > at && index < rest && word.text === '{');
    if (open === -1) {
      plugins.push({ name, args: words.slice(at + 1, rest) });
      at = rest;
      continue;
    }
    const close = closing(words, open);
    if (close === undefined) return wrong(words[open], 'a brace that is never closed');
    if (close + 1 < words.length && onOneLine(words, close + 1)) return wrong(words[close], 'something behind a closing brace');
    plugins.push({ name, args: words.slice(at + 1, open), body: bodyOf(words.slice(open, close + 1)) });
    at = close + 1;
  }
  return { ok: true, value: plugins };
}

function bodyOf(words: readonly Word[]): Body {
  const inner = words.slice(1, -1);
  const lines: Word[][] = [];
  for (let at = 0; at < inner.length; at = lineEnd(inner, at)) lines.push(inner.slice(at, lineEnd(inner, at)));
  const [open, close] = [words[0], words.at(-1)];
  if (open === undefined || close === undefined) throw new Error('a body without braces');
  return { open, close, lines };
}

/** The index behind the last word on the line of `words[at]`. */
function lineEnd(words: readonly Word[], at: number): number {
  let end = at + 1;
  while (end < words.length && onOneLine(words, end)) end += 1;
  return end;
}

/** Whether `words[index]` begins on the line on which the one before it ends. */
function onOneLine(words: readonly Word[], index: number): boolean {
  return words[index]?.line === words[index - 1]?.lastLine;
}

/** The index of the brace that closes the one at `open`. */
function closing(words: readonly Word[], open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < words.length; at += 1) {
    if (words[at]?.text === '{') depth += 1;
    if (words[at]?.text === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

function wrong(word: Word | undefined, what: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error: `line ${word?.line ?? 1}: ${what}` };
}
