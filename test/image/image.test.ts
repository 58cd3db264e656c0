/**
 * The images, twice: from this folder, and from a fresh copy of what the Containerfile copies, built by its steps. Then they are entered,
 * and given to containerd.
 *
 * Debian's packages are the newest here: those of the lock file go when Debian has newer ones. Go programs are those of this machine, of
 * this architecture only; layers are not compressed.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { VERSION } from '../../core/api/version.js';
import { type Architecture, CONTENTS, ENTRYPOINT, type Target, TARGETS } from '../../tools/image/contents.js';
import { readElf } from '../../tools/image/elf.js';
import { readTar } from '../../tools/image/tar.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { readContainerfile } from './containerfile.js';
import { readLayout } from './layout.js';

const run = promisify(execFile);
const BUILD_MS = 400_000;
const PINNED = `localhost/base@sha256:${'0'.repeat(64)}`;
const HERE: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const PLATFORMS = ['linux/amd64', 'linux/arm64'];

/** The list of packages is that of Debian 12. CI has that: there, nothing is skipped. */
const describeOnDebian12 =
  process.env['CI'] !== undefined || /^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8'))
    ? describe
    : describe.skip;

describeOnDebian12('L5: the image (needs Debian 12)', () => {
  const stages = readContainerfile(readFileSync('Containerfile', 'utf8'));
  let folder: string;
  let source: string;
  let roots: Readonly<Record<Target, string>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kilofed-image-'));
    source = join(folder, 'src');
    roots = { hub: join(folder, 'hub'), node: join(folder, 'node') };
    mkdirSync(source);
    const env = { ...process.env, NODE_IMAGE: PINNED, GOLANG_IMAGE: PINNED };
    for (const { word, text } of stages.find(({ name }) => name === 'bundle')?.steps ?? []) {
      if (word === 'COPY') copy(text.split(' '), source);
      if (word === 'RUN') await run('sh', ['-ec', text], { cwd: source, env, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 });
    }
    borrowPrograms(join(folder, 'programs', HERE));
    await image('.', ['pin', '--lock', join(folder, 'lock')]);
    await layout('.', join(folder, 'here'), ['--target', 'hub']);
    await layout('.', join(folder, 'here/nodes'), ['--target', 'node', '--architecture', HERE]);
    await layout(source, join(folder, 'fresh'), ['--architecture', HERE]);
    for (const target of TARGETS) unpack(layoutHere(target), roots[target]);
  }, BUILD_MS);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Of the build in this folder. */
  const builtHere = (name: string): string => join(folder, 'here', name.startsWith('kilofed-hub') ? '' : 'nodes', name);
  const layoutHere = (target: Target): string => builtHere(CONTENTS[target].image);

  const image = (cwd: string, args: readonly string[]): Promise<unknown> =>
    run(process.execPath, [resolve('out/tools/image/image.js'), ...args], { cwd, timeout: BUILD_MS });

  const layout = (cwd: string, to: string, args: readonly string[]): Promise<unknown> =>
    image(cwd, ['layout', '--to', to, '--lock', join(folder, 'lock'), '--programs', join(folder, 'programs'), '--level', '0', ...args]);

  /** In an image, as its user. */
  const inside = (target: Target, ...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> =>
    run('chroot', [`--userspec=${CONTENTS[target].user ?? '0:0'}`, roots[target], ...args], {
      timeout: 20_000,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    });

  test('is built from the files that the Containerfile copies, without any package running a script', () => {
    expect(readdirSync(join(source, 'dist'))).toEqual(expect.arrayContaining(['kilofed.js', 'hub.js', 'node-agent.js']));
  });

  test('has one digest, whether it was built here or in another folder', () => {
    expect(readLayout(layoutHere('node')).digest).toBe(readLayout(join(folder, 'fresh/kilofed')).digest);
    for (const name of [`kilofed-hub-${HERE}.tar`, `kilofed-${HERE}.tar`, 'kilofed.spdx.json'])
      expect([name, readFileSync(builtHere(name)).equals(readFileSync(join(folder, 'fresh', name)))]).toEqual([name, true]);
  });

  test('is for amd64 and arm64: all blobs are there as they are named, and programs are of that machine', () => {
    const { images } = readLayout(layoutHere('hub'));
    expect(images.map(({ platform }) => platform)).toEqual(PLATFORMS);
    for (const { platform, config, layers } of images) {
      const architecture = platform.slice('linux/'.length);
      expect(config).toMatchObject({ architecture, config: { User: '65534:65534', Entrypoint: ENTRYPOINT } });
      const programs = layers.flatMap(readTar).flatMap((entry) => (entry.kind === 'file' ? (readElf(entry.content) ?? []) : []));
      expect(programs.length).toBeGreaterThan(5);
      expect(new Set(programs.map((each) => each.architecture))).toEqual(new Set([architecture]));
    }
  });

  test('says what it is', () => {
    for (const { config } of readLayout(layoutHere('node')).images)
      expect(config.config.Labels).toMatchObject({
        'org.opencontainers.image.version': VERSION,
        'org.opencontainers.image.licenses': 'Apache-2.0',
        'org.opencontainers.image.created': '1970-01-01T00:00:00.000Z',
      });
  });

  test.each(TARGETS)('%s runs', async (target) => {
    expect((await inside(target, ...ENTRYPOINT, 'version')).stdout).toContain(VERSION);
    expect((await inside(target, ...ENTRYPOINT, '--version')).stdout.trim()).toBe(VERSION);
    for (const program of target === 'hub' ? ['hub', 'cluster-agent'] : ['node-agent', 'cluster-agent'])
      expect((await inside(target, ...ENTRYPOINT, program, '--help')).stdout).toContain('--');
  });

  test.each([
    [['ip', '-V'], /iproute2-\d/],
    [['bridge', '-V'], /bridge utility/],
    [['nft', '-v'], /nftables v\d/],
    [['wg', '--version'], /wireguard-tools v\d/],
    [['conntrack', '--version'], /conntrack v\d/],
    [['iptables', '--version'], /nf_tables/],
    [['ip6tables-legacy', '--version'], /legacy/],
    [['iptables', '-m', 'comment', '-h'], /--comment/],
    [['nsenter', '--version'], /util-linux/],
    [['wireguard-go', '--version'], /wireguard-go/],
    [
      ['sh', '-ec', 'cd /opt/cni/bin; for each in *; do test -x "$each" && echo "$each"; done'],
      /^bridge\nhost-local\nloopback\nportmap\n$/,
    ],
  ])('of nodes has what the agent runs: %p', async (argv, said) => {
    const { stdout, stderr } = await inside('node', ...argv);
    expect(stdout || stderr).toMatch(said);
  });

  test('of the hub resolves names and speaks TLS', async () => {
    const script = `const { lookup } = require('node:dns/promises'); const { rootCertificates } = require('node:tls');
      lookup('127.0.0.1').then(({ address }) => console.log(address, rootCertificates.length > 50))`;
    expect((await inside('hub', '/usr/local/bin/node', '-e', script)).stdout).toBe('127.0.0.1 true\n');
    const system = `console.log(require('node:tls').getCACertificates('system').length > 50)`;
    expect((await inside('hub', '/usr/local/bin/node', '--use-system-ca', '-e', system)).stdout).toBe('true\n');
  });

  test('of the hub serves: a process of it answers over the network', async () => {
    const server = createServer((_request, response) => response.end('well'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { readonly port: number };
    try {
      const script = `fetch('http://127.0.0.1:${port}').then((answer) => answer.text()).then(console.log)`;
      expect((await inside('hub', '/usr/local/bin/node', '-e', script)).stdout).toBe('well\n');
    } finally {
      server.close();
    }
  });

  test('of the hub holds no shell, and no program but Node', () => {
    const files = readdirSync(roots.hub, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(roots.hub, join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith('app/') && !file.startsWith('usr/share/'));
    const programs = files.filter(
      (file) => !/(^|\/)(lib[^/]*|ld-linux[^/]*)\.so[.\d]*$/.test(file) && (statSync(join(roots.hub, file)).mode & 0o111) !== 0,
    );
    expect(programs).toEqual(['usr/local/bin/node']);
    expect(files.filter((file) => file.startsWith('etc/')).toSorted()).toEqual([
      'etc/group',
      'etc/nsswitch.conf',
      'etc/passwd',
      'etc/ssl/certs/ca-certificates.crt',
    ]);
  });

  test('has nothing that its user may change, and no program that runs as another', async () => {
    for (const target of TARGETS) {
      const { stdout } = await run('find', [
        roots[target],
        '(',
        '-perm',
        '-0002',
        '-o',
        '-perm',
        '/6000',
        ')',
        '!',
        '-type',
        'l',
        '-printf',
        '%P\n',
      ]);
      expect(stdout).toBe('tmp\n');
    }
  });

  test.each(TARGETS)('%s has a bill of materials', (target) => {
    const bom = JSON.parse(readFileSync(join(roots[target], 'usr/share/kilofed/sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string }[];
    };
    expect(bom.bomFormat).toBe('CycloneDX');
    const own = target === 'node' ? ['golang.zx2c4.com/wireguard', 'nftables'] : ['libc6'];
    expect(bom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', 'bullmq', 'ioredis', 'zod', 'debug', ...own]));
    const spdx = JSON.parse(readFileSync(builtHere(`${CONTENTS[target].image}.spdx.json`), 'utf8')) as {
      readonly packages: readonly { readonly name: string }[];
    };
    expect(spdx.packages.map(({ name }) => name)).toEqual(expect.arrayContaining(bom.components.map(({ name }) => name)));
  });

  test('is imported by containerd, each architecture alone and both together', async () => {
    const state = join(folder, 'containerd');
    mkdirSync(state);
    const config = join(state, 'config.toml');
    writeFileSync(
      config,
      [
        'version = 2',
        `root = "${state}/root"`,
        `state = "${state}/state"`,
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
        '[grpc]',
        `address = "${state}/sock"\n`,
      ].join('\n'),
    );
    const daemon = spawn('containerd', ['--config', config, '--log-level', 'error'], { stdio: 'ignore' });
    const ctr = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
      run('ctr', ['--address', `${state}/sock`, 'images', ...args], { timeout: 60_000 });
    try {
      await until(() => ctr('ls', '-q'));
      const hub = async (): Promise<string | undefined> =>
        (await ctr('ls')).stdout.split('\n').find((line) => line.startsWith(`ghcr.io/kilofed/kilofed-hub:${VERSION} `));
      await ctr('import', '--no-unpack', builtHere(`kilofed-hub-${HERE}.tar`));
      expect(await hub()).toContain(` linux/${HERE} `);
      const both = join(folder, 'both.tar');
      await run('tar', ['-C', layoutHere('hub'), '-cf', both, '.']);
      await ctr('import', '--no-unpack', '--all-platforms', both);
      expect(await hub()).toContain(readLayout(layoutHere('hub')).digest);
      expect(await hub()).toContain(` ${PLATFORMS.join(',')} `);
      expect((await ctr('check')).stdout).not.toMatch(/incomplete|missing/);
    } finally {
      const ended = new Promise((done) => daemon.once('exit', done));
      daemon.kill();
      await ended;
    }
  });
});

/** Where a build would take minutes: ours of the lab, and Debian's plugins. */
function borrowPrograms(to: string): void {
  mkdirSync(to, { recursive: true });
  const own = binaryPath('wireguard-go');
  if (own === undefined) throw new Error('wireguard-go is not built: run `make setup`');
  for (const name of Object.keys(CONTENTS.node.programs))
    copyFileSync(name === 'wireguard-go' ? own : `/usr/lib/cni/${name}`, join(to, name));
}

/** As a runtime does: its layers, one over the other. */
function unpack(layout: string, to: string): void {
  mkdirSync(to, { mode: 0o755 });
  const own = readLayout(layout).images.find(({ platform }) => platform === `linux/${HERE}`);
  for (const layer of own?.layers ?? []) execFileSync('tar', ['-x', '-p', '-f', '-', '-C', to], { input: layer });
}

async function until(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}

/** `COPY a b c folder`: files into the folder, a folder's content into the one of its name. */
function copy(words: readonly string[], to: string): void {
  const target = join(to, words.at(-1) ?? '');
  for (const from of words.slice(0, -1)) {
    const into = statSync(from).isDirectory() ? target : join(target, from);
    mkdirSync(dirname(into), { recursive: true });
    if (!existsSync(from)) throw new Error(`the Containerfile copies ${from}, which is not there`);
    cpSync(from, into, { recursive: true });
  }
}
