/**
 * The folder of CNI configurations (`/etc/cni/net.d`). Container runtimes watch it and read whatever appears, so a file appears
 * whole: it is written under a name that they do not read, forced to the disk, and renamed.
 */
import { watch } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CNI_FILE, DISABLED_SUFFIX, isConfiguration } from '../../core/host/conflist.js';
import { enabledName } from '../../core/host/diffCni.js';
import type { CniFolder } from '../../core/host/state.js';

export interface CniFiles {
  /** Undefined: there is no such folder here. @throws when it cannot be read. */
  read(): Promise<CniFolder | undefined>;
  /** These return undefined, or what went wrong. `over` is what our file is thought to say: what somebody has changed meanwhile is not written over. */
  write(text: string, over: string | undefined): Promise<string | undefined>;
  delete(): Promise<string | undefined>;
  disable(file: string): Promise<string | undefined>;
  restore(file: string): Promise<string | undefined>;
  /** Tells of changes in the folder, our own among them; no folder, no news. Returns how to stop. */
  watch(onChange: () => void): () => void;
}

export function createCniFiles(folder: string): CniFiles {
  const own = join(folder, CNI_FILE);
  return {
    async read() {
      const names = await readdir(folder).catch(absent);
      if (names === undefined) return undefined;
      const text = names.includes(CNI_FILE) ? await readFile(own, 'utf8').catch(absent) : undefined;
      return {
        ...(text === undefined ? {} : { own: text }),
        others: names.filter((name) => isConfiguration(name) && name !== CNI_FILE).toSorted(),
        disabled: names.filter((name) => name.endsWith(DISABLED_SUFFIX)).toSorted(),
      };
    },
    write: (text, over) => attempt(async () => {
      if ((await readFile(own, 'utf8').catch(absent)) !== over) throw new Error('somebody has changed it meanwhile: it is read again');
      const part = join(folder, `.${CNI_FILE}.part`);
      const file = await open(part, 'w', 0o644);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, own);
      await syncFolder(folder);
    }),
    delete: () => attempt(() => rm(own, { force: true })),
    disable: (file) => attempt(() => rename(join(folder, file), join(folder, `${file}${DISABLED_SUFFIX}`))),
    restore: (file) => attempt(() => rename(join(folder, file), join(folder, enabledName(file)))),
    watch(onChange) {
      try {
        const watcher = watch(folder, { persistent: false }, onChange);
        // Then it is read with everything else only.
        watcher.on('error', () => watcher.close());
        return () => watcher.close();
      } catch {
        return () => undefined;
      }
    },
  };
}

/** The new name, too, survives a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt(act: () => Promise<void>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return undefined;
}
