/**
 * The pages say the periods and thresholds of probes that the node-agent goes by, and Architecture lists the folders that there are.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DEFAULT_SETTINGS } from '../../core/failover/settings.js';
import { readPages, ROOT } from './pages.js';

const PAGES = new Map(readPages().map((page) => [page.path, page.text]));

test.each([['lan'], ['tunnel'], ['relay']] as const)('Failover has the default of %s', (kind) => {
  const { periodMs, failureThreshold } = DEFAULT_SETTINGS[kind];
  const row = PAGES.get('docs/failover.md')
    ?.split('\n')
    .find((line) => line.startsWith(`| \`${kind}\` |`));
  expect(row).toContain(`| ${periodMs} ms, ${failureThreshold}`);
});

test.each([['lan'], ['tunnel']] as const)('the reference has that of `spec.probes.%s`', (kind) => {
  const { periodMs, failureThreshold } = DEFAULT_SETTINGS[kind];
  const row = PAGES.get('docs/reference.md')
    ?.split('\n')
    .find((line) => line.startsWith(`| \`spec.probes.${kind}\` |`));
  expect(row).toContain(`Defaults: every ${periodMs} ms, threshold ${failureThreshold}.`);
});

test('probes through a gateway are as those through a tunnel, unless the Mesh says otherwise', () => {
  expect(DEFAULT_SETTINGS.relay).toEqual(DEFAULT_SETTINGS.tunnel);
});

test('Architecture says of each folder of core what it decides', () => {
  const text = PAGES.get('docs/architecture.md') ?? '';
  const folders = readdirSync(join(ROOT, 'core'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => `core/${name}`).filter((folder) => !text.includes(`\`${folder}\``))).toEqual([]);
});
