/**
 * Signals to processes that are not our children, and how such a process is found. Lint allows `process.kill` nowhere else.
 *
 * To kill(2) an id of 0 or less means a whole process group, 0 our own: what was not found must never become such a number.
 */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Whether the process was still there to get it.
 *
 * @throws when `pid` is no single process, is ourselves, or is the first process of the machine.
 */
export function signal(pid: number | string | undefined, name: NodeJS.Signals): boolean {
  return send(idOf(pid, name), name);
}

/** The same for all of a process group other than our own: that of a child that was spawned `detached`. */
export function signalGroup(leader: number | undefined, name: NodeJS.Signals): boolean {
  return send(-idOf(leader, name), name);
}

function idOf(pid: number | string | undefined, name: NodeJS.Signals): number {
  const id = typeof pid === 'string' ? (/^\d+$/.test(pid) ? Number(pid) : Number.NaN) : pid;
  if (id === undefined || !Number.isSafeInteger(id) || id <= 1 || id === process.pid)
    throw new Error(`${name} to process ${JSON.stringify(pid)}: there is no such process to signal`);
  return id;
}

function send(id: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(id, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The id of the one process, other than ourselves, with `words` in its command line. @throws unless there is exactly one. */
export function findProcess(words: string): string {
  const found = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid) && commandLine(name).includes(words),
  );
  const [pid] = found;
  if (pid === undefined || found.length > 1) throw new Error(`${found.length} processes have "${words}" in their command line, not one`);
  return pid;
}

/** Empty: it has ended meanwhile. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
