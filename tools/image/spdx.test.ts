import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { debianPart, goParts, type LockFile, nodePart, npmParts } from './parts.js';
import { spdxOf } from './spdx.js';

const ABOUT = { name: 'kilofed', version: '1.2.3', created: '2026-01-02T03:04:05.000Z' };
const PARTS = [
  ...npmParts(JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile),
  ...goParts(readFileSync('tools/cni-plugins/go.mod', 'utf8')),
  nodePart('24.1.0'),
  debianPart('libc6', '2.36-9+deb12u13'),
];

test('a document names what it describes and each part once, the same for the same parts', () => {
  const spdx = spdxOf(ABOUT, [...PARTS, ...PARTS.toReversed()]);
  expect(spdx).toEqual(spdxOf(ABOUT, PARTS));
  expect(spdx.packages.map(({ name }) => name).toSorted()).toEqual(['kilofed', ...PARTS.map(({ name }) => name)].toSorted());
  expect(spdx.creationInfo.created).toBe('2026-01-02T03:04:05Z');
  expect(spdxOf(ABOUT, PARTS.slice(1)).documentNamespace).not.toBe(spdx.documentNamespace);
});

test('its identifiers are as SPDX wants them, and each leads somewhere', () => {
  const { packages, relationships } = spdxOf(ABOUT, PARTS);
  const ids = new Set(packages.map(({ SPDXID }) => SPDXID));
  expect(ids.size).toBe(packages.length);
  for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
  expect(relationships[0]).toEqual({
    spdxElementId: 'SPDXRef-DOCUMENT',
    relationshipType: 'DESCRIBES',
    relatedSpdxElement: packages[0]?.SPDXID,
  });
  expect(new Set(relationships.map(({ relatedSpdxElement }) => relatedSpdxElement))).toEqual(ids);
});
