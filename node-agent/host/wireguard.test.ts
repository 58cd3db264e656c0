import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createHandClock, SILENT } from '../../test/host/handClock.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { createWireguardDevices } from './wireguard.js';

/** What a wireguard-go that is this script comes to. */
async function addedBy(script: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'kilofed-wireguard-'));
  try {
    await writeFile(join(folder, 'wireguard-go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const devices = createWireguardDevices(
      { mode: 'userspace', stateDir: folder, env: { PATH: `${folder}:/usr/bin:/bin` } },
      {
        runner: { run: ([command = '']) => Promise.resolve({ ok: false, kind: 'exit', command, message: 'No such device', stdout: '' }) },
        clock: systemClock,
        log: SILENT,
      },
    );
    return await devices.add('kilo0', new AbortController().signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As it prints them where LOG_LEVEL lets it. */
const SAYS = (text: string): string => `[ $LOG_LEVEL = silent ] || echo 'ERROR: (kilo0) 2026/01/02 03:04:05 ${text}'; exit 1`;

test.each<[string, string, string]>([
  [
    'I7: no inotify instance is left',
    SAYS('Failed to listen on uapi socket: too many open files'),
    'wireguard-go says: Failed to listen on uapi socket: too many open files: all of fs.inotify.max_user_instances are in use: ' +
      'raise it (sysctl fs.inotify.max_user_instances=1024)',
  ],
  [
    'I7: there is no /dev/net/tun',
    SAYS('Failed to create TUN device: CreateTUN("kilo0") failed; /dev/net/tun does not exist'),
    'wireguard-go says: Failed to create TUN device: CreateTUN("kilo0") failed; /dev/net/tun does not exist: ' +
      'load the module (modprobe tun), so that there is a /dev/net/tun',
  ],
  [
    'I7: another process has the device',
    SAYS('Failed to create TUN device: device or resource busy'),
    'wireguard-go says: Failed to create TUN device: device or resource busy: another process has this device: end it',
  ],
  ['I7: a reason that nobody knows', SAYS('Something else'), 'wireguard-go says: Something else'],
  [
    'I7: a reason beside the banner',
    SAYS('Something else').replace('exit 1', "echo '┌──┐' >&2; echo '└──┘' >&2; exit 1"),
    'wireguard-go says: Something else',
  ],
  ['I7: a program that cannot run', "echo 'not found: libc.so.6' >&2; exit 127", 'wireguard-go says: not found: libc.so.6'],
  ['no reason', 'exit 3', 'wireguard-go ended at once (3): is /dev/net/tun there, and kilo0 free?'],
  [
    'a reason that is gone at the second look',
    '[ $LOG_LEVEL = silent ] && exit 1; exec sleep 5',
    'wireguard-go ended at once (1): is /dev/net/tun there, and kilo0 free?',
  ],
])('%s', async (_what, script, message) => {
  expect(await addedBy(script)).toBe(message);
});

test('a userspace process that does not answer is no longer waited for once the agent is to end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kilofed-wireguard-'));
  try {
    await writeFile(join(folder, 'wireguard-go'), '#!/bin/sh\nexec sleep 5\n', { mode: 0o755 });
    const devices = createWireguardDevices(
      { mode: 'userspace', stateDir: folder, env: { PATH: `${folder}:/usr/bin:/bin` } },
      {
        runner: { run: ([command = '']) => Promise.resolve({ ok: false, kind: 'exit', command, message: 'No such device', stdout: '' }) },
        clock: createHandClock(),
        log: SILENT,
      },
    );
    const stop = new AbortController();
    const added = devices.add('kilo0', stop.signal);
    stop.abort();
    expect(await added).toMatch(/^wireguard-go was not waited for/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
