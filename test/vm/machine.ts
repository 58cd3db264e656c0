/**
 * A virtual machine under software emulation: no network, no disk, one processor whose clock counts instructions. How slow the emulation
 * is, and what else this machine does, is therefore not seen inside.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ended, start, until } from '../lab/process.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { initramfs, type Share } from './initramfs.js';
import type { Kernel } from './kernels.js';

export interface Machine {
  /** Shared with it, at the same path, writable: see jobs.ts. */
  readonly folder: string;
  /** Seconds that its own clock counted until it took jobs. */
  readonly bootSeconds: number;
  /** Ends it, and removes what it left. */
  stop(): Promise<void>;
}

const MEMORY_MIB = 2048;
/** Emulated on a machine that does much else. */
const BOOT_MS = 900_000;
const COMMAND_LINE = 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr rcupdate.rcu_expedited=1 tsc=reliable random.trust_cpu=on';

/** Of the lowest priority: it gets what nobody else wants of the processors. @throws with the console's last words if it does not boot. */
export async function boot(kernel: Kernel, signal: AbortSignal): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'kilofed-vm-'));
  const shares = sharesFor(folder);
  const image = join(folder, 'initramfs');
  writeFileSync(image, await initramfs(kernel, shares, beginScript(folder)));
  const child = start(['chrt', '--idle', '0', 'qemu-system-x86_64', ...options(kernel, folder, image, shares)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const consoleText = (): string => (existsSync(join(folder, 'console')) ? readFileSync(join(folder, 'console'), 'utf8').slice(-2000) : '');
  void ended(child).then(() => existsSync(folder) && writeFileSync(join(folder, 'ended'), consoleText()));
  try {
    const booted = await until('the machine to boot', BOOT_MS, () => {
      if (signal.aborted) return 'it was interrupted';
      if (existsSync(join(folder, 'ended'))) return 'it ended';
      return existsSync(join(folder, 'booted')) ? readFileSync(join(folder, 'booted'), 'utf8').trim() : undefined;
    });
    if (Number.isNaN(Number(booted))) throw new Error(booted);
    return { folder, bootSeconds: Number(booted), stop };
  } catch (error) {
    const words = consoleText();
    await stop();
    throw new Error(`${String(error)}; its console: ${words}`, { cause: error });
  }
}

/** What is not below /usr: the repository, Node, wireguard-go; and the folder of jobs. */
function sharesFor(folder: string): readonly Share[] {
  const paths = [
    resolve(import.meta.dirname, '../../..'),
    dirname(dirname(process.execPath)),
    dirname(binaryPath('wireguard-go') ?? '/usr/bin'),
  ];
  const outside = [...new Set(paths)].filter((path) => path !== '/usr' && !path.startsWith('/usr/'));
  return [...outside.map((path, index) => ({ tag: `share${index}`, path })), { tag: 'jobs', path: folder, writable: true }];
}

function options({ release, folder: kernel }: Kernel, folder: string, image: string, shares: readonly Share[]): string[] {
  const all: readonly Share[] = [{ tag: 'usr', path: '/usr' }, { tag: 'etc', path: '/etc' }, { tag: 'modules', path: kernel }, ...shares];
  return [
    ...['-M', 'pc', '-cpu', 'Nehalem', '-accel', 'tcg,thread=single', '-smp', '1', '-m', String(MEMORY_MIB)],
    // A nanosecond for each instruction. While it waits, its clock is ours: one that leaps ahead would do so while a file is read, too.
    ...['-icount', 'shift=0,sleep=on'],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-nic', 'none', '-serial', `file:${join(folder, 'console')}`],
    ...['-device', 'virtio-rng-pci', '-kernel', join(kernel, 'boot', `vmlinuz-${release}`), '-initrd', image, '-append', COMMAND_LINE],
    ...all.flatMap(({ tag, path, writable }) => [
      '-virtfs',
      `local,path=${path},mount_tag=${tag},security_model=none,multidevs=remap${writable === true ? '' : ',readonly=on'}`,
    ]),
  ];
}

/** The first process: what a system's start does, then one job after the other. */
function beginScript(folder: string): string {
  return `
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts; mount -t tmpfs shm /dev/shm; mount -t tmpfs run /run; mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -sfn /proc/self/fd /dev/fd; ln -sfn /proc/self/fd/0 /dev/stdin; ln -sfn /proc/self/fd/1 /dev/stdout; ln -sfn /proc/self/fd/2 /dev/stderr
hostname kernel; ip link set lo up; /opt/modprobe tun
cd ${folder}
cut -d' ' -f1 /proc/uptime > booting; mv booting booted
for ((job = 1; ; job++)); do
  until [ -e $job.job ]; do sleep 0.1; done
  began=$(cut -d' ' -f1 /proc/uptime)
  setsid bash $job.job > $job.stdout 2> $job.stderr < /dev/null
  echo "$? $began $(cut -d' ' -f1 /proc/uptime)" > $job.ending; mv $job.ending $job.ended
done
`;
}
