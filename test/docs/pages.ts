/**
 * Every Markdown page of the project, taken apart: prose, code, headings and links.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export interface Page {
  /** Path from the root of the project. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly Line[];
  /** Anchors that links can name, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  readonly headings: readonly string[];
  readonly links: readonly Link[];
  /** Fenced blocks, each with the word after its opening fence. */
  readonly blocks: readonly { readonly language: string; readonly text: string }[];
  /** Text in backticks outside of blocks. */
  readonly codeSpans: readonly string[];
}

interface Line {
  readonly number: number;
  readonly text: string;
  readonly kind: 'prose' | 'table' | 'code';
}

export interface Link {
  readonly line: number;
  readonly target: string;
}

export const ROOT = resolve('.');
const SKIPPED = new Set(['node_modules', 'out', 'dist', '.git']);

export function readPages(): readonly Page[] {
  return markdownFiles(ROOT)
    .map((file) => readPage(relative(ROOT, file), readFileSync(file, 'utf8')))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export function readPage(path: string, text: string): Page {
  const lines = linesOf(text);
  const outside = lines.filter(({ kind }) => kind !== 'code');
  const headings = outside.flatMap(({ text: line }) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);
  return {
    path,
    text,
    lines,
    headings,
    anchors: anchorsOf(headings),
    links: outside.flatMap(({ number, text: line }) =>
      [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ line: number, target: target ?? '' })),
    ),
    blocks: [...text.matchAll(/^( *)```(\S*)\n([\s\S]*?)^\1```$/gm)].map(([, indent = '', language = '', body = '']) => ({
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    })),
    codeSpans: outside.flatMap(({ text: line }) => [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')),
  };
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

function linesOf(text: string): Line[] {
  let fenced = false;
  return text.split('\n').map((line, index): Line => {
    const fence = line.trimStart().startsWith('```');
    if (fence) fenced = !fenced;
    const kind = fenced || fence || line.startsWith('    ') ? 'code' : line.startsWith('|') ? 'table' : 'prose';
    return { number: index + 1, text: line, kind };
  });
}

/** Lower case, without punctuation, with dashes for spaces; of equal ones the later are numbered. */
function anchorsOf(headings: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const heading of headings) {
    const plain = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
