import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../kube/wire/systemClock.js';
import { SILENT } from '../../test/host/handClock.js';
import { until } from '../../test/lab/process.js';
import { directorySource, readDirectory } from './directory.js';

const NEVER = { complete: false, declarations: [], problems: [] };
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kilofed-directory-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('readDirectory', () => {
  test.each([
    ['east.yaml', 'east'],
    ['east.yml', 'east'],
    ['east.kubeconfig', 'east'],
    ['east', 'east'],
    ['eu-1.yaml', 'eu-1'],
  ])('%s declares %s', async (name, id) => {
    await writeFile(join(directory, name), 'text');
    expect(await readDirectory(directory, NEVER)).toEqual({
      complete: true,
      declarations: [
        {
          id,
          origin: `file ${directory}/${name}`,
          content: { ok: true, value: 'text' },
          place: { kind: 'file', path: `${directory}/${name}` },
          terms: {},
          termsPlace: `file ${directory}/${id}.member.yaml`,
        },
      ],
      problems: [],
    });
  });

  test.each([['README.md'], ['East.yaml'], ['a_b.yaml'], ['east.yaml~']])('%s is a problem, not a member', async (name) => {
    await writeFile(join(directory, name), 'text');
    const read = await readDirectory(directory, NEVER);
    expect(read.declarations).toEqual([]);
    expect(read.problems).toEqual([
      expect.objectContaining({ reason: 'BadId', message: expect.stringContaining(`(file ${directory}/${name})`) }),
    ]);
  });

  test('passes by directories and hidden names', async () => {
    await mkdir(join(directory, 'nested'));
    await writeFile(join(directory, '.swp'), '');
    expect(await readDirectory(directory, NEVER)).toEqual({ complete: true, declarations: [], problems: [] });
  });

  test('what cannot be read is declared all the same', async () => {
    await symlink('/nonexistent', join(directory, 'east.yaml'));
    await writeFile(join(directory, 'west.yaml'), Buffer.alloc(1024 * 1024 + 1));
    const { declarations } = await readDirectory(directory, NEVER);
    expect(declarations.map(({ id, content }) => [id, content.ok])).toEqual([
      ['east', false],
      ['west', false],
    ]);
  });

  test('terms are in a file beside', async () => {
    await writeFile(join(directory, 'east.yaml'), 'text');
    await writeFile(join(directory, 'east.member.yaml'), 'kilofed.io/allowed-cidrs: 203.0.113.0/24\n');
    const read = await readDirectory(directory, NEVER);
    expect(read.problems).toEqual([]);
    expect(read.declarations).toEqual([expect.objectContaining({ id: 'east', terms: { allowedCIDRs: ['203.0.113.0/24'] } })]);
  });

  test.each([
    ['no YAML', 'a: [', 'is not valid YAML'],
    ['a list', '- kilofed.io/allowed-cidrs', 'is not a map of texts'],
    ['a list as value', 'kilofed.io/allowed-cidrs: [203.0.113.0/24]', 'is not a map of texts'],
    ['a number', 'kilofed.io/cluster-uid: 5', 'is not a map of texts'],
  ])('terms that are %s allow nothing', async (_name, text, message) => {
    await writeFile(join(directory, 'east.yaml'), 'text');
    await writeFile(join(directory, 'east.member.yaml'), text);
    const read = await readDirectory(directory, NEVER);
    expect(read.declarations).toEqual([
      expect.objectContaining({ id: 'east', terms: { allowedCIDRs: [], clusterUid: '', exportNamespaces: [] } }),
    ]);
    expect(read.problems).toEqual([
      expect.objectContaining({ cluster: 'east', reason: 'BadTerms', message: expect.stringContaining(message) }),
    ]);
  });

  test('terms without a kubeconfig are a problem', async () => {
    await writeFile(join(directory, 'east.member.yaml'), '');
    const read = await readDirectory(directory, NEVER);
    expect(read.declarations).toEqual([]);
    expect(read.problems).toEqual([expect.objectContaining({ cluster: 'east', reason: 'BadTerms' })]);
  });

  test('a directory that vanished keeps what was read before', async () => {
    await writeFile(join(directory, 'east.yaml'), 'text');
    const before = await readDirectory(directory, NEVER);
    const after = await readDirectory(join(directory, 'gone'), before);
    expect(after.declarations).toEqual(before.declarations);
    expect(after.complete).toBe(true);
    expect(after.problems).toEqual([expect.objectContaining({ reason: 'Unreadable' })]);
  });
});

test('follows files, and Secrets as the kubelet mounts them', async () => {
  await mkdir(join(directory, '..v1'));
  await writeFile(join(directory, '..v1', 'east.yaml'), 'one');
  await symlink('..v1', join(directory, '..data'));
  await symlink('..data/east.yaml', join(directory, 'east.yaml'));
  const stop = new AbortController();
  const source = directorySource(directory, { clock: systemClock, log: SILENT, rescanMs: 60_000 });
  const running = source.run(() => undefined, stop.signal);
  const content = (): unknown => source.read().declarations.map(({ content: found }) => (found.ok ? found.value : found.error));
  const becomes = (...expected: string[]): Promise<unknown> =>
    until(expected.join(), 5_000, () => (JSON.stringify(content()) === JSON.stringify(expected) ? true : undefined));
  await becomes('one');
  await mkdir(join(directory, '..v2'));
  await writeFile(join(directory, '..v2', 'east.yaml'), 'two');
  await symlink('..v2', join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  await becomes('two');
  await writeFile(join(directory, 'west'), 'three');
  await becomes('two', 'three');
  await rm(join(directory, 'west'));
  await becomes('two');
  stop.abort();
  await running;
});
