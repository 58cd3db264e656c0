/**
 * Kernel settings, by path below /proc/sys. Those of the network belong to the network namespace of this process.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Sysctls {
  /** Those of `names` that exist. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Undefined, or what went wrong. */
  write(name: string, value: string): Promise<string | undefined>;
}

export function createSysctls(root = '/proc/sys'): Sysctls {
  return {
    read: async (names) => new Map(names.flatMap((name) => valueOf(name, join(root, name)))),
    write: (name, value) =>
      writeFile(join(root, name), value).then(
        () => undefined,
        (error: unknown) => messageOf(error),
      ),
  };
}

/** Synchronous, since the kernel answers from memory: a thread and a buffer of 64 KiB for each file would cost more than the wait. */
function valueOf(name: string, file: string): readonly (readonly [string, string])[] {
  try {
    return [[name, readFileSync(file, 'utf8').trim()]];
  } catch {
    return [];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
