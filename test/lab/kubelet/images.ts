/**
 * The images of the lab, made of this machine's own programs: Debian's, the lab's Go programs, and ours from dist/. What is in the two
 * that we release is listed in tools/image/contents.ts.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../../core/api/version.js';
import { type Contents, CONTENTS, ENTRYPOINT, NODE_PATH, TRIPLES } from '../../../tools/image/contents.js';
import { run } from '../process.js';
import { binaryPath, CACHE } from '../binaries/locate.js';
import { type ImageFile, type ImageSpec, writeImage } from './oci.js';

export const PAUSE_IMAGE = 'localhost/kilofed/pause:1';
const KILOFED_IMAGE = `ghcr.io/kilofed/kilofed:${VERSION}`;
/** The hub alone: Node and the bundle. */
const HUB_IMAGE = `ghcr.io/kilofed/kilofed-hub:${VERSION}`;
const REDIS_IMAGE = 'docker.io/library/redis:7';
/** busybox and node: test pods and the demo's web server. */
export const TOOLS_IMAGE = 'localhost/kilofed/tools:1';
export const COREDNS_IMAGE = 'localhost/kilofed/coredns:1.13.1';

const DIST = fileURLToPath(new URL('../../../../dist', import.meta.url));

/** Makes what is missing or changed; returns the archives, in a folder of the cache. */
export async function buildImages(note: (text: string) => void): Promise<readonly string[]> {
  const folder = join(dirname(CACHE), 'images');
  mkdirSync(folder, { recursive: true });
  const archives: string[] = [];
  for (const spec of await specs(folder)) {
    const out = join(folder, `${spec.name.replaceAll(/[/:]/g, '_')}-${fingerprint(spec)}.tar`);
    if (!existsSync(out)) {
      note(`image ${spec.name}`);
      await writeImage(spec, out, join(folder, `scratch-${process.pid}`));
    }
    archives.push(out);
  }
  return archives;
}

async function specs(folder: string): Promise<ImageSpec[]> {
  const busybox = await busyboxFiles();
  const node: ImageFile = { kind: 'program', from: process.execPath, to: NODE_PATH };
  const bundle: readonly ImageFile[] = [
    { kind: 'copy', from: DIST, to: '/app' },
    { kind: 'text', at: '/app/package.json', content: '{"type":"module"}\n' },
  ];
  return [
    { name: PAUSE_IMAGE, layers: [[{ kind: 'copy', from: await pauseProgram(folder), to: '/pause' }]], entrypoint: ['/pause'] },
    { name: TOOLS_IMAGE, layers: [[...busybox, node]] },
    {
      name: COREDNS_IMAGE,
      layers: [[{ kind: 'program', from: must(binaryPath('coredns'), 'coredns'), to: '/coredns' }]],
      entrypoint: ['/coredns'],
    },
    {
      name: REDIS_IMAGE,
      layers: [
        [
          ...busybox,
          { kind: 'program', from: '/usr/bin/redis-server', to: '/usr/local/bin/redis-server' },
          { kind: 'program', from: '/usr/bin/redis-cli', to: '/usr/local/bin/redis-cli' },
          { kind: 'folder', at: '/data', mode: 0o777 },
        ],
      ],
      command: ['redis-server'],
    },
    { name: HUB_IMAGE, layers: [[node, ...ownFiles(CONTENTS.hub)], bundle], entrypoint: ENTRYPOINT },
    {
      name: KILOFED_IMAGE,
      layers: [[...programsOf(CONTENTS.node), node, ...ownFiles(CONTENTS.node)], bundle],
      entrypoint: ENTRYPOINT,
    },
  ];
}

/** As the release has them, but of this machine: the same paths, whatever this system's versions are. */
function programsOf({ packages, programs }: Contents): readonly ImageFile[] {
  const triple = TRIPLES[arch() === 'arm64' ? 'arm64' : 'amd64'];
  const debian = Object.values(packages)
    .flat()
    .filter((path) => !path.startsWith('/usr/share/'))
    .map((path) => path.replace('TRIPLE', triple));
  return [
    ...debian.map((path): ImageFile => {
      // A folder of libraries that a program here loads: what these need, it needs, too.
      if (path.endsWith('/')) return { kind: 'copy', from: path, to: path };
      return { kind: 'program', from: existsSync(path) ? path : path.replace('/usr/', '/'), to: path };
    }),
    ...Object.entries(programs).map(([name, path]): ImageFile => ({
      kind: 'program',
      from: name === 'wireguard-go' ? must(binaryPath('wireguard-go'), name) : `/usr/lib/cni/${name}`,
      to: path,
    })),
  ];
}

function ownFiles({ links, texts, folders }: Contents): readonly ImageFile[] {
  return [
    ...Object.entries(links).map(([at, to]): ImageFile => ({ kind: 'link', at, to })),
    ...Object.entries(texts).map(([at, content]): ImageFile => ({ kind: 'text', at, content })),
    ...Object.entries(folders).map(([at, mode]): ImageFile => ({ kind: 'folder', at, mode })),
    { kind: 'link', at: '/bin', to: 'usr/bin' },
    { kind: 'link', at: '/sbin', to: 'usr/sbin' },
  ];
}

const accounts: readonly ImageFile[] = [
  { kind: 'text', at: '/etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' },
  { kind: 'text', at: '/etc/group', content: 'root:x:0:\nnogroup:x:65534:\n' },
];

async function busyboxFiles(): Promise<ImageFile[]> {
  const applets = (await run(['/bin/busybox', '--list']))
    .trim()
    .split('\n')
    .filter((name) => name !== 'busybox');
  return [
    { kind: 'copy', from: '/bin/busybox', to: '/bin/busybox' },
    ...applets.map((name): ImageFile => ({ kind: 'link', at: `/bin/${name}`, to: 'busybox' })),
    ...accounts,
    { kind: 'folder', at: '/tmp', mode: 0o1777 },
    { kind: 'folder', at: '/root' },
  ];
}

/** Process 1 of a pod's sandbox: reaps, and ends on TERM. */
const PAUSE_SOURCE = `
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int number) { (void)number; _exit(0); }
static void reap(int number) { (void)number; while (waitpid(-1, NULL, WNOHANG) > 0) {} }
int main(void) {
  signal(SIGTERM, leave); signal(SIGINT, leave); signal(SIGCHLD, reap);
  for (;;) pause();
}
`;

async function pauseProgram(folder: string): Promise<string> {
  const out = join(folder, 'pause');
  if (!existsSync(out)) await run(['gcc', '-Os', '-static', '-s', '-x', 'c', '-o', out, '-'], { input: PAUSE_SOURCE });
  return out;
}

/** Changes when a file that goes in changes, by size and time. */
function fingerprint(spec: ImageSpec): string {
  const hash = createHash('sha256').update(JSON.stringify(spec));
  for (const file of spec.layers.flat()) if (file.kind === 'copy' || file.kind === 'program') stamp(file.from, hash);
  return hash.digest('hex').slice(0, 12);
}

function stamp(path: string, hash: ReturnType<typeof createHash>): void {
  const stat = statSync(path);
  if (stat.isDirectory()) for (const name of readdirSync(path).toSorted()) stamp(join(path, name), hash);
  else if (stat.size < 10_000_000) hash.update(readFileSync(path));
  else hash.update(`${path} ${stat.size} ${stat.mtimeMs}`);
}

function must(path: string | undefined, name: string): string {
  if (path === undefined) throw new Error(`${name} is not built: run \`make setup\``);
  return path;
}
