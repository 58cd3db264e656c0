import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readContainerfile } from '../../test/image/containerfile.js';
import { VERSION } from '../../core/api/version.js';
import { bomOf } from './bom.js';
import { CONTENTS, ENTRYPOINT, PATH, TARGETS } from './contents.js';
import { debianPart, goParts, type LockFile, nodePart, npmParts } from './parts.js';

const run = promisify(execFile);
const LOCK = JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile & {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
};

describe('L5: what an image is made of', () => {
  const parts = npmParts(LOCK);

  test('is every package of the lock file that is not for development alone', () => {
    const needed = Object.entries(LOCK.packages).flatMap(([place, { dev, devOptional, version }]) =>
      place === '' || dev === true || devOptional === true ? [] : [`${place.split('node_modules/').at(-1)}@${version}`],
    );
    const named = parts.map(({ name, version }) => `${name}@${version}`);
    expect(needed.filter((each) => !named.includes(each))).toEqual([]);
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    expect(named).toEqual(expect.arrayContaining(Object.entries(dependencies).map(([name, version]) => `${name}@${version}`)));
    // Those that `npm sbom` leaves out, and one that is for development alone.
    expect(named.map((each) => each.replace(/@[^@]*$/, ''))).toEqual(expect.arrayContaining(['debug', 'ms', 'semver']));
    expect(parts.map(({ name }) => name)).not.toContain('typescript');
  });

  test('names each with its licence and the hash that npm compares', () => {
    expect(parts.filter(({ license, sha512 }) => license === undefined || !/^[0-9a-f]{128}$/.test(sha512 ?? ''))).toEqual([]);
  });

  test('is a bill of materials in the form of CycloneDX, the same for the same parts', () => {
    const bom = bomOf({ name: 'kilofed', version: '1.2.3' }, [...parts, ...parts.toReversed(), nodePart('24.1.0')]);
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
    expect(bom.metadata.component).toMatchObject({ type: 'application', name: 'kilofed', version: '1.2.3' });
    const refs = bom.components.map((each) => each['bom-ref']);
    expect(refs).toEqual([...new Set(refs)].toSorted());
    expect(refs.filter((ref) => !/^pkg:(npm|generic)\/[^@]+@[^@]+$/.test(ref))).toEqual([]);
    expect(bom).toEqual(bomOf({ name: 'kilofed', version: '1.2.3' }, [nodePart('24.1.0'), ...parts]));
  });

  test('resolves a name as Node does, and refuses a lock file that lacks one', () => {
    const packages = {
      '': { dependencies: { a: '1', b: '1' } },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '1.0.0', dependencies: { a: '2' }, optionalDependencies: { c: '1' } },
      'node_modules/b/node_modules/a': { version: '2.0.0' },
      'node_modules/d': { version: '9.0.0' },
    };
    expect(npmParts({ packages }).map(({ purl }) => purl)).toEqual(
      expect.arrayContaining(['pkg:npm/a@1.0.0', 'pkg:npm/a@2.0.0', 'pkg:npm/b@1.0.0']),
    );
    expect(npmParts({ packages })).toHaveLength(3);
    expect(() => npmParts({ packages: { '': { dependencies: { a: '1' } } } })).toThrow(/no a, which package.json needs/);
  });

  test('has Go modules and packages of Debian', () => {
    expect(goParts(readFileSync('tools/wireguard-go/go.mod', 'utf8')).map(({ name }) => name)).toEqual([
      'golang.zx2c4.com/wireguard',
      'golang.org/x/crypto',
      'golang.org/x/net',
      'golang.org/x/sys',
      'golang.zx2c4.com/wintun',
    ]);
    expect(goParts(readFileSync('tools/cni-plugins/go.mod', 'utf8')).map(({ purl }) => purl)).toContain(
      'pkg:golang/github.com/containernetworking/plugins@v1.9.0',
    );
    expect(debianPart('libc6', '2.36-9+deb12u13').purl).toBe('pkg:deb/debian/libc6@2.36-9%2Bdeb12u13');
  });
});

describe('L5: the Containerfile', () => {
  const stages = readContainerfile(readFileSync('Containerfile', 'utf8'));
  const names = new Set(stages.map(({ name }) => name));

  test('builds on images whose digest is given, on nothing, and on itself', () => {
    const foreign = stages.filter(({ from }) => !names.has(from));
    expect(foreign.map(({ from }) => from).toSorted()).toEqual(['${GOLANG_IMAGE}', '${NODE_IMAGE}', 'scratch', 'scratch']);
  });

  test.each([
    ['docker.io/library/node:24', 1],
    ['', 1],
    [`docker.io/library/node:24@sha256:${'0'.repeat(63)}`, 1],
    [`docker.io/library/node:24@sha256:${'0'.repeat(64)}`, 0],
  ])('stops at a base image %p without a digest', async (image, code) => {
    const check = stages.find(({ name }) => name === 'bundle')?.steps.find(({ word }) => word === 'RUN')?.text ?? '';
    const env = { PATH: process.env['PATH'], NODE_IMAGE: image, GOLANG_IMAGE: `g@sha256:${'1'.repeat(64)}` };
    const ended = await run('sh', ['-c', check], { env }).then(
      () => 0,
      () => 1,
    );
    expect(ended).toBe(code);
  });

  test('installs packages without running their scripts', () => {
    const installs = stages.flatMap(({ steps }) => steps.filter(({ text }) => /\bnpm (ci|install|i)\b/.test(text)));
    expect(installs.map(({ text }) => text)).toEqual(['npm ci --ignore-scripts --no-audit --no-fund']);
  });

  test('has nothing in an image but what the list makes, with the user, path and entrypoint of the list', () => {
    for (const target of TARGETS) {
      const { image, user } = CONTENTS[target];
      const stage = stages.find(({ name }) => name === image);
      expect(stage?.from).toBe('scratch');
      expect(stage?.steps.filter(({ word }) => word !== 'ENV')).toEqual([
        { word: 'COPY', text: `--from=roots /roots/${target} /` },
        ...(user === undefined ? [] : [{ word: 'USER', text: user }]),
        { word: 'ENTRYPOINT', text: JSON.stringify(ENTRYPOINT).replaceAll(',', ', ') },
      ]);
      for (const { text } of stage?.steps.filter(({ word }) => word === 'ENV') ?? []) expect(text).toBe(`PATH=${PATH}`);
    }
    expect(CONTENTS.hub.user).toBe('65534:65534');
    const made = stages.find(({ name }) => name === 'roots')?.steps.find(({ word }) => word === 'RUN')?.text;
    expect(made).toContain(`for target in ${TARGETS.join(' ')}; do`);
  });
});

describe('L5: base images', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kilofed-image-'));
    mkdirSync(join(folder, 'tools'));
    cpSync('tools/image', join(folder, 'tools/image'), { recursive: true });
    cpSync('package.json', join(folder, 'package.json'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** With a builder, or a client of a registry, that only prints. */
  async function sh(script: string, program: string, body: string): Promise<{ readonly stdout: string }> {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, program), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return run('sh', [join(folder, 'tools/image', script)], { env: { PATH: `${bin}:${process.env['PATH']}` } });
  }

  test('without a digest are refused by the build', async () => {
    await expect(sh('build.sh', 'podman', 'echo "$@"')).rejects.toThrow(/these base images have no digest.*\n.*NODE_IMAGE=docker\.io/);
  });

  test('get the digest that the registry says, and then both images are built', async () => {
    await sh('pin.sh', 'skopeo', `echo sha256:${'a'.repeat(64)}`);
    const { stdout } = await sh('build.sh', 'podman', 'echo "$@"');
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line.match(new RegExp(`_IMAGE=docker\\.io/library/[a-z]+:\\S+@sha256:${'a'.repeat(64)} `, 'g'))).toHaveLength(2);
    }
    expect(lines.map((line) => / -t (\S+) /.exec(line)?.[1])).toEqual([
      `ghcr.io/kilofed/kilofed:${VERSION}`,
      `ghcr.io/kilofed/kilofed-hub:${VERSION}`,
    ]);
  });

  test('a registry that gives none stops the pinning', async () => {
    await expect(sh('pin.sh', 'skopeo', 'echo unauthorized')).rejects.toThrow(/the registry has no digest/);
  });
});
