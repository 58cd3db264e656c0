import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { readonly packages: Readonly<Record<string, Package>> };

/** As Node resolves `name` from the package at `path`: the nearest `node_modules` that has it. */
function isLocked(path: string, name: string): boolean {
  const parents = [...path.matchAll(/node_modules\//g)].map(({ index }) => path.slice(0, index));
  return [path === '' ? '' : `${path}/`, ...parents].some((folder) => `${folder}node_modules/${name}` in packages);
}

test('every dependency has an entry, also those of other platforms: else `npm ci` refuses the file', () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !isLocked(path, name))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});

test('no entry says where it was downloaded: that is the business of whoever installs (.npmrc keeps it so)', () => {
  expect(Object.entries(packages).filter(([, each]) => each.resolved !== undefined)).toEqual([]);
  expect(readFileSync('.npmrc', 'utf8')).toContain('omit-lockfile-registry-resolved=true\n');
});

test('the lock file is that of package.json', () => {
  const { dependencies, devDependencies, engines } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
  expect(packages['']).toMatchObject({ dependencies, devDependencies, engines });
});
