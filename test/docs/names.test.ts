/**
 * What the pages name exists: files, make targets, commands and their flags, labels, annotations, metrics; and the objects that they
 * show are ones that the API server takes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { loadAll } from 'js-yaml';
import { commandLine } from '../../cli/commands.js';
import { clusterAgentCommand } from '../../cluster-agent/flags.js';
import { createClusterAgentMetrics } from '../../cluster-agent/metrics.js';
import { meshSchema } from '../../core/api/mesh.js';
import { EXPORT_ANNOTATION, EXPORT_LABEL } from '../../core/api/exportNames.js';
import { ANNOTATION, KILO_ANNOTATION, LABEL } from '../../core/api/names.js';
import { peerSchema } from '../../core/api/peer.js';
import { createMetrics } from '../../hub/api/metrics.js';
import { hubCommand } from '../../hub/flags.js';
import { createTextMetrics } from '../../kube/wire/textMetrics.js';
import { type Flag, FLAGS } from '../../node-agent/flags.js';
import { createAgentMetrics } from '../../node-agent/metrics.js';
import { type Page, readPages, ROOT } from './pages.js';

/** A changelog names what is gone. */
const PAGES = readPages().filter(({ path }) => path !== 'CHANGELOG.md');
const each = PAGES.map((page) => [page.path, page] as const);

/** Without code that a reader is to write, and without files that do not exist yet. */
const textOf = ({ text }: Page): string => text.replaceAll(/^( *)```(ts|diff)\n[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`]+` \(new\)/g, '');
const linesOfCode = ({ blocks, codeSpans }: Page): string[] => [
  ...blocks.filter(({ language }) => !['ts', 'diff'].includes(language)).flatMap(({ text }) => text.split('\n')),
  ...codeSpans,
];
const unique = (values: Iterable<string>): string[] => [...new Set(values)].toSorted();

describe('files and folders', () => {
  const FOLDERS = 'manifests|examples|docs|test|tools|core|kube|hub|cluster-agent|node-agent|cli';
  const PATH = new RegExp(`(?<![\\w./-])(?:\\./|\\.\\./)*((?:${FOLDERS})/[\\w./*-]*[\\w/*])`, 'g');

  test.each(each)('that %s names exist', (path, page) => {
    const named = unique([...textOf(page).matchAll(PATH)].map(([, file]) => file ?? ''));
    const here = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    // Of `test/e2e/*.test.ts` the folder must be there.
    const exists = (file: string): boolean =>
      [ROOT, join(ROOT, here)].some((base) => existsSync(join(base, file.replace(/[^/]*\*.*/, ''))));
    expect(named.filter((file) => !exists(file))).toEqual([]);
  });
});

describe('make targets', () => {
  const targets = new Set(
    [...readFileSync(join(ROOT, 'Makefile'), 'utf8').matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name ?? ''),
  );

  test.each(each)('that %s names exist', (_path, page) => {
    const named = unique(linesOfCode(page).flatMap((line) => /^\s*(?:\$ )?make ([a-z][a-z0-9-]*)/.exec(line)?.[1] ?? []));
    expect(named.filter((name) => !targets.has(name))).toEqual([]);
  });
});

describe('commands', () => {
  const cli = {
    out: () => undefined,
    err: () => undefined,
    kubeconfigs: [],
    environment: {},
    signal: new AbortController().signal,
    end: () => undefined,
  };
  const verbs = commandLine(cli).commands;
  const flagsOf = (command: Command | undefined): string[] =>
    (command?.options ?? []).flatMap(({ long, short }) => [long, short].flatMap((flag) => flag ?? []));
  const flags = new Map<string, readonly string[]>([
    ...verbs.map((verb): [string, string[]] => [verb.name(), flagsOf(verb)]),
    ['hub', flagsOf(hubCommand())],
    ['cluster-agent', flagsOf(clusterAgentCommand())],
    [
      'node-agent',
      Object.entries<Flag>(FLAGS).flatMap(([name, { short }]) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]),
    ],
    ['help', []],
  ]);

  test.each(each)('and flags that %s shows exist', (_path, page) => {
    const wrong = linesOfCode(page).flatMap((line) =>
      [...line.matchAll(/(?<![\w./@:-]|-n |namespace )(?:kilofed|kilofed\.js) ([a-z][a-z-]+)((?: [^|#;]*)?)/g)].flatMap(
        ([, verb = '', rest = '']) => {
          const known = flags.get(verb);
          if (known === undefined) return [`kilofed ${verb}`];
          const used = rest.split(/\s+/).flatMap((word) => /^--?[a-z][a-z-]*/.exec(word)?.[0] ?? []);
          return used.filter((flag) => !['--help', '-h'].includes(flag) && !known.includes(flag)).map((flag) => `kilofed ${verb} ${flag}`);
        },
      ),
    );
    expect(unique(wrong)).toEqual([]);
  });
});

describe('labels, annotations and metrics', () => {
  const names = new Set<string>(
    [ANNOTATION, EXPORT_ANNOTATION, KILO_ANNOTATION, LABEL, EXPORT_LABEL].flatMap((group) => Object.values(group)),
  );
  const [node, cluster] = [createTextMetrics(), createTextMetrics()];
  createAgentMetrics(node, () => 0);
  createClusterAgentMetrics(cluster);

  test.each(each)('that %s names exist', async (_path, page) => {
    const hub = await createMetrics({ active: () => true, members: () => [], status: () => ({ links: [], problems: [] }) }).expose();
    const metrics = new Set([node.render(), cluster.render(), hub.body].flatMap((text) => text.match(/\bkilofed_\w+/g) ?? []));
    const text = textOf(page);
    const named = unique(text.match(/\b(?:kilofed\.io|kilo\.squat\.ai)\/[a-z][a-z-]+[a-z](?![\w-])/g) ?? []);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
    expect(unique(text.match(/\bkilofed_\w+[a-z](?![\w*])/g) ?? []).filter((name) => !metrics.has(name))).toEqual([]);
  });
});

describe('objects', () => {
  const SCHEMAS = { Mesh: meshSchema, Peer: peerSchema } as const;
  const schemaOf = (object: unknown): (typeof SCHEMAS)[keyof typeof SCHEMAS] | undefined =>
    SCHEMAS[(object as { kind: 'Mesh' } | null)?.kind ?? 'Mesh'];

  test.each(each)('that %s shows are well-formed', (_path, page) => {
    const documents = page.blocks.flatMap(({ language, text }) => [
      ...(language === 'yaml' ? [text] : []),
      ...[...text.matchAll(/<<'?EOF'?\n([\s\S]*?)\nEOF/g)].map(([, body = '']) => body),
    ]);
    const objects = documents
      .flatMap((text) => loadAll(text))
      .filter((object) => typeof object === 'object' && object !== null && 'kind' in object);
    expect(objects.flatMap((object) => schemaOf(object)?.safeParse(object).error?.issues ?? [])).toEqual([]);
  });
});

test('Troubleshooting has an entry for each alert, and for no other', () => {
  const page = (path: string): Page | undefined => PAGES.find((one) => one.path === path);
  const entries = (page('docs/troubleshooting.md')?.headings ?? []).filter((heading) => /^Kilofed[A-Z]/.test(heading));
  const alerts = (page('docs/reference.md')?.blocks ?? []).flatMap(({ text }) =>
    [...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? ''),
  );
  expect(alerts.length).toBeGreaterThan(5);
  expect(unique(entries)).toEqual(unique(alerts));
});
