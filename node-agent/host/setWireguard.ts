/**
 * Writes to one WireGuard interface with as few `wg set` as possible: any number of peers per call, about 5 ms each.
 *
 * Keys are passed to `wg` in files that only we can read. A call that fails may have done a part of it. It is then repeated peer by peer,
 * so that one bad peer affects only itself.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Change, PeerSet } from '../../core/host/change.js';
import { wgPeerArguments } from '../../core/host/render.js';
import type { Runner } from './runner.js';

interface SetWireguardDeps {
  readonly runner: Runner;
  readonly keyFile: string;
  readonly secretDir: string;
}

/** All changes are of one interface. One answer per change: undefined, or what went wrong. */
export async function setWireguard(deps: SetWireguardDeps, changes: readonly Change[]): Promise<readonly (string | undefined)[]> {
  const withKey = changes.filter((change) => change.kind === 'peer.set').filter((change) => typeof change.presharedKey === 'string');
  // No turn of the event loop if there are none: it would delay what runs at the same time.
  const secrets = withKey.length === 0 ? NO_SECRETS : await openSecrets(deps.secretDir, withKey);
  try {
    const reasons: (string | undefined)[] = [];
    for (const chunk of chunksOf(changes, (change) => argumentsOf(change, deps.keyFile, secrets.fileOf(change)))) {
      const together = await set(deps.runner, chunk);
      if (together === undefined || chunk.length === 1) reasons.push(...chunk.map(() => together));
      else for (const one of chunk) reasons.push(await set(deps.runner, [one]));
    }
    return reasons;
  } finally {
    await secrets.close();
  }
}

interface Write {
  readonly name: string;
  readonly args: readonly string[];
}

async function set(runner: Runner, writes: readonly Write[]): Promise<string | undefined> {
  const name = writes[0]?.name ?? '';
  const result = await runner.run(['wg', 'set', name, ...writes.flatMap((write) => write.args)]);
  return result.ok ? undefined : result.message;
}

/** Linux takes 2 MiB of arguments where the stack limit is the usual 8 MiB (execve(2)); we stay far below. */
const CHUNK_BYTES = 512 * 1024;

function chunksOf(changes: readonly Change[], render: (change: Change) => Write): readonly (readonly Write[])[] {
  const chunks: Write[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const write of changes.map(render)) {
    const size = write.args.reduce((sum, argument) => sum + argument.length + 9, 0);
    if (bytes + size > CHUNK_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(write);
    bytes += size;
  }
  return chunks;
}

function argumentsOf(change: Change, keyFile: string, pskFile: string | undefined): Write {
  switch (change.kind) {
    case 'wireguard.configure':
      return {
        name: change.name,
        args: [
          ...(change.listenPort === undefined ? [] : ['listen-port', String(change.listenPort)]),
          ...(change.key ? ['private-key', keyFile] : []),
        ],
      };
    case 'peer.set':
      return { name: change.interface, args: wgPeerArguments(change, pskFile) };
    case 'peer.delete':
      return { name: change.interface, args: ['peer', change.publicKey, 'remove'] };
    default:
      throw new Error(`not a change of a WireGuard interface: ${change.kind}`);
  }
}

interface Secrets {
  fileOf(change: Change): string | undefined;
  close(): Promise<void>;
}

const NO_SECRETS: Secrets = { fileOf: () => undefined, close: () => Promise.resolve() };

async function openSecrets(parent: string, withKey: readonly PeerSet[]): Promise<Secrets> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(parent, 'psk-'));
  const files = new Map<Change, string>();
  for (const [index, change] of withKey.entries()) {
    const file = join(folder, String(index));
    await writeFile(file, change.presharedKey ?? '', { mode: 0o600 });
    files.set(change, file);
  }
  return { fileOf: (change) => files.get(change), close: () => rm(folder, { recursive: true, force: true }) };
}
