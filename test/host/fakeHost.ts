/**
 * FakeHost: a kernel for tests. It reads the commands that changes print, as `ip`, `bridge`, `wg` and `nft` would, keeps
 * what they set, and refuses and cascades as Linux does. It shares nothing with the model that the agent uses.
 */
import type { Change } from '../../core/host/change.js';
import { firewallFacts } from '../../core/host/firewall.js';
import { batchLine, changeText } from '../../core/host/render.js';
import type { ForwardChain, HostState } from '../../core/host/state.js';
import { EMPTY_HOST } from './emptyHost.js';
import { IPV6, runLine } from './fakeIp.js';
import { type Kernel, loseLink } from './fakeKernel.js';
import { runWg } from './fakeWg.js';

export interface FakeHost {
  /** Undefined, or why the kernel refused. */
  run(change: Change): string | undefined;
  state(): HostState;
  /** Something else on the host takes a device away. */
  lose(device: string): void;
}

interface Peculiarities {
  /** Devices of network plugins, all up. */
  readonly plugins?: readonly string[];
  /** Kinds of devices that the kernel does not know. */
  readonly lacks?: readonly string[];
  /** Which FORWARD chains of iptables there are. */
  readonly forward?: readonly ForwardChain[];
  /** The folder of CNI configurations: names and contents; absent: there is none. */
  readonly cni?: Readonly<Record<string, string>> | undefined;
}

/** `underlay` is a device that belongs to the host. */
export function createFakeHost(
  underlay = 'eth0',
  at = 1_000_000,
  { plugins = [], lacks = [], cni, forward: chains = [] }: Peculiarities = {},
): FakeHost {
  const kernel: Kernel = {
    plugins: new Set(plugins),
    lacks: new Set(lacks),
    links: new Map(),
    wireguard: new Map(),
    addresses: new Set(),
    neighbours: new Map(),
    fdb: new Map(),
    nexthops: new Map(),
    groups: new Map(),
    routes: new Map(),
    rules: new Map(),
    sysctls: new Map(),
    firewall: undefined,
    forward: new Map(chains.map((chain) => [chain, new Set()])),
    cni: cni === undefined ? undefined : new Map(Object.entries(cni)),
  };
  return {
    run: (change) => run(kernel, underlay, change),
    state() {
      const { firewall, plugins: pluginDevices, lacks: _lacks, cni: files, forward, ...rest } = structuredClone(kernel);
      return {
        ...EMPTY_HOST,
        ...rest,
        pluginDevices,
        at,
        underlay: { dev: underlay, mtu: 1500 },
        ...(firewall === undefined ? {} : { firewall }),
        ...(forward.size === 0 ? {} : { forward }),
        ...(files === undefined ? {} : { cni: folderOf(files) }),
      };
    },
    lose: (device) => void loseLink(kernel, device),
  };
}

function run(kernel: Kernel, underlay: string, change: Change): string | undefined {
  const batch = batchLine(change);
  if (batch !== undefined) return runLine(kernel, underlay, [...batch.line.split(' '), ...(batch.channel === 'ip6' ? [IPV6] : [])]);
  if (isOfFiles(change)) return runFile(kernel, change);
  if (change.kind === 'conntrack.forget') return undefined;
  if (change.kind === 'forward.add' || change.kind === 'forward.delete') return runForward(kernel, change);
  switch (change.kind) {
    case 'sysctl.set':
      kernel.sysctls.set(change.name, change.value);
      return undefined;
    case 'wireguard.add':
      if (kernel.links.has(change.name)) return 'File exists';
      kernel.links.set(change.name, { name: change.name, kind: 'wireguard', up: false, mtu: 1420 });
      kernel.wireguard.set(change.name, { listenPort: 0, peers: new Map() });
      return undefined;
    case 'wireguard.configure': {
      const device = kernel.wireguard.get(change.name);
      if (device === undefined) return 'No such device';
      if (change.key) device.publicKey = change.publicKey;
      device.listenPort = change.listenPort ?? device.listenPort;
      return undefined;
    }
    case 'firewall.set':
      kernel.firewall = firewallFacts(change.firewall);
      return undefined;
    case 'firewall.delete':
      kernel.firewall = undefined;
      return undefined;
    default:
      return runWg(kernel, change, changeText(change).split(' '));
  }
}

function runForward({ forward }: Kernel, { kind, chain, rule }: Extract<Change, { kind: `forward.${string}` }>): string | undefined {
  const rules = forward.get(chain);
  if (rules === undefined) return 'No chain/target/match by that name';
  if (kind === 'forward.add') rules.add(rule);
  return kind === 'forward.add' || rules.delete(rule) ? undefined : 'does not exist';
}

type FileChange = Extract<Change, { kind: `cni.${string}` }>;

function isOfFiles(change: Change): change is FileChange {
  return change.kind.startsWith('cni.');
}

function runFile(kernel: Kernel, change: FileChange): string | undefined {
  switch (change.kind) {
    case 'cni.write':
      return void kernel.cni?.set(OWN_FILE, change.text);
    case 'cni.delete':
      return void kernel.cni?.delete(OWN_FILE);
    case 'cni.disable':
      return renameFile(kernel, change.file, `${change.file}.kilofed-disabled`);
    default:
      return renameFile(kernel, change.file, change.file.replace('.kilofed-disabled', ''));
  }
}

const OWN_FILE = '10-kilofed.conflist';

function folderOf(files: ReadonlyMap<string, string>): NonNullable<HostState['cni']> {
  const names = [...files.keys()].toSorted();
  const own = files.get(OWN_FILE);
  return {
    ...(own === undefined ? {} : { own }),
    others: names.filter((name) => /\.(conf|conflist|json)$/.test(name) && name !== OWN_FILE),
    disabled: names.filter((name) => name.endsWith('.kilofed-disabled')),
  };
}

function renameFile({ cni }: Kernel, from: string, to: string): string | undefined {
  const text = cni?.get(from);
  if (cni === undefined || text === undefined) return 'No such file or directory';
  cni.delete(from);
  cni.set(to, text);
  return undefined;
}
