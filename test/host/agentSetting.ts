import type { Mesh } from '../../core/api/mesh.js';
import { meshSpecSchema } from '../../core/api/meshSpec.js';
import type { MeshNode, MeshNodeSpec } from '../../core/api/meshNode.js';
import type { Problem } from '../../core/api/problem.js';
import type { Peer } from '../../core/api/peer.js';
import type { Change } from '../../core/host/change.js';
import type { MissingSocket } from '../../core/failover/socketProblems.js';
import type { HostRepair } from '../../core/tunnels/repair.js';
import { changeText } from '../../core/host/render.js';
import { createPlanMemory } from '../../core/mesh/planMemory.js';
import { planNode } from '../../core/mesh/planNode.js';
import { createFakeHost, type FakeHost } from './fakeHost.js';
import { createHandClock, SILENT, type HandClock } from './handClock.js';
import { keyOf } from './plans.js';
import { createTunnelRepairs } from '../../node-agent/tunnels/repairs.js';
import { createAgent, type Agent, type Memory } from '../../node-agent/agent.js';
import type { ApplyResult, Failure } from '../../node-agent/host/apply.js';
import type { Host } from '../../node-agent/host/host.js';
import { createHostView, type HostView } from '../../node-agent/view/hostView.js';
import type { KiloWatch } from '../../node-agent/kilo/kiloWatch.js';
import type { ClusterInputs } from '../../node-agent/inputs.js';
import { kiloRemoval, stepText } from '../../core/kilo/removal.js';
import { NO_TRACES, type KiloOnHost } from '../../core/kilo/traces.js';

const NODE = 'a';
export const mesh: Mesh = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default' },
  spec: meshSpecSchema.parse({}),
};

export function meshNode(name: string, location: string, octet: number, placed = true): MeshNode {
  return {
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: `uid-${name}` }] },
    spec: {
      publicKey: keyOf(name),
      endpoints: [{ host: `10.0.${octet}.2`, port: 51820 }],
      internalIPs: [`10.0.${octet}.2/24`],
      podCIDRs: [`10.42.${octet}.0/24`],
      location,
      gateway: 'auto',
      persistentKeepalive: 0,
    },
    ...(placed ? { status: { meshAddresses: [`10.4.0.${octet + 1}`], slot: 0 } } : {}),
  };
}

export const INPUTS: ClusterInputs = {
  mesh,
  node: {
    metadata: { name: NODE, uid: 'uid-a', annotations: { 'kilo.squat.ai/location': 'one' } },
    spec: { podCIDRs: ['10.42.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] },
  },
  meshNodes: [meshNode('a', 'one', 0), meshNode('b', 'two', 1)],
  peers: [],
  exported: [],
};

export function laptop(ip?: string): Peer {
  return {
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name: 'laptop' },
    spec: {
      publicKey: keyOf('laptop'),
      allowedIPs: ['10.5.0.1/32'],
      ...(ip === undefined ? {} : { endpoint: { dnsOrIP: { ip }, port: 51820 } }),
    },
  };
}

/** A gateway of the member west, as the hub writes it. */
export function ofMember(ip?: string): Peer {
  const { spec, ...rest } = laptop(ip);
  return {
    ...rest,
    metadata: {
      name: 'west-eu-0',
      labels: {
        'kilofed.io/managed-by': 'kilofed-hub',
        'kilofed.io/cluster': 'west',
        'kilofed.io/segment': 'eu',
        'kilofed.io/location': 'eu',
      },
      annotations: { 'kilofed.io/slot': '0', 'kilofed.io/planes': '2' },
    },
    spec,
  };
}

interface AgentSetting {
  readonly agent: Agent;
  readonly view: HostView;
  readonly clock: HandClock;
  readonly host: FakeHost;
  inputs: ClusterInputs | undefined;
  /** Changes that the host refuses. */
  refuse: (text: string) => boolean;
  /** Why the host cannot be read; undefined: it can. */
  unreadable: string | undefined;
  observations: number;
  readonly warnings: string[];
  /** Of every underlay path to an endpoint but those in `pathMtus`, which are by address. */
  pathMtu: number;
  pathMtus: Readonly<Record<string, number>>;
  /** What the kernel has learned of the paths to addresses. */
  learned: Readonly<Record<string, number>>;
  missingSockets: readonly MissingSocket[];
  /** Why health and metrics are not served. */
  notServing: string | undefined;
  /** Of a firewall that is not ours. */
  firewall: readonly Problem[];
  /** What of Kilo is on the host. */
  kilo: KiloOnHost;
  /** The location of each MeshNode, the problems that it publishes, and the endpoints that it observes. */
  readonly published: string[];
  /** What was published at each pass. */
  readonly specs: MeshNodeSpec[];
  /** What publishing comes to. */
  publishing: Promise<string | undefined>;
  readonly saved: unknown[];
  /** Kinds of tunnel repairs that were counted. */
  readonly repaired: string[];
  /** Runs a pass and returns the commands that were carried out. */
  pass(): Promise<readonly string[]>;
  /** Repairs a tunnel and returns the commands that were carried out. */
  repair(repair: HostRepair): Promise<readonly string[]>;
  result(): unknown;
}

export function setting(memory: Partial<Memory> = {}, host = createFakeHost()): AgentSetting {
  const clock = createHandClock();
  let commands: string[] = [];
  let result: unknown;
  const realHost: Pick<Host, 'observe' | 'paths' | 'apply'> = {
    observe() {
      self.observations += 1;
      if (self.unreadable !== undefined) return Promise.reject(new Error(self.unreadable));
      return Promise.resolve({ state: host.state(), addresses: [{ address: '10.0.0.2', prefixLength: 24, dev: 'eth0', mtu: 1500 }] });
    },
    paths: (addresses) =>
      Promise.resolve(
        new Map(
          addresses.map((address) => [
            address,
            {
              dev: 'eth0',
              deviceMtu: 1500,
              mtu: self.pathMtus[address] ?? self.pathMtu,
              ...(self.learned[address] === undefined ? {} : { learned: self.learned[address] }),
            },
          ]),
        ),
      ),
    apply(model, changes): Promise<ApplyResult> {
      const done: Change[] = [];
      const failures: Failure[] = [];
      for (const change of changes) {
        const reason = self.refuse(changeText(change)) ? 'refused' : host.run(change);
        if (reason !== undefined) {
          failures.push({ change, reason });
          continue;
        }
        model.record(change);
        done.push(change);
      }
      commands = done.map(changeText);
      return Promise.resolve({ done, failures });
    },
  };
  const kilo: KiloWatch = {
    look: () => Promise.resolve({ recognise: () => self.kilo }),
    remove(traces) {
      commands.push(...kiloRemoval(traces).map(stepText));
      self.kilo = { traces: NO_TRACES };
      return Promise.resolve([]);
    },
  };
  const view = createHostView({ clock, host: realHost, kilo });
  const planMemory = createPlanMemory();
  const self: AgentSetting = {
    view,
    agent: createAgent(
      {
        clock,
        log: { ...SILENT, warn: (message, data) => void self.warnings.push(`${message}: ${JSON.stringify(data)}`) },
        nodeName: NODE,
        publicKey: keyOf('a'),
        cluster: { inputs: () => self.inputs },
        host: realHost,
        kilo,
        view,
        resolver: { want: () => undefined, answers: () => ({}) },
        apiServers: () => ['192.0.2.9'],
        publisher: {
          publish(_node, spec, present) {
            self.specs.push(spec);
            if (JSON.stringify(present?.spec) !== JSON.stringify(spec))
              self.published.push(
                [
                  spec.location,
                  ...(spec.problems ?? []).map(({ reason }) => reason),
                  ...(spec.observedEndpoints ?? []).map((one) => `${one.plane} ${one.host}:${one.port}`),
                ].join(' '),
              );
            return self.publishing;
          },
        },
        files: { saveEndpoints: () => Promise.resolve() },
        saveInputs: (saved) => void self.saved.push(saved),
        metrics: { applied: () => undefined, leftOut: () => undefined },
        planNode: (input) => planNode(input, planMemory),
        steer: (plan) => plan,
        setDraining: () => undefined,
        missingSockets: () => self.missingSockets,
        notServing: () => self.notServing,
        firewallProblems: () => self.firewall,
      },
      { endpoints: new Map(), saved: undefined, ...memory },
    ),
    clock,
    host,
    inputs: INPUTS,
    refuse: () => false,
    unreadable: undefined,
    observations: 0,
    warnings: [],
    pathMtu: 1500,
    pathMtus: {},
    learned: {},
    missingSockets: [],
    notServing: undefined,
    firewall: [],
    kilo: { traces: NO_TRACES },
    published: [],
    specs: [],
    publishing: Promise.resolve(undefined),
    saved: [],
    repaired: [],
    async repair(repair) {
      commands = [];
      const unused = (): void => undefined;
      await createTunnelRepairs({
        log: SILENT,
        metrics: { repaired: (kind) => void self.repaired.push(kind) },
        view,
        reconcile: unused,
        resolveNames: unused,
        reportUnreachable: unused,
      })(repair, new AbortController().signal);
      return commands;
    },
    async pass() {
      commands = [];
      result = await self.agent.pass(new AbortController().signal);
      return commands;
    },
    result: () => result,
  };
  return self;
}
