/**
 * The steps of the Containerfile on this machine, where there is no image builder: the bundle from a fresh copy of the sources, and the
 * hub's root, which is then entered.
 */
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { VERSION } from '../../core/api/version.js';
import { readContainerfile } from './containerfile.js';

const run = promisify(execFile);
const BUILD_MS = 400_000;
const PINNED = `localhost/base@sha256:${'0'.repeat(64)}`;

describe('L5: the image', () => {
  const stages = readContainerfile(readFileSync('Containerfile', 'utf8'));
  let folder: string;
  let source: string;
  let root: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kilofed-image-'));
    source = join(folder, 'src');
    root = join(folder, 'hub');
    mkdirSync(source);
    const env = { ...process.env, NODE_IMAGE: PINNED, GOLANG_IMAGE: PINNED };
    for (const { word, text } of stages.find(({ name }) => name === 'bundle')?.steps ?? []) {
      if (word === 'COPY') copy(text.split(' '), source);
      if (word === 'RUN') await run('sh', ['-ec', text], { cwd: source, env, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 });
    }
    await run('sh', ['tools/image/hub-root.sh', root], { cwd: source });
    cpSync(join(source, 'dist'), join(root, 'app'), { recursive: true });
    chmodSync(root, 0o755);
  }, BUILD_MS);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** In the hub's image, as its user. */
  const inside = (...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> =>
    run('chroot', ['--userspec=65534:65534', root, '/usr/local/bin/node', ...args], { timeout: 20_000 });

  test('is built from the files that the Containerfile copies, without any package running a script', () => {
    expect(readdirSync(join(source, 'dist'))).toEqual(expect.arrayContaining(['kilofed.js', 'hub.js', 'node-agent.js', 'package.json']));
  });

  test('of the hub runs', async () => {
    expect((await inside('/app/kilofed.js', 'version')).stdout).toContain(VERSION);
    expect((await inside('/app/kilofed.js', 'hub', '--help')).stdout).toContain('--kubeconfig-dir');
  });

  test('of the hub resolves names and speaks TLS', async () => {
    const script = `const { lookup } = require('node:dns/promises'); const { rootCertificates } = require('node:tls');
      lookup('127.0.0.1').then(({ address }) => console.log(address, rootCertificates.length > 50))`;
    expect((await inside('-e', script)).stdout).toBe('127.0.0.1 true\n');
  });

  test('of the hub serves: a process of it answers over the network', async () => {
    const server = createServer((_request, response) => response.end('well'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { readonly port: number };
    try {
      const script = `fetch('http://127.0.0.1:${port}').then((answer) => answer.text()).then(console.log)`;
      expect((await inside('-e', script)).stdout).toBe('well\n');
    } finally {
      server.close();
    }
  });

  test('of the hub holds no shell, and no program but Node', () => {
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith('app/'));
    const programs = files.filter(
      (file) => !/(^|\/)(lib[^/]*|ld-linux[^/]*)\.so[.\d]*$/.test(file) && (statSync(join(root, file)).mode & 0o111) !== 0,
    );
    expect(programs).toEqual(['usr/local/bin/node']);
    expect(files.filter((file) => file.startsWith('etc/')).toSorted()).toEqual(['etc/group', 'etc/nsswitch.conf', 'etc/passwd']);
  });

  test('has a bill of materials', async () => {
    const { stdout } = await run('node', ['out/tools/image/sbom.js', 'kilofed-hub'], { cwd: source });
    const bom = JSON.parse(stdout) as { readonly bomFormat: string; readonly components: readonly { readonly name: string }[] };
    expect(bom.bomFormat).toBe('CycloneDX');
    expect(bom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', 'bullmq', 'ioredis', 'zod', 'debug']));
  });
});

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
