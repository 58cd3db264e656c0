/**
 * Kernel settings, by path below /proc/sys. Those of the network belong to the network namespace of this process.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Sysctls {
  /** Those of `names` that exist. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Undefined, or what went wrong. */
  write(name: string, value: string): Promise<string | undefined>;
}

export function createSysctls(root = '/proc/sys'): Sysctls {
  return {
    async read(names) {
      const values = await Promise.all(names.map((name) => readFile(join(root, name), 'utf8').then((text) => [name, text.trim()] as const, () => undefined)));
      return new Map(values.filter((entry) => entry !== undefined));
    },
    write: (name, value) => writeFile(join(root, name), value).then(() => undefined, (error: unknown) => messageOf(error)),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
