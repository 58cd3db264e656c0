/**
 * Members declared as kubeconfig files in one directory: `<id>.yaml`, `<id>.yml`, `<id>.kubeconfig` or `<id>`. The member's terms are in
 * `<id>.member.yaml` beside it.
 *
 * The directory is watched, and also read again every few seconds, since inotify sees neither the targets of symbolic links
 * nor network file systems. The kubelet updates a mounted Secret through the link `..data`. So names that begin with a dot are
 * not members, but announce a change.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../../core/api/problem.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createInterruptiblePause } from '../../core/runtime/pause.js';
import { pause } from '../../core/runtime/pause.js';
import { badId, type Declaration, isMemberId, type Source, type SourceRead } from './declaration.js';
import { readTextMap } from './readTextMap.js';
import { badTerms, readTerms, STRICTEST, type TermsRead } from './terms.js';

const EXTENSION = /\.(yaml|yml|kubeconfig)$/;
const TERMS = '.member.yaml';
/** A kubeconfig with embedded certificates is about 6 kB. */
const SIZE_LIMIT = 1024 * 1024;
const RESCAN_MS = 10_000;
/** Several events announce one change. */
const SETTLE_MS = 50;

interface DirectoryDeps {
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
      const rescan = createInterruptiblePause(deps.clock);
      let watcher: FSWatcher | undefined;
      while (!signal.aborted) {
        watcher ??= tryWatch(directory, rescan.interrupt);
        await scan(changed);
        if (last.problems.some((problem) => problem.reason === 'Unreadable')) watcher = close(watcher);
        await rescan.pause(deps.rescanMs ?? RESCAN_MS, signal);
        await pause(SETTLE_MS, signal, deps.clock);
      }
      close(watcher);
    },
  };
}

/** Reads the directory once. If it cannot be listed, `last` is kept with a problem: a vanished mount removes no member. */
export async function readDirectory(directory: string, last: SourceRead): Promise<SourceRead> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const problem: Problem = {
      subject: { kind: 'member' },
      reason: 'Unreadable',
      message: `cannot list ${directory} (${codeOf(error)})`,
      remedy: 'create it, or correct --kubeconfig-dir; until then its members stay as they are',
    };
    return { ...last, problems: [problem] };
  }
  const declarations: Declaration[] = [];
  const problems: Problem[] = [];
  const [termFiles, kubeconfigs] = partition(names.filter((entry) => !entry.startsWith('.')).toSorted(), (name) => name.endsWith(TERMS));
  const terms = new Map(
    await Promise.all(
      termFiles.map(async (name) => {
        const id = name.slice(0, -TERMS.length);
        return [id, await readTermsFile(id, join(directory, name))] as const;
      }),
    ),
  );
  for (const name of kubeconfigs) {
    const path = join(directory, name);
    const content = await readContent(path);
    if (content === 'directory') continue;
    const id = name.replace(EXTENSION, '');
    if (isMemberId(id))
      declarations.push({
        id,
        origin: `file ${path}`,
        content,
        place: { kind: 'file', path },
        terms: terms.get(id)?.terms ?? {},
        termsPlace: `file ${join(directory, id)}${TERMS}`,
      });
    else problems.push(badId(id, `file ${path}`));
  }
  for (const [id, read] of terms) {
    if (declarations.some((declared) => declared.id === id)) problems.push(...read.problems);
    else problems.push(badTerms(id, `file ${join(directory, id)}${TERMS} has no kubeconfig beside it: is it ${id}.yaml?`));
  }
  return { complete: true, declarations, problems };
}

async function readTermsFile(id: string, path: string): Promise<TermsRead> {
  const origin = `file ${path}`;
  const content = await readContent(path);
  const map = content === 'directory' ? NO_FILE : content.ok ? readTextMap(content.value) : content;
  if (map.ok) return readTerms(map.value, { id, origin });
  return { terms: STRICTEST, problems: [badTerms(id, `${origin} ${map.error}; until then nothing that the member says is used`)] };
}

const NO_FILE = { ok: false, error: 'is a directory' } as const;

function partition<T>(all: readonly T[], test: (each: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((each) => !test(each))];
}

async function readContent(path: string): Promise<Declaration['content'] | 'directory'> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'directory';
    if (found.size > SIZE_LIMIT) return { ok: false, error: `is larger than ${SIZE_LIMIT} bytes: not a kubeconfig` };
    return { ok: true, value: await readFile(path, 'utf8') };
  } catch (error) {
    return { ok: false, error: `cannot be read (${codeOf(error)}): the hub needs read access to it` };
  }
}

/** Undefined if there is nothing to watch or no inotify watch left. The rescan remains. */
function tryWatch(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, changed).on('error', changed);
  } catch {
    return undefined;
  }
}

/** A watch follows the directory's inode, so it is closed when the path is gone. */
function close(watcher: FSWatcher | undefined): undefined {
  watcher?.close();
  return undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
