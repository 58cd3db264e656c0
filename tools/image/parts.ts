/**
 * What an image is made of: the npm packages that the bundle may hold, by the lock file; the Go modules of a go.mod; the packages of
 * Debian; and Node.
 *
 * `npm sbom --omit dev` leaves out packages that something else needs for development, too (npm 11: debug, ms, semver), so the lock file is
 * walked here, as Node resolves names.
 */

/** One component, as the package URL specification names it. */
export interface Part {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  /** SPDX. */
  readonly license?: string;
  /** Hexadecimal SHA-512 of the archive. */
  readonly sha512?: string;
}

export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Everything that the package at '' needs to run, itself not included. @throws where the lock file lacks a dependency. */
export function npmParts({ packages }: LockFile): Part[] {
  const found = new Set<string>();
  const waiting = [''];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const at = resolvePackage(packages, place, name);
      if (at === undefined && (name in optionalDependencies || !(name in dependencies))) continue;
      if (at === undefined) throw new Error(`package-lock.json has no ${name}, which ${place === '' ? 'package.json' : place} needs`);
      if (found.has(at)) continue;
      found.add(at);
      waiting.push(at);
    }
  }
  return [...found].map((place) => npmPart(place, packages[place] ?? {}));
}

/** The modules of a go.mod, its tools' own included. */
export function goParts(goMod: string): Part[] {
  return [...goMod.matchAll(/^(?:require )?\t?([a-z0-9.-]+\/[^\s]+) (v[^\s]+)/gm)].map(([, name = '', version = '']) => ({
    name,
    version,
    purl: `pkg:golang/${name}@${version}`,
  }));
}

export function debianPart(name: string, version: string): Part {
  return { name, version, purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}` };
}

export function nodePart(version: string): Part {
  return { name: 'node', version, purl: `pkg:generic/node@${version}`, license: 'MIT' };
}

/** The nearest `node_modules` that has it. */
function resolvePackage(packages: LockFile['packages'], place: string, name: string): string | undefined {
  const parents = [...place.matchAll(/(?:^|\/)node_modules\//g)].map(({ index }) => place.slice(0, index));
  return [place, ...parents.toReversed()]
    .map((parent) => `${parent === '' ? '' : `${parent}/`}node_modules/${name}`)
    .find((at) => at in packages);
}

function npmPart(place: string, { version = '', integrity, license }: LockedPackage): Part {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const [, base64] = /^sha512-(\S+)/.exec(integrity ?? '') ?? [];
  return {
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(license !== undefined && { license }),
    ...(base64 !== undefined && { sha512: Buffer.from(base64, 'base64').toString('hex') }),
  };
}
