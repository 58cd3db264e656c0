/**
 * The node-agent's loop: inputs of the cluster and state of the host in, changes out.
 *
 * Whatever happens (an object changes, a name resolves anew, somebody removes a route) only says that it is time to look;
 * one pass at a time then does everything that is to do. What the host holds is remembered from pass to pass, so that one
 * change costs one command; after a failure, a loss, or 30 s it is read again.
 */
import { additions } from '../core/host/additions.js';
import { rememberEndpoints, type EndpointMemory } from '../core/host/endpoints.js';
import { cniProblems } from '../core/host/diffCni.js';
import { internalAddresses, isSpared } from '../core/host/discover.js';
import { createHostModel, type HostModel } from '../core/host/hostModel.js';
import type { HostState } from '../core/host/state.js';
import type { HostAddress } from '../core/host/parseIp.js';
import type { Path } from '../core/host/parsePaths.js';
import { hear, worthTelling } from '../core/host/hear.js';
import { explainFailure } from '../core/host/explainFailure.js';
import { diffGroups, planChanges } from '../core/host/planChanges.js';
import { type Judged, judgeKilo, type Verdict } from '../core/kilo/judge.js';
import { confirmedBy } from '../core/kilo/recognise.js';
import { changeText } from '../core/host/render.js';
import { type Choices, steer } from '../core/failover/config.js';
import type { Change } from '../core/host/change.js';
import { type MissingSocket, socketProblems } from '../core/failover/socketProblems.js';
import type { Healing } from '../core/failover/stall.js';
import type { Mesh, MeshSpec } from '../core/api/mesh.js';
import type { MeshInput } from '../core/mesh/input.js';
import type { NodePlan, Problem } from '../core/mesh/plan.js';
import type { PlannedNode } from '../core/mesh/planNode.js';
import type { Resolver } from '../core/names/resolver.js';
import type { Clock } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { Cluster } from './cluster.js';
import type { Failure } from './host/apply.js';
import type { KiloSight, KiloWatch } from './kilo/kiloWatch.js';
import { KILO_INTERFACE, withoutKilo } from './kilo/withoutKilo.js';
import { createHeardNews } from './heardNews.js';
import type { Host } from './host/host.js';
import { endpointNames, gatewayAddresses, type ClusterInputs } from './inputs.js';
import type { AgentMetrics } from './metrics.js';
import { type LearnedMtus, pathMtu, type Roamed, roamedAddresses } from './pathMtu.js';
import type { Publisher } from './publish.js';
import { publishNode, tellProblems } from './publishNode.js';
import type { SavedInputs, StateFiles } from './stateFiles.js';

export interface AgentDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  readonly publicKey: string;
  readonly cluster: Pick<Cluster, 'inputs'>;
  readonly host: Pick<Host, 'observe' | 'paths' | 'apply' | 'switchGroups'>;
  readonly kilo: KiloWatch;
  readonly resolver: Pick<Resolver, 'want' | 'answers'>;
  /** Addresses of the API server that are known now. */
  readonly apiServers: () => readonly string[];
  readonly publisher: Publisher;
  readonly files: Pick<StateFiles, 'saveEndpoints'>;
  /** May be late, so that many passes cost one write. */
  readonly saveInputs: (saved: SavedInputs) => void;
  readonly metrics: Pick<AgentMetrics, 'applied' | 'healed' | 'leftOut'>;
  readonly planNode: (input: MeshInput) => PlannedNode;
  /** A plan with the ways that are to be used now; `active`: the groups that the host has. */
  readonly steer: (plan: NodePlan, mesh: MeshSpec, active: ReadonlyMap<number, readonly number[]>) => NodePlan;
  /** Whether the node is to be spared. */
  readonly setDraining: (draining: boolean) => void;
  readonly missingSockets: () => readonly MissingSocket[];
}

/** What an earlier life left in files. */
export interface Memory {
  readonly endpoints: EndpointMemory;
  readonly saved: SavedInputs | undefined;
}

export type PassResult =
  /** The host is as planned. `published`: so is our MeshNode. */
  | { readonly kind: 'matched'; readonly changes: number; readonly published: boolean }
  /** Nothing can be planned yet; the host stays as it is. */
  | {
      readonly kind: 'waiting';
      readonly reason: string;
      readonly published: boolean;
      /** Nobody tells when the reason is gone: look again soon. */
      readonly soon?: boolean;
    }
  | { readonly kind: 'failed'; readonly failures: readonly string[]; readonly published: boolean };

export interface Agent {
  pass(signal: AbortSignal): Promise<PassResult>;
  /** What is remembered of the host may be wrong: the next pass reads it. */
  doubt(): void;
  /** The last plan; undefined: there is none yet. */
  plan(): NodePlan | undefined;
  /** Moves traffic to the ways that were chosen, at once and without a pass. */
  takeWays(choices: Choices): Promise<void>;
  /** Makes a peer of a plane, or the plane's whole interface, anew; or sends to the wanted endpoint of a peer again, or to another. */
  heal(healing: Healing, signal: AbortSignal): Promise<void>;
}

export function createAgent(deps: AgentDeps, memory: Memory): Agent {
  let endpoints = memory.endpoints;
  let seen: Seen | undefined;
  let planned: NodePlan | undefined;
  /** A doubt that comes while the host is being read stays. */
  let doubts = 0;
  const told = new Map<string, string>();
  const learned: LearnedMtus = new Map();
  const hearNews = createHeardNews(deps.clock);

  async function look(inputs: ClusterInputs): Promise<Seen> {
    const internalIPs = inputs.node === undefined ? [] : internalAddresses(inputs.node);
    if (seen !== undefined && seen.doubts === doubts && seen.internalIPs.join() === internalIPs.join() && deps.clock.now() - seen.at < REFRESH_MS) return seen;
    const before = doubts;
    const [{ state, addresses }, kilo] = await Promise.all([deps.host.observe(internalIPs), deps.kilo.look()]);
    return { model: createHostModel(state), addresses, kilo, roamed: roamedAddresses(state), paths: new Map(), internalIPs, at: deps.clock.now(), doubts: before };
  }

  async function pass(signal: AbortSignal): Promise<PassResult> {
    const live = deps.cluster.inputs();
    const inputs = live ?? memory.saved?.inputs;
    if (inputs === undefined) return { kind: 'waiting', reason: 'the API server has not told everything yet', published: true };
    attend(deps, inputs);
    if (inputs.mesh === undefined) return { kind: 'waiting', reason: 'there is no Mesh named default: create one', published: true };
    const now = await look(inputs);
    seen = now;
    const shaped = await shape({ ...inputs, mesh: inputs.mesh }, now, { saved: live === undefined, signal });
    if (live === undefined) return { ...shaped.result, published: true };
    if (shaped.resolved !== undefined) deps.saveInputs({ inputs, resolved: shaped.resolved, apiServers: deps.apiServers() });
    // Last, so that an API server that does not answer keeps no change of the host waiting.
    const { wireguard, at } = now.model.state();
    const hearing = hearNews(planned === undefined ? [] : worthTelling(hear({ plan: planned, wireguard, at }), deps.nodeName, inputs.meshNodes));
    return { ...shaped.result, published: await publishNode(deps, { inputs, seen: now, told, problems: shaped.problems, hearing }) };
  }

  /** Makes the host what the inputs say. */
  async function shape(inputs: ClusterInputs & { readonly mesh: Mesh }, now: Seen, how: How): Promise<Shaped> {
    const { spec } = inputs.mesh;
    const resolved = { ...memory.saved?.resolved, ...deps.resolver.answers() };
    const observed = now.model.state();
    const gateways = gatewayAddresses(inputs, resolved);
    const ends = [...[...gateways.values()].flat(), ...now.roamed.filter(({ publicKey }) => gateways.has(publicKey)).map(({ address }) => address)];
    const smallest = await pathMtu(deps.host, [...new Set(ends)], { known: now.paths, learned, now: deps.clock.now() });
    const result = deps.planNode({ node: deps.nodeName, mesh: spec, nodes: inputs.meshNodes, peers: inputs.peers, resolved, apiServers: deps.apiServers(), underlayMtu: observed.underlay?.mtu ?? DEFAULT_MTU, pathMtu: smallest });
    if (result.kind === 'absent') return { result: { kind: 'waiting', reason: result.reason }, problems: [] };
    const kilo = judge(now, spec, { plan: result.plan, nodes: inputs.meshNodes });
    if (kilo.kind === 'hold') {
      seen = undefined;
      return { result: { kind: 'waiting', reason: kilo.reason, soon: true }, problems: [] };
    }
    planned = result.plan;
    const cni = cniProblems(deps.nodeName, planned.cni, observed.cni);
    tellProblems(deps.log, told, 'cni', cni);
    const sockets = socketProblems(deps.nodeName, deps.missingSockets());
    tellProblems(deps.log, told, 'probes', sockets);
    const problems = [...cni, ...sockets, ...planned.problems.filter(({ subject }) => subject === `node ${deps.nodeName}`)];
    const { failed, changes } = await bring(now, deps.steer(planned, spec, observed.groups), kilo, how);
    if (failed.length > 0 || kilo.kind === 'takeOver') seen = undefined;
    return { result: failed.length > 0 ? { kind: 'failed', failures: failed } : { kind: 'matched', changes }, problems, resolved };
  }

  /** Makes the host what `desired` says, as far as that is possible. */
  async function bring({ model }: Seen, desired: NodePlan, kilo: Verdict, { saved, signal }: How): Promise<{ readonly failed: readonly string[]; readonly changes: number }> {
    const observed = kilo.kind === 'beside' ? withoutKilo(model.state()) : model.state();
    tellProblems(deps.log, told, 'plan', desired.problems);
    deps.metrics.leftOut(desired.problems);
    const all = planChanges({ desired, observed, prior: endpoints, publicKey: deps.publicKey });
    const changes = saved ? additions(all, observed) : all;
    const { done, failures } = await deps.host.apply(model, changes, signal);
    for (const change of done.slice(0, LOGGED)) deps.log.debug('Changed', { change: changeText(change) });
    const remembered = rememberEndpoints(desired, endpoints, failures.map((failure) => failure.change));
    if (!sameMap(remembered, endpoints)) await deps.files.saveEndpoints(remembered);
    endpoints = remembered;
    deps.metrics.applied(model.state(), done.length, failures.length);
    if (done.length > 0) deps.log.info('The host was changed', { changes: done.length, failures: failures.length });
    return { failed: failures.length > 0 ? failures.map(failureText) : await removeKilo(deps, kilo), changes: done.length };
  }

  return {
    async pass(signal) {
      try {
        return await pass(signal);
      } catch (error) {
        seen = undefined;
        throw error;
      }
    },
    doubt() {
      doubts += 1;
    },
    plan: () => planned,
    async takeWays(choices) {
      if (seen === undefined || planned === undefined) return;
      const { set } = diffGroups(steer(planned, choices), seen.model.state());
      const failures = await deps.host.switchGroups(seen.model, set);
      if (failures.length > 0) deps.log.warn('A switch failed; the next pass repeats it', { failures: failures.map(failureText) });
    },
    async heal(healing, signal) {
      if (seen === undefined || planned === undefined) return;
      const changes = healingChanges(healing, planned, seen.model.state());
      if (changes.length === 0) return;
      deps.log.warn(HEALING[healing.kind], { ...healing });
      deps.metrics.healed(healing.kind);
      await deps.host.apply(seen.model, changes, signal);
      doubts += 1;
    },
  };
}

interface How {
  /** Planned from what an earlier life saved: the API server has not told everything yet. */
  readonly saved: boolean;
  readonly signal: AbortSignal;
}

interface Shaped {
  readonly result: Unpublished<PassResult>;
  /** Of the node itself, for its MeshNode. */
  readonly problems: readonly Problem[];
  /** Absent: nothing could be planned. */
  readonly resolved?: SavedInputs['resolved'];
}

type Unpublished<T> = T extends unknown ? Omit<T, 'published'> : never;

interface Seen {
  readonly model: HostModel;
  readonly addresses: readonly HostAddress[];
  /** Where peers were heard from. */
  readonly roamed: readonly Roamed[];
  /** The ways that were asked for since. */
  readonly paths: Map<string, Path | null>;
  readonly kilo: KiloSight;
  readonly internalIPs: readonly string[];
  readonly at: number;
  readonly doubts: number;
}

/** How long what we know of the host is believed. */
const REFRESH_MS = 30_000;
const DEFAULT_MTU = 1500;
const HEALING: Readonly<Record<Healing['kind'], string>> = {
  peer: 'A tunnel is deaf though the far gateway lives: its peer is made anew',
  interface: 'A tunnel is deaf though the far gateway lives: its interface is made anew',
  endpoint: 'A tunnel fails where its far end was last heard from: the endpoint that is wanted is tried again',
  heard: 'A tunnel fails: an endpoint at which others hear its far end is tried',
};
/** A first pass may have thousands of changes; their number says enough. */
const LOGGED = 100;

/** Nothing where the plan does not know it, or people's peers, who have no other plane, would be cut off with it. */
function healingChanges(healing: Healing, plan: NodePlan, { wireguard }: HostState): readonly Change[] {
  const device = plan.interfaces.find(({ plane }) => plane === healing.plane);
  if (device === undefined) return [];
  if (healing.kind === 'interface') return device.peers.some(({ owner }) => owner.startsWith('peer ')) ? [] : [{ kind: 'link.delete', name: device.name }];
  const peer = device.peers.find(({ publicKey }) => publicKey === healing.publicKey);
  if (peer === undefined) return [];
  if (healing.kind === 'endpoint') return peer.endpoint === undefined ? [] : [{ kind: 'peer.set', interface: device.name, publicKey: peer.publicKey, endpoint: peer.endpoint }];
  const { owner: _owner, heard, ...rest } = peer;
  const now = wireguard.get(device.name)?.peers.get(peer.publicKey)?.endpoint;
  // Who dials in is found only where it was last heard from, and so is who is behind NAT.
  const found = heard === undefined ? (peer.endpoint ?? now) : (now ?? peer.endpoint);
  // Made anew, a peer has no session that counts as dead, and its next handshake begins at once.
  const endpoint = healing.kind === 'heard' ? healing.endpoint : found;
  return [{ kind: 'peer.delete', interface: device.name, publicKey: peer.publicKey }, { kind: 'peer.set', interface: device.name, ...rest, ...(endpoint === undefined ? {} : { endpoint }) }];
}

/** What the inputs mean for those who work beside the passes. */
function attend(deps: AgentDeps, inputs: ClusterInputs): void {
  deps.setDraining(inputs.node !== undefined && isSpared(inputs.node));
  deps.resolver.want(endpointNames(inputs));
}

function judge({ model, kilo }: Seen, { besideKilo }: MeshSpec, known: Pick<Judged, 'plan' | 'nodes'>): Verdict {
  const { wireguard, at } = model.state();
  return judgeKilo({ ...known, besideKilo, kilo: kilo.recognise(confirmedBy(known.plan)), wireguard: wireguard.get(KILO_INTERFACE), at });
}

/** Only once everything of ours is in place. What failed. */
async function removeKilo(deps: AgentDeps, verdict: Verdict): Promise<readonly string[]> {
  if (verdict.kind !== 'takeOver') return [];
  const { routes, rules, addresses, firewalls } = verdict.traces;
  const failed = await deps.kilo.remove(verdict.traces);
  deps.log.info('Took this node over from Kilo, and removed what its agent had left', {
    routes: routes.length, rules: rules.length, addresses: addresses.length, iptables: firewalls.map(({ variant, table }) => `${variant} ${table}`), failures: failed.length,
  });
  return failed;
}

function failureText({ change, reason }: Failure): string {
  return `${changeText(change)}: ${explainFailure(change, reason)}`;
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
