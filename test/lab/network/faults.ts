/**
 * Network faults, set on the far side of a host's cable: the host sees nothing but missing packets, its links stay up and no
 * address changes. For hosts of the bare lab and real nodes alike, which are plugged in the same way.
 *
 * One nft table of family netdev per device, rewritten as a whole, so faults combine and heal one by one in any order. It acts
 * below IP, hence on ARP, on bridged frames and on tunnels, whose addresses are those of their ends.
 */
import { type Lan } from '../../bare/network.js';
import { attempt, run } from '../process.js';

/** A node, or anything else plugged into a LAN by `plug`. */
interface FaultyHost {
  readonly name: string;
  /** On its LAN. */
  readonly address: string;
}

export interface Fault {
  /** For people, e.g. `east-eu1 is silent`. */
  readonly what: string;
  heal(): Promise<void>;
}

export interface Faults {
  /** Nothing from or to the host passes any more. */
  silence(host: FaultyHost): Promise<Fault>;
  /** Nothing from `from` reaches `address`, which may be a host's or an API server's; the other direction works. */
  dropOneWay(from: FaultyHost, address: string): Promise<Fault>;
  /** The LAN is cut off from all others and from the API servers; inside it all works. */
  cutLan(lan: Lan): Promise<Fault>;
  /** The host and the other hosts of its LAN do not hear each other; its way to the router, and so to other LANs, works. */
  cutFromLan(host: FaultyHost): Promise<Fault>;
  /** The opposite: the host has its LAN, and no router. */
  cutFromWan(host: FaultyHost): Promise<Fault>;
  /** A firewall before the host drops UDP to these ports, both ways. */
  blockUdp(host: FaultyHost, first: number, last: number): Promise<Fault>;
  /** Loses a share (0..1) of what leaves the LAN for others. */
  loseLeaving(lan: Lan, share: number): Promise<Fault>;
  /** Loses a share (0..1) of the packets from the host, and the same share of those to it. */
  lose(host: FaultyHost, share: number): Promise<Fault>;
  /** Delays packets to the host by `ms`. @throws where the kernel has no netem; ask `canDelay` first. */
  delay(host: FaultyHost, ms: number): Promise<Fault>;
  canDelay(): Promise<boolean>;
  healAll(): Promise<void>;
}

/** nft statements for packets that come out of a device's cable, and for those that go into it. */
interface FaultRules {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Faults of this world; make one for a test and heal all at its end. */
export function createFaults(): Faults {
  const active = new Map<Fault, { readonly device: string; readonly rules: FaultRules }>();
  const delays = new Set<Fault>();

  async function render(device: string): Promise<void> {
    const rules = [...active.values()].filter((entry) => entry.device === device).map((entry) => entry.rules);
    await run(['nft', '-f', '-'], { input: faultTable(device, rules) });
  }

  async function add(what: string, device: string, rules: FaultRules): Promise<Fault> {
    const fault: Fault = {
      what,
      async heal() {
        if (active.delete(fault)) await render(device);
      },
    };
    active.set(fault, { device, rules });
    await render(device);
    return fault;
  }

  return {
    silence: (host) => add(`${host.name} is silent`, portOf(host.address), { from: ['drop'], to: ['drop'] }),
    dropOneWay: (from, address) =>
      add(`${from.name} does not reach ${address}`, portOf(from.address), {
        from: [`${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} drop`],
        to: [],
      }),
    // What the bridge itself hands up or is given is what leaves or enters the LAN; its ports go on talking to each other.
    cutLan: (lan) => add(`${lan.bridge} is cut off`, lan.bridge, { from: ['drop'], to: ['drop'] }),
    cutFromLan(host) {
      // The router's own questions and answers pass, and the host's question who the router is, which goes to everybody.
      const { router, address } = routerOf(host.address);
      return add(`${host.name} is cut off from its LAN`, portOf(host.address), {
        from: [`ether type != arp ether daddr != ${router} drop`, `arp daddr ip != ${address} drop`],
        to: [`ether saddr != ${router} drop`],
      });
    },
    cutFromWan(host) {
      const { router, address } = routerOf(host.address);
      return add(`${host.name} is cut off from the WAN`, portOf(host.address), {
        from: [`arp daddr ip ${address} drop`, `ether daddr ${router} drop`],
        to: [`ether saddr ${router} drop`],
      });
    },
    blockUdp(host, first, last) {
      const rule = `udp dport ${first}-${last} drop`;
      return add(`${host.name} lacks UDP ${first} to ${last}`, portOf(host.address), { from: [rule], to: [rule] });
    },
    loseLeaving: (lan, share) =>
      add(`${lan.bridge} loses ${share * 100} % of what leaves it`, lan.bridge, { from: [lossRule(share)], to: [] }),
    lose(host, share) {
      const rule = lossRule(share);
      return add(`${host.name} loses ${share * 100} %`, portOf(host.address), { from: [rule], to: [rule] });
    },
    async delay(host, ms) {
      const device = portOf(host.address);
      await run(['tc', 'qdisc', 'replace', 'dev', device, 'root', 'netem', 'delay', `${ms}ms`]);
      const fault: Fault = {
        what: `${host.name} is ${ms} ms away`,
        async heal() {
          if (delays.delete(fault)) await run(['tc', 'qdisc', 'del', 'dev', device, 'root']);
        },
      };
      delays.add(fault);
      return fault;
    },
    async canDelay() {
      const { code } = await attempt(['tc', 'qdisc', 'replace', 'dev', 'lo', 'root', 'netem', 'delay', '1ms']);
      if (code === 0) await run(['tc', 'qdisc', 'del', 'dev', 'lo', 'root']);
      return code === 0;
    },
    async healAll() {
      for (const fault of [...active.keys(), ...delays]) await fault.heal();
    },
  };
}

/** The nft input that makes exactly `rules` hold at `device`. */
export function faultTable(device: string, rules: readonly FaultRules[]): string {
  const from = rules.flatMap((rule) => rule.from);
  const to = rules.flatMap((rule) => rule.to);
  const table = `netdev fault_${device}`;
  // To delete what may not be there: make it first.
  const reset = `table ${table}\ndelete table ${table}\n`;
  if (from.length + to.length === 0) return reset;
  return `${reset}table ${table} {\n${chain('from', `ingress device "${device}"`, from)}${chain('to', `egress device "${device}"`, to)}}\n`;
}

function chain(name: string, hook: string, statements: readonly string[]): string {
  const lines = [`type filter hook ${hook} priority 0;`, ...statements];
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}

function lossRule(share: number): string {
  return `numgen random mod 10000 < ${Math.round(share * 10_000)} drop`;
}

/** MAC and IPv4 address of the router of the LAN that `address` is of, as `createLan` gives them. */
function routerOf(address: string): { readonly router: string; readonly address: string } {
  const [, prefix = '', lan = ''] = /^(172\.20\.(\d+))\.\d+$/.exec(address) ?? [];
  return { router: `02:00:00:00:01:${Number(lan).toString(16).padStart(2, '0')}`, address: `${prefix}.1` };
}

/** The bridge port of the host with that address: 172.20.3.11 and fd20:0:3::11 are plugged into v3h11. */
function portOf(address: string): string {
  const [, lan, host] = /^(?:172\.20\.|fd20:0:)(\d+)(?:\.|::)(\d+)$/.exec(address) ?? [];
  if (lan === undefined || host === undefined) throw new Error(`${address} is not an address of a LAN`);
  return `v${lan}h${host}`;
}
