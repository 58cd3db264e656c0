/**
 * Members declared as kubeconfig files in one directory: `<id>.yaml`, `<id>.yml`, `<id>.kubeconfig` or `<id>`.
 *
 * The directory is watched, and read again every few seconds besides, since inotify sees neither what a symbolic link
 * leads to nor network file systems. A mounted Secret is swapped by the kubelet through the link `..data`, which is why
 * names that begin with a dot are not members but do announce a change.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createPacer } from './pacer.js';
import { badId, type Declaration, isMemberId, type Source, type SourceProblem, type SourceRead } from './declaration.js';

const EXTENSION = /\.(yaml|yml|kubeconfig)$/;
/** A kubeconfig with embedded certificates is about 6 kB. */
const SIZE_LIMIT = 1024 * 1024;
const RESCAN_MS = 10_000;
/** Several events announce one change. */
const SETTLE_MS = 50;

export interface DirectoryDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Default 10 000. */
  readonly rescanMs?: number;
}

export function directorySource(directory: string, deps: DirectoryDeps): Source {
  let last: SourceRead = { complete: false, declarations: [], problems: [] };

  async function scan(changed: () => void): Promise<void> {
    const next = await readDirectory(directory, last);
    if (JSON.stringify(next) === JSON.stringify(last)) return;
    last = next;
    changed();
  }

  return {
    read: () => last,
    async run(changed, signal) {
      const pacer = createPacer(deps.clock);
      let watcher: FSWatcher | undefined;
      while (!signal.aborted) {
        watcher ??= tryWatch(directory, pacer.hurry);
        await scan(changed);
        if (last.problems.some((problem) => problem.reason === 'Unreadable')) watcher = close(watcher);
        await pacer.pause(deps.rescanMs ?? RESCAN_MS, signal);
        await settle(deps.clock, signal);
      }
      close(watcher);
    },
  };
}

/** Reads the directory once. What cannot be listed keeps `last`, with a problem: a vanished mount removes nobody. */
export async function readDirectory(directory: string, last: SourceRead): Promise<SourceRead> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const problem: SourceProblem = {
      cluster: '',
      origin: `directory ${directory}`,
      reason: 'Unreadable',
      message: `cannot list ${directory} (${codeOf(error)}): create it, or correct --kubeconfig-dir; until then its members stay as they are`,
    };
    return { ...last, problems: [problem] };
  }
  const declarations: Declaration[] = [];
  const problems: SourceProblem[] = [];
  for (const name of names.filter((entry) => !entry.startsWith('.')).toSorted()) {
    const path = join(directory, name);
    const content = await readContent(path);
    if (content === 'directory') continue;
    const id = name.replace(EXTENSION, '');
    if (isMemberId(id)) declarations.push({ id, origin: `file ${path}`, content });
    else problems.push(badId(id, `file ${path}`));
  }
  return { complete: true, declarations, problems };
}

async function readContent(path: string): Promise<Declaration['content'] | 'directory'> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'directory';
    if (found.size > SIZE_LIMIT) return { ok: false, error: `is larger than ${SIZE_LIMIT} bytes: not a kubeconfig` };
    return { ok: true, kubeconfig: await readFile(path, 'utf8') };
  } catch (error) {
    return { ok: false, error: `cannot be read (${codeOf(error)}): the hub needs read access to it` };
  }
}

/** Undefined where there is nothing to watch, or no inotify left: the rescan remains. */
function tryWatch(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, changed).on('error', changed);
  } catch {
    return undefined;
  }
}

/** A watch sticks to the directory's inode, so one whose path is gone is given up. */
function close(watcher: FSWatcher | undefined): undefined {
  watcher?.close();
  return undefined;
}

function settle(clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => clock.after(SETTLE_MS, resolve));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
