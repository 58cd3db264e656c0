/**
 * The table in docs/install.md of what was run on what: every row names tests that there are.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { KERNEL_VERSIONS } from '../vm/kernels.js';
import { ROOT } from './pages.js';

const SECTION = readFileSync(join(ROOT, 'docs/install.md'), 'utf8').split('## What was run on what\n')[1]?.split('\n## ')[0] ?? '';
const ROWS = [...SECTION.matchAll(/^\|(?! *kernel|---)(.+)\|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));

test('the table has rows of five cells', () => {
  expect(ROWS.length).toBeGreaterThan(5);
  expect(ROWS.filter((cells) => cells.length !== 5 || cells.includes(''))).toEqual([]);
});

test.each(ROWS.map((cells) => [cells.slice(0, 4).join(', '), cells[4] ?? '']))('%s', (_what, tests) => {
  const named = [...tests.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)];
  expect(named.length).toBeGreaterThan(0);
  for (const [, file = '', title = ''] of named) {
    expect(file).toMatch(/^test\/.+\.test\.ts$/);
    expect(existsSync(join(ROOT, file))).toBe(true);
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(title);
  }
});

test('versions are those that the lab has', () => {
  const kernels = ROWS.flatMap(([kernel = '']) => [...kernel.matchAll(/\b\d+\.\d+\b/g)].map(([version]) => version));
  expect(kernels.filter((version) => !KERNEL_VERSIONS.some((known) => known === version))).toEqual([]);
  const folder = join(ROOT, 'test/lab/binaries');
  const modules = readdirSync(folder).map((name) => join(folder, name, 'go.mod'));
  const built = modules.flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : [])).join('\n');
  const clusters = ROWS.flatMap(([, , , kubernetes = '']) => [...kubernetes.matchAll(/\b1\.\d+\b/g)].map(([version]) => version));
  expect(clusters.filter((version) => !built.includes(`k8s.io/kubernetes v${version}.`))).toEqual([]);
});

test('kube-proxy has both modes in the example', () => {
  const example = readFileSync(join(ROOT, 'test/demo/install.ts'), 'utf8');
  expect(example).toContain("proxyMode: 'iptables'");
  expect(readFileSync(join(ROOT, 'test/lab/kubelet/cluster.ts'), 'utf8')).toContain("spec.proxyMode ?? 'nftables'");
});
