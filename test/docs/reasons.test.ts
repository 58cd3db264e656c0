/**
 * Reasons: everything in the code that reads like one is in the catalogue, and docs/troubleshooting.md has an entry for each.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { REASONS } from '../../core/api/reasons.js';
import { readPages, ROOT } from './pages.js';

/** Of conditions that say that all is as it should be. */
const GOOD = new Set(['GatewaySwitched', 'LinkUp', 'Linked', 'Meshed', 'MirrorYielded', 'Ready', 'Valid', 'Exported', 'NoConflicts']);
/** Of Events alone, which tell of what a condition has its own reason for. */
const NEWS = new Set(['Conflict', 'ConflictOver', 'Imported', 'ImportReturned', 'ImportEnded', 'ExportEnded', 'ImportStopped']);
const FOLDERS = ['core', 'hub', 'cluster-agent', 'node-agent', 'cli'];

const headings = readPages().find(({ path }) => path === 'docs/troubleshooting.md')?.headings ?? [];

test('Troubleshooting has an entry for each reason', () => {
  expect(Object.keys(REASONS).filter((reason) => !headings.includes(reason))).toEqual([]);
});

test('and for no reason that there is not', () => {
  const entries = headings.filter((text) => /^[A-Z][a-z]*[A-Z]\w+$/.test(text) && !/^Kilofed[A-Z]/.test(text));
  expect(entries.filter((entry) => !(entry in REASONS))).toEqual([]);
});

test('the catalogue has every reason that stands in the code', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(ROOT, folder, name)),
  ).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const found = files.flatMap((name) =>
    [...readFileSync(name, 'utf8').matchAll(/\breason: '([A-Z]\w+)'/g)].map(([, reason = '']) => reason),
  );
  expect(found.length).toBeGreaterThan(50);
  expect([...new Set(found)].filter((reason) => !(reason in REASONS) && !GOOD.has(reason) && !NEWS.has(reason))).toEqual([]);
});
