/**
 * Packages of Debian and npm for any architecture, by the machine's own apt and npm. apt has a state of its own here, so that nothing of
 * the machine's changes and no root is needed; whom it trusts, and where it asks, is the machine's configuration.
 *
 * Archives stay in a cache under their hash, and are compared with it whenever they are used.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Architecture, NODE_PACKAGES, NODE_VERSION } from './contents.js';
import type { Locked } from './lock.js';

const run = promisify(execFile);
const LIMITS = { timeout: 600_000, maxBuffer: 16 * 1024 * 1024 } as const;

export interface Fetcher {
  /** The newest of each that apt knows, and Node. */
  resolve(architecture: Architecture, names: readonly string[]): Promise<readonly Locked[]>;
  /** Paths of the archives, in order. @throws where one cannot be had as it is locked. */
  fetch(locked: readonly Locked[]): Promise<readonly string[]>;
}

export function createFetcher(cache: string): Fetcher {
  mkdirSync(cache, { recursive: true });
  const updated = new Map<Architecture, Promise<unknown>>();
  const update = (architecture: Architecture): Promise<unknown> => {
    const running = updated.get(architecture) ?? apt(cache, architecture, ['update']);
    updated.set(architecture, running);
    return running;
  };
  const fetchDebian = async (architecture: Architecture, missing: readonly Locked[]): Promise<void> => {
    await update(architecture);
    await into(cache, async (folder) => {
      const wanted = missing.map(({ name, version }) => `${name}=${version}`);
      await apt(cache, architecture, ['download', ...wanted], folder).catch((error: unknown) => {
        throw new Error(`apt has not all of ${wanted.join(' ')} for ${architecture} any more: \`make image-pin\` takes what it has now`, {
          cause: error,
        });
      });
    });
  };
  return {
    async resolve(architecture, names) {
      await update(architecture);
      const [printed, integrity] = await Promise.all([
        apt(cache, architecture, ['download', '--print-uris', ...names]),
        npm(['view', `${NODE_PACKAGES[architecture]}@${NODE_VERSION}`, 'dist.integrity']),
      ]);
      const node = {
        architecture,
        source: 'npm',
        name: NODE_PACKAGES[architecture],
        version: NODE_VERSION,
        hash: integrity.trim(),
      } as const;
      return [...debianLines(architecture, printed), node];
    },
    async fetch(locked) {
      const missing = locked.filter((each) => !existsSync(pathOf(cache, each.hash)));
      const architectures = [...new Set(missing.map(({ architecture }) => architecture))];
      await Promise.all([
        ...missing.filter(({ source }) => source === 'npm').map((each) => into(cache, (folder) => packInto(folder, each))),
        ...architectures.flatMap((architecture) => {
          const packages = missing.filter((each) => each.source === 'debian' && each.architecture === architecture);
          return packages.length === 0 ? [] : [fetchDebian(architecture, packages)];
        }),
      ]);
      return locked.map((each) => checked(cache, each));
    },
  };
}

/** Of `'URI' libc6_2.36-9_amd64.deb 2770420 SHA256:01f4…`. */
function debianLines(architecture: Architecture, printed: string): readonly Locked[] {
  return [...printed.matchAll(/^'[^']*' ([^_\s]+)_([^_\s]+)_\S+\.deb \d+ SHA256:([0-9a-f]{64})$/gm)].map(
    ([, name = '', version = '', hash]) => ({
      architecture,
      source: 'debian',
      name,
      version: decodeURIComponent(version),
      hash: `sha256:${hash}`,
    }),
  );
}

async function packInto(folder: string, { name, version }: Locked): Promise<void> {
  await npm(['pack', `${name}@${version}`, '--pack-destination', folder]);
}

/** Lets `fill` download into a folder, and takes what is there by its content. */
async function into(cache: string, fill: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = mkdtempSync(join(cache, 'download-'));
  try {
    await fill(folder);
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      for (const hash of hashesOf(bytes)) writeThrough(pathOf(cache, hash), bytes);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeThrough(path: string, bytes: Buffer): void {
  const part = `${path}.${process.pid}`;
  writeFileSync(part, bytes);
  renameSync(part, path);
}

function checked(cache: string, { hash, name, version }: Locked): string {
  const path = pathOf(cache, hash);
  if (!existsSync(path)) throw new Error(`${name} ${version} is not the one of packages.lock: its hash is not ${hash}`);
  if (!hashesOf(readFileSync(path)).includes(hash)) {
    rmSync(path);
    throw new Error(`${path} was damaged, and is removed: try again`);
  }
  return path;
}

/** That of Debian, and that of npm. */
function hashesOf(bytes: Buffer): readonly string[] {
  const debian = bytes.subarray(0, 8).toString('latin1') === '!<arch>\n';
  return debian
    ? [`sha256:${createHash('sha256').update(bytes).digest('hex')}`]
    : [`sha512-${createHash('sha512').update(bytes).digest('base64')}`];
}

function pathOf(cache: string, hash: string): string {
  return join(cache, hash.replaceAll(/[:/+=]/g, '_'));
}

async function apt(cache: string, architecture: Architecture, args: readonly string[], cwd = cache): Promise<string> {
  const state = join(cache, `apt-${architecture}`);
  mkdirSync(join(state, 'lists/partial'), { recursive: true });
  mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
  // No package is installed here.
  writeFileSync(join(state, 'status'), '', { flag: 'a' });
  const options = {
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'APT::Sandbox::User': '',
    'Dir::State': state,
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': join(state, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::ForceHash': 'SHA256',
    'Acquire::Retries': '3',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
  };
  const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (await run('apt-get', ['-q', ...words, ...args], { ...LIMITS, cwd })).stdout;
}

async function npm(args: readonly string[]): Promise<string> {
  return (await run('npm', [...args, '--no-update-notifier'], LIMITS)).stdout;
}
