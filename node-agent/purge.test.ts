import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Options } from './options.js';
import { purge } from './purge.js';

let folder: string;
/** As `/proc/1` of a container, with the host's file system below `root`. */
let host: string;

const write = (path: string, text = ''): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const optionsOf = (more: Partial<Options> = {}): Options =>
  ({ stateDir: '/var/lib/kilofed', keyFile: '/var/lib/kilofed/key', ...more }) as Options;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-purge-'));
  host = join(folder, 'proc/1');
  write('proc/1/mountinfo', '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n31 23 0:27 / /proc rw - proc proc rw\n');
  mkdirSync(join(host, 'root/sys/fs/cgroup/kilofed'), { recursive: true });
  mkdirSync(join(host, 'root/sys/fs/cgroup/kubepods'), { recursive: true });
  mkdirSync(join(host, 'root/run/wireguard'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the key, what is remembered, the copy of wireguard-go, folders and control groups go, and what is not ours stays', async () => {
  const state = join(host, 'root/var/lib/kilofed');
  for (const each of ['key', 'state.json', 'inputs.json', 'inputs.json.part', 'secret/1', 'bin/wireguard-go'])
    write(`proc/1/root/var/lib/kilofed/${each}`);
  write('proc/1/root/var/lib/kilo/key', 'of Kilo');
  // In a container the same folder is mounted at the same path.
  expect(await purge(optionsOf({ stateDir: state, hostNamespace: host, keyFile: join(host, 'root/var/lib/kilo/key') }))).toEqual([]);
  expect(readdirSync(join(host, 'root/sys/fs/cgroup'))).toEqual(['kubepods']);
  expect([existsSync(join(host, 'root/run/wireguard')), readdirSync(state)]).toEqual([false, []]);
  expect(readdirSync(join(host, 'root/var/lib/kilo'))).toEqual(['key']);
});

test('folders in which somebody else has something stay, and that is no failure', async () => {
  const root = join(host, 'root');
  for (const each of ['var/lib/kilofed/key', 'var/lib/kilofed/notes.txt', 'run/wireguard/wg7.sock']) write(`proc/1/root/${each}`);
  symlinkSync(join(root, 'var/lib/kilofed'), join(folder, 'state'));
  expect(await purge(optionsOf({ stateDir: join(folder, 'state'), hostNamespace: host }))).toEqual([]);
  expect([readdirSync(join(root, 'var/lib/kilofed')), readdirSync(join(root, 'run/wireguard'))]).toEqual([['notes.txt'], ['wg7.sock']]);
});

test('what is not there is no failure', async () => {
  expect(await purge(optionsOf({ stateDir: join(folder, 'none'), hostNamespace: host }))).toEqual([]);
});
