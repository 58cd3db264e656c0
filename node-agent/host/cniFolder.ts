/**
 * The folder of CNI configurations (`/etc/cni/net.d`). Container runtimes watch it and read whatever appears, so files must appear
 * complete: a file is written under a name that they do not read, synced to disk, and renamed.
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
  /**
   * These return undefined, or what went wrong. `over` is the known content of our file: a file that was changed meanwhile is not
   * overwritten.
   */
  write(text: string, over: string | undefined): Promise<string | undefined>;
  delete(): Promise<string | undefined>;
  disable(file: string): Promise<string | undefined>;
  restore(file: string): Promise<string | undefined>;
  /** Reports changes in the folder, our own included; none without a folder. Returns how to stop. */
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
    write: (text, over) =>
      attempt(async () => {
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
        // Without a watch the folder is only read with everything else.
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
