import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCniFiles } from './cniFolder.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kilofed-cni-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a folder of CNI configurations', () => {
  test('that is not there is not made', async () => {
    const files = createCniFiles(join(folder, 'missing'));
    expect(await files.read()).toBeUndefined();
    expect(await files.write('{}', undefined)).toContain('ENOENT');
    expect(await readdir(folder)).toEqual([]);
  });

  test('is told apart: ours, those of others in order, those that we disabled, and what nobody reads', async () => {
    for (const name of ['20-b.json', '10-a.conf', '10-kilofed.conflist', '05-x.conflist.kilofed-disabled', 'README'])
      await writeFile(join(folder, name), name);
    await mkdir(join(folder, 'whereabouts.d'));
    expect(await createCniFiles(folder).read()).toEqual({
      own: '10-kilofed.conflist',
      others: ['10-a.conf', '20-b.json'],
      disabled: ['05-x.conflist.kilofed-disabled'],
    });
  });

  test('gets our file whole and readable for all, leaves nothing beside it, and loses it again', async () => {
    const files = createCniFiles(folder);
    expect(await files.write('{"name":"kilo"}', undefined)).toBeUndefined();
    expect(await files.write('{"name":"kilo","again":true}', '{"name":"kilo"}')).toBeUndefined();
    expect(await readdir(folder)).toEqual(['10-kilofed.conflist']);
    expect(await readFile(join(folder, '10-kilofed.conflist'), 'utf8')).toBe('{"name":"kilo","again":true}');
    expect((await stat(join(folder, '10-kilofed.conflist'))).mode & 0o777).toBe(0o644);
    expect([await files.delete(), await files.delete()]).toEqual([undefined, undefined]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is never seen with half a file: whoever reads meanwhile finds the old or the new one', async () => {
    const files = createCniFiles(folder);
    const [short, long] = ['{}', JSON.stringify({ text: 'x'.repeat(500_000) })];
    await files.write(short, undefined);
    const seen = new Set<string>();
    const done = new AbortController();
    const reader = (async () => {
      while (!done.signal.aborted) seen.add(await readFile(join(folder, '10-kilofed.conflist'), 'utf8'));
    })();
    for (let round = 0; round < 20; round += 1)
      await files.write(...(round % 2 === 0 ? ([long, short] as const) : ([short, long] as const)));
    done.abort();
    await reader;
    expect([...seen].filter((text) => text !== short && text !== long)).toEqual([]);
  });

  test('keeps what a person wrote since it was read', async () => {
    const files = createCniFiles(folder);
    await files.write('{"mtu":1}', undefined);
    await writeFile(join(folder, '10-kilofed.conflist'), '{"mtu":1,"mine":true}');
    expect(await files.write('{"mtu":2}', '{"mtu":1}')).toContain('somebody has changed it');
    expect((await files.read())?.own).toBe('{"mtu":1,"mine":true}');
  });

  test('tells of changes until it is told to stop', async () => {
    const files = createCniFiles(folder);
    const changed = new Promise<void>((resolve) => {
      const stop = files.watch(() => {
        stop();
        resolve();
      });
    });
    await writeFile(join(folder, '10-a.conf'), '');
    await changed;
    expect(createCniFiles(join(folder, 'missing')).watch(() => undefined)).toBeInstanceOf(Function);
  });

  test('has a configuration disabled and restored', async () => {
    await writeFile(join(folder, '10-flannel.conflist'), '{}');
    const files = createCniFiles(folder);
    expect(await files.disable('10-flannel.conflist')).toBeUndefined();
    expect(await readdir(folder)).toEqual(['10-flannel.conflist.kilofed-disabled']);
    expect(await files.restore('10-flannel.conflist.kilofed-disabled')).toBeUndefined();
    expect(await readdir(folder)).toEqual(['10-flannel.conflist']);
    expect(await files.disable('10-gone.conflist')).toContain('ENOENT');
  });
});
