/**
 * Debian's kernels, unpacked into the cache, never installed: found through the mirrors that this machine's own apt uses, with lists of
 * their own, since a kernel may be of an older release than the machine.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE } from '../lab/binaries/locate.js';
import { run } from '../lab/process.js';
import { newestRelease } from './newestRelease.js';

export interface Kernel {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Has `boot/vmlinuz-<release>` and `lib/modules/<release>`, with what depmod writes. */
  readonly folder: string;
}

/** A kernel's version to the Debian release that has it, and the form of its packages' names. */
const SOURCES = {
  '5.10': { suite: 'bullseye', prefix: 'linux-image-5.10.0-', release: /^5\.10\.0-\d+-amd64$/ },
  '6.1': { suite: 'bookworm', prefix: 'linux-image-6.1.0-', release: /^6\.1\.0-\d+-amd64$/ },
  '6.12': { suite: 'bookworm', prefix: 'linux-image-6.12.', release: /^6\.12\.\d+\+deb12-amd64$/ },
} as const;

export type KernelVersion = keyof typeof SOURCES;

export const KERNEL_VERSIONS = Object.keys(SOURCES) as readonly KernelVersion[];

const KERNELS = join(dirname(CACHE), 'kernels');
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const APT_MS = 300_000;

/** The newest of this version in the cache; undefined: none is there yet. */
export function cachedKernel(version: KernelVersion): Kernel | undefined {
  const folder = join(KERNELS, version);
  const release = newestRelease(existsSync(folder) ? readdirSync(folder) : [], SOURCES[version].release);
  return release === undefined ? undefined : { release, folder: join(folder, release) };
}

/** Brings it into the cache, about 25 seconds. @throws with the reason when it cannot be had. */
export async function fetchKernel(version: KernelVersion): Promise<Kernel> {
  mkdirSync(join(KERNELS, version), { recursive: true });
  const work = mkdtempSync(join(KERNELS, '.work-'));
  try {
    const { suite, prefix, release: form } = SOURCES[version];
    const apt = await ownApt(work, suite);
    await run([...apt('apt-get'), '-qq', 'update'], { timeoutMs: APT_MS });
    const names = (await run([...apt('apt-cache'), 'pkgnames', prefix])).split('\n').map((name) => name.replace('linux-image-', ''));
    const release = newestRelease(names, form);
    if (release === undefined) throw new Error(`the package source has no ${prefix}*`);
    await run([...apt('apt-get'), '-qq', 'download', `linux-image-${release}`], { cwd: work, timeoutMs: APT_MS });
    const deb = readdirSync(work).find((file) => file.endsWith('.deb')) ?? '';
    const unpacked = join(work, 'kernel');
    await run(['dpkg-deb', '-x', join(work, deb), unpacked], { timeoutMs: APT_MS });
    await run(['depmod', '-b', unpacked, release], { timeoutMs: APT_MS });
    const folder = join(KERNELS, version, release);
    if (!existsSync(folder)) renameSync(unpacked, folder);
    return { release, folder };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A program of apt's as a command line that knows `suite` and its updates only, and writes below `work` only. */
async function ownApt(work: string, suite: string): Promise<(program: string) => string[]> {
  const [main, security] = await mirrors();
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(work, folder), { recursive: true });
  const list = join(work, 'sources.list');
  writeFileSync(list, `deb [signed-by=${KEYRING}] ${main} ${suite} main\ndeb [signed-by=${KEYRING}] ${security} ${suite}-security main\n`);
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
  };
  return (program) => [program, ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Where this machine gets Debian from, and its security updates. */
async function mirrors(): Promise<readonly [string, string]> {
  const known = (await run(['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])).split('\n');
  const main = known.find((uri) => /\/debian\/?$/.test(uri));
  const security = known.find((uri) => /\/debian-security\/?$/.test(uri));
  if (main === undefined || security === undefined) throw new Error("apt's sources name no mirror of Debian");
  return [main, security];
}
