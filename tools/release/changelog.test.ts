import { expect, test } from '@jest/globals';
import { sectionOf } from './changelog.js';

const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- Next.

## [1.10.0] - 2026-01-02

Text.

### Fixed

- A thing ([how](docs/x.md)).

## [1.1.0]

- Old.

[1.1.0]: https://example.org/1.1.0
`;

test('of a version has what is said of it, and nothing of others', () => {
  expect(sectionOf(CHANGELOG, '1.10.0')).toBe('Text.\n\n### Fixed\n\n- A thing ([how](docs/x.md)).\n');
  expect(sectionOf(CHANGELOG, '1.1.0')).toBe('- Old.\n');
});

test.each(['1.1', '1x1.0', '10.0', '2.0.0'])('%s has none', (version) => {
  expect(() => sectionOf(CHANGELOG, version)).toThrow(`no part "## [${version}]`);
});

test('a part of nothing is refused', () => {
  expect(() => sectionOf('## [1.0.0]\n\n## [0.9.0]\n- x\n', '1.0.0')).toThrow('nothing about 1.0.0');
});
