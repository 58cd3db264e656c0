/**
 * What a machine needs before it can run the lab, as a list of findings; looks only, changes nothing.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { attempt } from '../process.js';
import { CACHE } from '../binaries/locate.js';
import { missingBinaries, type Purpose } from '../binaries/build.js';

export interface Finding {
  /** What is missing, and what a person can do about it. */
  readonly problem: string;
  /** `packages` and `binaries` are put right by `make setup`; `fatal` ones by nobody but the user; `warning`s may be lived with. */
  readonly kind: 'packages' | 'binaries' | 'fatal' | 'warning';
}

/** Debian package to a file that it brings. */
const PACKAGES: Readonly<Record<string, string>> = {
  runc: '/usr/sbin/runc',
  containerd: '/usr/bin/containerd',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  'busybox-static': '/bin/busybox',
  nftables: '/usr/sbin/nft',
  iptables: '/usr/sbin/iptables',
  conntrack: '/usr/sbin/conntrack',
  'wireguard-tools': '/usr/bin/wg',
  iproute2: '/sbin/ip',
  'iputils-ping': '/usr/bin/ping',
  procps: '/usr/sbin/sysctl',
  'redis-server': '/usr/bin/redis-server',
  'redis-tools': '/usr/bin/redis-cli',
  iperf3: '/usr/bin/iperf3',
  tcpdump: '/usr/bin/tcpdump',
  openssl: '/usr/bin/openssl',
  'util-linux': '/usr/bin/nsenter',
  gcc: '/usr/bin/gcc',
  'libc6-dev': '/usr/include/stdlib.h',
};

const GO_VERSION = [1, 25] as const;
const NODE_VERSION = [20, 18] as const;
/** A node takes two instances, a pod up to two, and the default of 128 is shared with everything else of root. */
const INOTIFY_INSTANCES = 512;
/** Three clusters of six nodes: 2 GB in use, and as much again while programs start. */
const MEMORY_MB = 4_000;
const DISK_MB = 4_000;
const BUILD_DISK_MB = 8_000;

export async function checkMachine(purpose: Purpose): Promise<Finding[]> {
  const packages = missingPackages();
  const binaries = missingBinaries(purpose);
  return [
    ...kernelFindings(),
    ...toolFindings(binaries.length > 0 ? await goVersion() : GO_VERSION),
    ...roomFindings(binaries.length > 0 ? BUILD_DISK_MB : DISK_MB),
    ...(packages.length > 0 ? [{ kind: 'packages', problem: `Debian packages: ${packages.join(' ')}` } as const] : []),
    ...(binaries.length > 0
      ? [{ kind: 'binaries', problem: `programs to build from their Go modules: ${binaries.join(' ')}` } as const]
      : []),
  ];
}

/** Packages whose file is not there. */
export function missingPackages(): string[] {
  return Object.entries(PACKAGES)
    .filter(([, path]) => !isInstalled(path))
    .map(([name]) => name);
}

/** Programs lie in one folder for programs or another, as the system likes; other files where they are said to be. */
function isInstalled(path: string): boolean {
  if (!/\/s?bin\//.test(path)) return existsSync(path);
  const name = path.slice(path.lastIndexOf('/') + 1);
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'].some((folder) => existsSync(join(folder, name)));
}

function kernelFindings(): Finding[] {
  const findings: Finding[] = [];
  const fatal = (problem: string): void => void findings.push({ kind: 'fatal', problem });
  if (process.platform !== 'linux') fatal(`Linux: this is ${process.platform}; use a Linux virtual machine`);
  if (process.getuid?.() !== 0) fatal('root: run it with sudo (namespaces, cgroups and TUN devices need it)');
  if (!existsSync('/dev/net/tun')) fatal('/dev/net/tun: load the module `tun`, or give the container that device');
  if (!existsSync('/sys/fs/cgroup')) fatal('/sys/fs/cgroup: mount the control groups');
  const limit = '/proc/sys/fs/inotify/max_user_instances';
  const instances = existsSync(limit) ? Number(readFileSync(limit, 'utf8')) : INOTIFY_INSTANCES;
  if (instances < INOTIFY_INSTANCES) {
    const advice = `more need \`sysctl fs.inotify.max_user_instances=${INOTIFY_INSTANCES}\``;
    findings.push({
      kind: 'warning',
      problem: `fs.inotify.max_user_instances is ${instances}: enough for about four clusters; ${advice}`,
    });
  }
  return findings;
}

function toolFindings(go: readonly number[] | undefined): Finding[] {
  const findings: Finding[] = [];
  const node = process.versions.node.split('.').map(Number);
  if (isOlder(node, NODE_VERSION))
    findings.push({ kind: 'fatal', problem: `Node ${NODE_VERSION.join('.')} or newer: this is ${process.versions.node}` });
  const wanted = `Go ${GO_VERSION.join('.')} or newer`;
  if (go === undefined) {
    const advice = 'see https://go.dev/dl, or point KUBEBUILDER_ASSETS at a folder that has them';
    findings.push({ kind: 'fatal', problem: `${wanted}, to build the Kubernetes programs: ${advice}` });
  } else if (isOlder(go, GO_VERSION)) {
    findings.push({ kind: 'fatal', problem: `${wanted}: this is ${go.join('.')}` });
  }
  return findings;
}

function roomFindings(diskMB: number): Finding[] {
  const findings: Finding[] = [];
  const freeMB = Math.round(freemem() / 1e6);
  if (freeMB < MEMORY_MB) findings.push({ kind: 'warning', problem: `${freeMB} MB of memory are free; three clusters want ${MEMORY_MB}` });
  const at = [CACHE, dirname(dirname(CACHE)), '/'].find((path) => existsSync(path)) ?? '/';
  const disk = statfsSync(at);
  const roomMB = Math.round((disk.bavail * disk.bsize) / 1e6);
  if (roomMB < diskMB)
    findings.push({
      kind: 'fatal',
      problem: `${diskMB} MB of disk below ${at}: there are ${roomMB}; XDG_CACHE_HOME moves the cache elsewhere`,
    });
  return findings;
}

/** undefined: there is none. */
async function goVersion(): Promise<number[] | undefined> {
  const { stdout } = await attempt(['go', 'env', 'GOVERSION']);
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

function isOlder([major = 0, minor = 0]: readonly number[], [needMajor, needMinor]: readonly [number, number]): boolean {
  return major < needMajor || (major === needMajor && minor < needMinor);
}
