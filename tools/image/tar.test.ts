import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Entry, readTar, writeTar } from './tar.js';

const LONG = `${'long/'.repeat(30)}name`;
const ENTRIES: readonly Entry[] = [
  { kind: 'file', path: 'usr/bin/tool', mode: 0o755, content: Buffer.from('#!/bin/sh\n') },
  { kind: 'file', path: 'usr/empty', mode: 0o644, content: Buffer.alloc(0) },
  { kind: 'file', path: LONG, mode: 0o600, content: Buffer.alloc(1536, 'x') },
  { kind: 'link', path: 'bin', to: 'usr/bin' },
  { kind: 'link', path: 'far', to: `/${LONG}` },
  { kind: 'folder', path: 'tmp', mode: 0o1777 },
  { kind: 'file', path: 'etc/Żółw', mode: 0o644, content: Buffer.from('é') },
];

describe('a tar archive', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kilofed-tar-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is the same for the same entries in any order, and read as it was written', () => {
    const archive = writeTar(ENTRIES, 1_700_000_000);
    expect(writeTar(ENTRIES.toReversed(), 1_700_000_000).equals(archive)).toBe(true);
    const read = readTar(archive);
    for (const entry of ENTRIES) expect(read.find(({ path }) => path === entry.path)).toEqual(entry);
    expect(read.map(({ path }) => path)).toEqual(expect.arrayContaining(['usr', 'usr/bin', 'etc']));
    expect(writeTar(read, 1_700_000_000).equals(archive)).toBe(true);
  });

  test('is what tar itself unpacks', () => {
    const to = join(folder, 'unpacked');
    mkdirSync(to);
    execFileSync('tar', ['-x', '-p', '-f', '-', '-C', to], { input: writeTar(ENTRIES, 1_700_000_000) });
    expect(readFileSync(join(to, 'bin/tool'), 'utf8')).toBe('#!/bin/sh\n');
    expect(lstatSync(join(to, 'usr/bin/tool')).mode & 0o7777).toBe(0o755);
    expect(lstatSync(join(to, 'tmp')).mode & 0o777).toBe(0o777);
    expect(lstatSync(join(to, 'usr/empty')).mtimeMs).toBe(1_700_000_000_000);
    expect(readFileSync(join(to, LONG))).toHaveLength(1536);
    expect(readlinkSync(join(to, 'far'))).toBe(`/${LONG}`);
    expect(readFileSync(join(to, 'etc/Żółw'), 'utf8')).toBe('é');
  });

  test.each(['gnu', 'pax', 'ustar'])('that tar wrote in format %s is read', (format) => {
    const from = join(folder, format);
    const deep = format === 'ustar' ? `${'d'.repeat(90)}/${'e'.repeat(60)}` : LONG.replaceAll('/', '-');
    mkdirSync(join(from, deep, '..'), { recursive: true });
    writeFileSync(join(from, 'a'), 'one');
    chmodSync(join(from, 'a'), 0o4755);
    linkSync(join(from, 'a'), join(from, 'b'));
    symlinkSync('a', join(from, 'c'));
    writeFileSync(join(from, deep), 'deep');
    const read = readTar(execFileSync('tar', ['-c', `--format=${format}`, '--sort=name', '-C', from, '.']));
    expect(read.find(({ path }) => path === 'b')).toEqual({ kind: 'file', path: 'b', mode: 0o4755, content: Buffer.from('one') });
    expect(read.find(({ path }) => path === 'c')).toEqual({ kind: 'link', path: 'c', to: 'a' });
    expect(read.find(({ path }) => path === deep)).toMatchObject({ kind: 'file', content: Buffer.from('deep') });
    expect(read.map(({ path }) => path)).not.toContain('');
  });
});

test('what cannot be an archive is refused', () => {
  const archive = writeTar(ENTRIES, 0);
  archive[3] = 0x2f;
  expect(() => readTar(archive)).toThrow(/no tar header at/);
  expect(() => writeTar([...ENTRIES, { kind: 'link', path: 'usr/empty', to: 'x' }], 0)).toThrow('two entries are /usr/empty');
  expect(() => writeTar([...ENTRIES, { kind: 'link', path: 'bin/x', to: 'x' }], 0)).toThrow('/bin is no folder');
});
