/**
 * The exact packages that images are made of (`tools/image/packages.lock`): one per line, with the hash of its archive, for each
 * architecture.
 */
import { ARCHITECTURES, type Architecture, CONTENTS, type Target } from './contents.js';

export interface Locked {
  readonly architecture: Architecture;
  readonly source: 'debian' | 'npm';
  readonly name: string;
  readonly version: string;
  /** Of the archive: `sha256:` and hexadecimal digits, or what npm calls its integrity. */
  readonly hash: string;
}

const HEADER = `# What the images are made of: architecture, source, package, version, hash of the archive.
# Written by \`make image-pin\`, which asks this machine's apt and npm for the newest. Look at the change, and commit it.
`;
const LINE = /^(amd64|arm64) (debian|npm) (\S+) (\S+) (sha256:[0-9a-f]{64}|sha512-[A-Za-z0-9+/]{86}==)$/;

/** @throws on a line that is none, which it shows. */
export function readLock(text: string): readonly Locked[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, architecture, source, name = '', version = '', hash = ''] = LINE.exec(line) ?? [];
      if (architecture === undefined) throw new Error(`packages.lock has the line "${line}": run \`make image-pin\``);
      return { architecture: architecture as Architecture, source: source as Locked['source'], name, version, hash };
    });
}

/** Sorted: equal packages give equal text. */
export function writeLock(locked: readonly Locked[]): string {
  const lines = locked.map(({ architecture, source, name, version, hash }) => `${architecture} ${source} ${name} ${version} ${hash}\n`);
  return HEADER + lines.toSorted().join('');
}

/** The names of Debian's packages that `target` takes files of, sorted. */
export function debianNames(target: Target): readonly string[] {
  return [...Object.keys(CONTENTS[target].packages), ...CONTENTS[target].libraries].toSorted();
}

/** Those of `locked` that `target` has on `architecture`. @throws where one is missing. */
export function lockedOf(target: Target, architecture: Architecture, locked: readonly Locked[]): readonly Locked[] {
  const own = locked.filter((each) => each.architecture === architecture);
  const packages = debianNames(target).map((name) => {
    const found = own.find((each) => each.source === 'debian' && each.name === name);
    if (found === undefined) throw new Error(`packages.lock has no ${name} for ${architecture}: run \`make image-pin\``);
    return found;
  });
  return [...packages, nodeOf(architecture, locked)];
}

/** The package of npm that holds Node. */
function nodeOf(architecture: Architecture, locked: readonly Locked[]): Locked {
  const found = locked.find((each) => each.architecture === architecture && each.source === 'npm');
  if (found === undefined)
    throw new Error(`packages.lock has no Node for ${architecture} (${ARCHITECTURES.join(', ')}): run \`make image-pin\``);
  return found;
}
