/**
 * The paths to the ends of tunnels: by which device each leaves, and how large a packet it takes.
 */
import { parsePaths, type Path } from '../../core/host/parsePaths.js';
import type { Runner } from './runner.js';

/** The paths to those of `addresses` that have one. Throws when the host cannot be read. */
export async function pathsTo(runner: Runner, addresses: readonly string[]): Promise<ReadonlyMap<string, Path>> {
  if (addresses.length === 0) return new Map();
  const [routes, links] = await Promise.all([
    runner.run(['ip', '-j', '-force', '-batch', '-'], { stdin: addresses.map((address) => `route get ${address}\n`).join('') }),
    runner.run(['ip', '-j', 'link']),
  ]);
  // It fails if one of them has no route, after it has printed the others.
  if (!routes.ok && routes.kind !== 'exit') throw new Error(`${routes.command}: ${routes.message}`);
  if (!links.ok) throw new Error(`${links.command}: ${links.message}`);
  return parsePaths(routes.stdout, links.stdout);
}
