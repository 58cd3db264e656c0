/**
 * What `--clean-up` leaves for an agent that is installed again: the key, the copy of wireguard-go, the folders, the control groups.
 * Files that are not ours stay, such as a key that --key-file names elsewhere, and so do folders that have any.
 */
import { readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GROUP, cgroupMounts } from './host/cgroup.js';
import type { Options } from './options.js';

const OURS = ['key', 'state.json', 'inputs.json', 'state.json.part', 'inputs.json.part', 'secret', 'bin'];
/** Of wireguard-go, whose processes end when their devices are gone. By /var/run a link would lead back into the container. */
const SOCKETS = '/run/wireguard';
const TRIES = 20;
const PAUSE_MS = 100;

/** What could not be removed, and why. */
export async function purge({ stateDir, hostNamespace }: Options): Promise<readonly string[]> {
  const root = hostNamespace === undefined ? '/' : join(hostNamespace, 'root');
  const files = OURS.map((name) => join(stateDir, name));
  const groups = (await mountsOf(hostNamespace)).map((mount) => join(root, mount, GROUP));
  const failed = await Promise.all([
    ...files.map((file) => attempt(file, () => rm(file, { force: true, recursive: true }))),
    ...groups.map((group) => attempt(group, () => removeGroup(group))),
  ]);
  // Seen from the host: in the container, something is mounted there.
  const folders = [join(root, stateDir), join(root, SOCKETS)];
  return [...failed, ...(await Promise.all(folders.map((folder) => attempt(folder, () => removeFolder(folder)))))].flat();
}

async function mountsOf(hostNamespace: string | undefined): Promise<readonly string[]> {
  return hostNamespace === undefined ? [] : cgroupMounts(await readFile(join(hostNamespace, 'mountinfo'), 'utf8'));
}

/** One with somebody else's files stays, and so does one on which something is mounted, or that is read-only. */
async function removeFolder(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EBUSY', 'EROFS'].includes(error.code ?? '')) throw error;
  });
}

/** It is busy until its last process has ended. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rmdir(group);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EROFS') return;
      if (code !== 'EBUSY' || tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function attempt(what: string, act: () => Promise<void>): Promise<readonly string[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [`${what}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
