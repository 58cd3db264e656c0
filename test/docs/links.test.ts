/**
 * The pages hold together: links lead somewhere, decisions have one shape, lines can be read in a terminal.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Link, type Page, readPage, readPages, ROOT } from './pages.js';

const PAGES = readPages();
const BY_PATH = new Map(PAGES.map((page) => [page.path, page]));
const WIDTH = 140;

/** Undefined: the link leads somewhere. */
function brokenBecause(page: Page, { target }: Link): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page.path : relative(ROOT, join(ROOT, dirname(page.path), path));
  if (!existsSync(join(ROOT, file))) return `there is no ${file}`;
  const there = BY_PATH.get(file);
  return anchor === undefined || there === undefined || there.anchors.has(anchor) ? undefined : `${file} has no heading #${anchor}`;
}

describe.each(PAGES.map((page) => [page.path, page] as const))('%s', (_path, page) => {
  test('links lead somewhere', () => {
    const broken = page.links.flatMap((link) => {
      const reason = brokenBecause(page, link);
      return reason === undefined ? [] : [`line ${link.line}: ${reason}`];
    });
    expect(broken).toEqual([]);
  });

  test(`prose has at most ${WIDTH} columns`, () => {
    const long = page.lines.filter(({ kind, text }) => kind === 'prose' && text.length > WIDTH && !/^\S+$/.test(text.trim()));
    expect(long.map(({ number }) => number)).toEqual([]);
  });
});

const decisions = PAGES.filter(({ path }) => path.startsWith('docs/decisions/'));

describe('decisions', () => {
  test.each(decisions.map((page) => [page.path, page] as const))('%s says context, decision and consequences', (_path, page) => {
    expect(page.headings.filter((heading) => ['Context', 'Decision', 'Consequences'].includes(heading))).toEqual([
      'Context',
      'Decision',
      'Consequences',
    ]);
  });

  test('each has a number of its own, which its title has, too', () => {
    const numbers = decisions.map(({ path }) => Number(/\/(\d{4})-/.exec(path)?.[1]));
    expect(new Set(numbers).size).toBe(decisions.length);
    expect(decisions.map(({ headings }) => Number(/^(\d+)\. /.exec(headings[0] ?? '')?.[1]))).toEqual(numbers);
  });

  test('are all on the map', () => {
    const listed = new Set(BY_PATH.get('docs/README.md')?.links.map(({ target }) => `docs/${target}`));
    expect(decisions.map(({ path }) => path).filter((path) => !listed.has(path))).toEqual([]);
  });
});

test('the glossary is in alphabetical order, and says where each term is decided', () => {
  const glossary = BY_PATH.get('docs/glossary.md');
  const entries = (glossary?.lines ?? []).flatMap(({ text }) => {
    const [, term] = /^\*\*(.+?)\*\*/.exec(text) ?? [];
    return term === undefined ? [] : [{ term: term.toLowerCase(), text }];
  });
  const terms = entries.map(({ term }) => term);
  expect(terms.length).toBeGreaterThan(30);
  expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a.localeCompare(b)));
  const paragraphs = (glossary?.lines ?? [])
    .map(({ text }) => text)
    .join('\n')
    .split('\n\n');
  expect(paragraphs.filter((text) => text.startsWith('**') && !text.includes(']('))).toEqual([]);
});

test('every page of docs is on the map', () => {
  const listed = new Set(BY_PATH.get('docs/README.md')?.links.map(({ target }) => `docs/${target.split('#')[0]}`));
  const pages = PAGES.map(({ path }) => path).filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
  expect(pages.filter((path) => !listed.has(path))).toEqual([]);
});

describe('a page', () => {
  const page = readPage('docs/a.md', '# One `two`, three\n\n## Same\n\n## Same\n\n[x](b.md#c) `[y](z)`\n\n```\n[no](link)\n```\n');

  test('has the anchors that GitHub makes', () => {
    expect([...page.anchors]).toEqual(['one-two-three', 'same', 'same-1']);
  });

  test('has the links of its prose, and none of its code', () => {
    expect(page.links).toEqual([{ line: 7, target: 'b.md#c' }]);
    expect(page.blocks).toEqual([{ language: '', text: '[no](link)\n' }]);
  });

  test('has broken links found', () => {
    expect(brokenBecause(page, { line: 1, target: 'not-there.md' })).toBe('there is no docs/not-there.md');
    expect(brokenBecause(page, { line: 1, target: '../README.md#no-such-heading' })).toBe('README.md has no heading #no-such-heading');
    expect(brokenBecause(page, { line: 1, target: 'https://example.org/x' })).toBeUndefined();
  });
});
