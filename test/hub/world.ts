/**
 * What the suites on real API servers have in common: the clusters, the hub under test, and what it wrote into them.
 */
import { expect } from '@jest/globals';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { FederationStatus } from '../../core/api/status.js';
import { until } from '../lab/process.js';
import type { Cluster } from './cluster.js';
import { type Directory, startHub, type TestHub } from './federation.js';

export interface HubWorld {
  readonly east: Cluster;
  readonly west: Cluster;
  readonly north: Cluster;
  readonly directory: Directory;
  readonly redisUrl?: string;
}

/** The hub that a suite starts and stops; the rest asks the one that runs. */
export interface HubUnderTest {
  start(): void;
  stop(): Promise<void>;
  status(): FederationStatus;
  metrics(): Promise<string>;
  notReady(): string | undefined;
  /** Says that a member has left, as soon as the hub has seen that it is not declared. */
  forget(id: string): Promise<unknown>;
}

export interface Peer extends KubeObject {
  readonly spec: {
    readonly publicKey: string;
    readonly allowedIPs: readonly string[];
    readonly endpoint?: { readonly dnsOrIP: { readonly ip?: string; readonly dns?: string }; readonly port: number };
  };
}

export interface Slice extends KubeObject {
  readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null;
  readonly ports: readonly { readonly name?: string; readonly port: number }[] | null;
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly ports: readonly { readonly name?: string; readonly port: number }[];
    readonly selector?: unknown;
    readonly clusterIPs: readonly string[];
    readonly ipFamilies: readonly string[];
  };
}

export interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export const WAIT_MS = 10_000;
/** Selects what the hub wrote. */
export const OWN = 'kilofed.io/managed-by=kilofed-hub';

export const key = (n: number): string => Buffer.alloc(32, n).toString('base64');

export function createHubUnderTest(world: () => HubWorld): HubUnderTest {
  let running: TestHub | undefined;
  const hub = (): TestHub => {
    if (running === undefined) throw new Error('no hub runs');
    return running;
  };
  return {
    start() {
      const { directory, redisUrl } = world();
      running = startHub({ directory, ...(redisUrl !== undefined && { redisUrl }) });
    },
    stop: () => hub().stop(),
    status: () => hub().status(),
    metrics: () => hub().metrics(),
    notReady: () => hub().notReady(),
    forget: (id) => until(`the hub to forget ${id}`, WAIT_MS, () => (hub().forget(id).ok ? true : undefined)),
  };
}

/** Fails with the last difference if it does not become so in time. */
export function becomes<T>(what: string, expected: T, probe: () => Promise<T> | T): Promise<unknown> {
  return until(what, WAIT_MS, async () => {
    expect(await probe()).toEqual(expected);
    return true;
  });
}

/** The hub's Peers for a member. */
export async function peersIn(cluster: Cluster, source: string): Promise<readonly Peer[]> {
  return cluster.list<Peer>(RESOURCE.peer, `${OWN},kilofed.io/cluster=${source}`);
}

/** Their names, sorted. */
export async function names(cluster: Cluster, source: string): Promise<string[]> {
  return (await peersIn(cluster, source)).map((peer) => peer.metadata.name).toSorted();
}

/** Addresses of the endpoints that are mirrored for a service, sorted. */
export async function addresses(cluster: Cluster, service: string): Promise<string[]> {
  return (await cluster.list<Slice>(RESOURCE.endpointSlice, `${OWN},multicluster.kubernetes.io/service-name=${service}`))
    .flatMap((slice) => slice.endpoints ?? [])
    .flatMap((endpoint) => endpoint.addresses)
    .toSorted();
}
