import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ARCHITECTURES, NODE_PACKAGES, NODE_VERSION, TARGETS } from './contents.js';
import { debianNames, lockedOf, readLock, writeLock } from './lock.js';

const text = readFileSync('tools/image/packages.lock', 'utf8');
const locked = readLock(text);

test('the lock file has each package of the list once for each architecture, and no other', () => {
  for (const architecture of ARCHITECTURES) {
    const own = locked.filter((each) => each.architecture === architecture);
    const debian = own.filter(({ source }) => source === 'debian').map(({ name }) => name);
    expect(debian.toSorted()).toEqual([...new Set(TARGETS.flatMap(debianNames))].toSorted());
    expect(own.filter(({ source }) => source === 'npm')).toMatchObject([{ name: NODE_PACKAGES[architecture], version: NODE_VERSION }]);
    for (const target of TARGETS) expect(lockedOf(target, architecture, locked)).toHaveLength(debianNames(target).length + 1);
  }
});

test('both architectures have the same versions', () => {
  const versions = (architecture: string): readonly string[] =>
    locked.filter((each) => each.architecture === architecture && each.source === 'debian').map((each) => `${each.name} ${each.version}`);
  // A binary rebuild (+b1) may be of one architecture alone.
  const [amd64, arm64] = ['amd64', 'arm64'].map((each) => versions(each).map((line) => line.replace(/\+b\d+$/, '')));
  expect(amd64).toEqual(arm64);
});

test('is written sorted, and read as it was written', () => {
  expect(writeLock(locked.toReversed())).toBe(text);
});

test('a line that is none is shown, a package that is missing is named', () => {
  expect(() => readLock('amd64 debian libc6 2.36 sha256:0\n')).toThrow(/has the line "amd64 debian libc6 2.36 sha256:0"/);
  const without = locked.filter(({ name }) => name !== 'libc6');
  expect(() => lockedOf('hub', 'arm64', without)).toThrow('no libc6 for arm64');
});
