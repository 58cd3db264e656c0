/**
 * The first file system of a virtual machine: busybox, the modules that sharing the machine's folders needs, and what to do with them.
 * Everything else is shared, read-only, and found at the same paths as here.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../lab/process.js';
import { cpio } from './cpio.js';
import type { Kernel } from './kernels.js';

/** A folder of this machine. */
export interface Share {
  /** Name for the virtual hardware. */
  readonly tag: string;
  /** Absolute, here and there. */
  readonly path: string;
  readonly writable?: true;
}

/** `begin` is a script for bash; it is run as the first process, with all folders in their places, in the folder `/`. */
export async function initramfs(kernel: Kernel, shares: readonly Share[], begin: string): Promise<Buffer> {
  const modules = await modulesOf(kernel);
  const folders = ['bin', 'mod', 'proc', 'sys', 'dev', 'new'];
  const text = (content: string): Buffer => Buffer.from(content);
  return gzipSync(
    cpio([
      ...folders.map((path) => ({ path })),
      { path: 'bin/busybox', content: readFileSync(BUSYBOX) },
      { path: 'init', content: text(initScript(shares)) },
      { path: 'begin', content: text(begin) },
      ...modules.map((content, index) => ({ path: `mod/${String(index).padStart(3, '0')}.ko`, content })),
    ]),
    { level: 1 },
  );
}

const BUSYBOX = '/bin/busybox';
const MODULES = ['virtio_pci', '9pnet_virtio', '9p'];
/** Where the modules are found inside; the kernel calls MODPROBE for those that it lacks. */
const INSIDE = '/opt/kernel';
const MODPROBE = '/opt/modprobe';

/** In an order in which they can be loaded. */
async function modulesOf({ folder, release }: Kernel): Promise<readonly Buffer[]> {
  const files = new Set<string>();
  for (const name of MODULES) {
    const needed = await run(['modprobe', '-d', folder, '-S', release, '--show-depends', name]);
    for (const line of needed.split('\n')) {
      const [verb, file] = line.split(' ');
      if (verb === 'insmod' && file !== undefined) files.add(file);
    }
  }
  return Promise.all([...files].map(async (file) => (file.endsWith('.xz') ? unpacked(file) : readFileSync(file))));
}

/** busybox loads no compressed modules. */
async function unpacked(file: string): Promise<Buffer> {
  return Buffer.from(await run(['sh', '-c', 'xz -dc "$1" | base64 -w0', basename(file), file]), 'base64');
}

function initScript(shares: readonly Share[]): string {
  const all: readonly Share[] = [{ tag: 'usr', path: '/usr' }, { tag: 'etc', path: '/etc' }, ...shares];
  return `#!${BUSYBOX} sh
b=${BUSYBOX}
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for file in /mod/*; do $b insmod $file; done
$b mount -t tmpfs -o size=1g,mode=755 root /new
cd /new
$b mkdir -p proc sys dev run root home mnt opt tmp var/lib var/log var/tmp ${INSIDE.slice(1)}
$b chmod 1777 tmp var/tmp
for dir in bin sbin lib lib64; do $b ln -s usr/$dir $dir; done
$b ln -s /run var/run
${all.map(({ tag, path, writable }) => `$b mkdir -p .${path}; ${mount(tag, `.${path}`, writable)}`).join('\n')}
${mount('modules', `.${INSIDE}`)}
printf '#!/bin/sh\\nexec /sbin/modprobe -d ${INSIDE} "$@"\\n' > .${MODPROBE}; $b chmod +x .${MODPROBE}
$b cp /begin begin
echo ${MODPROBE} > /proc/sys/kernel/modprobe
$b mount --move /proc proc; $b mount --move /sys sys; $b mount --move /dev dev
exec $b switch_root /new /usr/bin/bash /begin
`;
}

function mount(tag: string, path: string, writable?: true): string {
  const options = ['trans=virtio', 'version=9p2000.L', 'msize=512000', ...(writable === true ? ['cache=none'] : ['ro', 'cache=loose'])];
  return `$b mount -t 9p -o ${options.join(',')} ${tag} ${path}`;
}
