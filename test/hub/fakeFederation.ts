/**
 * A whole hub whose members are maps, in time that the test owns.
 */
import { createHash } from 'node:crypto';
import type { ReportedLink } from '../../core/api/gatewayReport.js';
import { RESOURCE } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log, LogData } from '../../core/runtime/log.js';
import type { NamespaceRules } from '../../core/services/consent.js';
import type { ExportToDefault } from '../../core/services/planImport.js';
import { chooseQueue } from '../../hub/chooseQueue.js';
import { createHub, type Hub } from '../../hub/hub.js';
import type { HubIdentity } from '../../hub/members/lease.js';
import type { Source } from '../../hub/members/declaration.js';
import type { KubeClient, KubeResult } from '../../kube/wire/client.js';
import type { MemberTerms } from '../../hub/members/terms.js';
import { RULES } from '../fakes/services.js';
import { createHandClock, type HandClock, SILENT } from '../host/handClock.js';
import { createFakeCluster, type FakeCluster } from './fakeCluster.js';
import { tunnel } from './gatewayReports.js';

export interface FakeFederation {
  readonly clock: HandClock;
  /** The member n, from 1, has pods in 10.n.0.0/24, a namespace `demo`, and a gateway that reports that all its tunnels are up. */
  cluster(id: string): FakeCluster;
  clusters(): readonly FakeCluster[];
  /** Ids of the members that the hub is told of; all at first. */
  declared: readonly string[];
  /** What is declared beside their kubeconfigs; nothing at first. */
  terms: Readonly<Record<string, MemberTerms>>;
  /** Makes the hub read `declared` and `terms` again. */
  reread(): void;
  /** Flags of the next hub that starts. */
  rules: NamespaceRules;
  exportToDefault: ExportToDefault;
  hub(): Hub;
  /** What its hubs have warned of, without what each member logs by itself. */
  readonly warnings: readonly (readonly [message: string, data: LogData | undefined])[];
  /** What its hubs have logged of deletions. */
  readonly deletions: readonly LogData[];
  /** What its hubs have called an error. */
  readonly errors: readonly string[];
  start(): void;
  end(): Promise<void>;
  /** Starts a hub beside the one that runs. */
  join(options: JoinOptions): RunningHub;
}

interface JoinOptions extends Partial<HubIdentity> {
  /** Ids of the members that this hub is told of. Default: those that all are told of. */
  readonly declared?: readonly string[];
  /** The cluster that it shares with others. Default: none. */
  readonly home?: FakeCluster;
}

const UNREACHABLE: KubeResult<never> = { ok: false, error: { kind: 'unreachable', message: 'connection refused' } };

interface RunningHub {
  readonly hub: Hub;
  /** Makes it read what is declared again. */
  reread(): void;
  /** Ends it in order. */
  end(): Promise<void>;
  /** As if its machine were gone. */
  crash(): void;
}

interface FakeFederationOptions {
  /** How the hub reaches a member. Default: by calls of functions. */
  readonly clientOf?: (id: string, cluster: FakeCluster) => KubeClient;
  /** Default: the clock of the federation, which the test moves. */
  readonly clock?: Clock;
}

export function createFakeFederation(ids: readonly string[], { clientOf, ...options }: FakeFederationOptions = {}): FakeFederation {
  const hand = createHandClock();
  const clock = options.clock ?? hand;
  const warnings: (readonly [string, LogData | undefined])[] = [];
  const errors: string[] = [];
  const deletions: LogData[] = [];
  const info: Log['info'] = (message, data) => {
    if (message.startsWith('The hub deleted')) deletions.push(data ?? {});
  };
  const log: Log = {
    ...SILENT,
    with: () => ({ ...SILENT, info }),
    warn: (message, data) => void warnings.push([message, data]),
    error: (message, data) => void errors.push(`${message}: ${String(data?.['error'])}`),
  };
  const clusters = new Map(ids.map((id) => [id, createFakeCluster(`u-${id}`, clock)]));
  let running: RunningHub | undefined;

  function launch({ federation = 'default', instance = 'test', declared, home }: JoinOptions): RunningHub {
    const stop = new AbortController();
    const { source, reread } = createSource({
      get declared() {
        return declared ?? world.declared;
      },
      get terms() {
        return world.terms;
      },
    });
    const deps = { clock, random: () => 0.5, log };
    let crashed = false;
    const mortal = (client: KubeClient): KubeClient => ({
      ...client,
      call: (request) => (crashed ? Promise.resolve(UNREACHABLE) : client.call(request)),
    });
    const hub = createHub({
      identity: { federation, instance },
      ...deps,
      ...chooseQueue(undefined, { ...deps, federation }),
      sources: [source],
      connect(id) {
        const cluster = world.cluster(id);
        return { ok: true, value: { client: clientOf?.(id, cluster) ?? mortal(cluster.connect()) } };
      },
      home: home === undefined ? undefined : { client: mortal(home.connect()), namespace: 'kilofed' },
      version: 'test',
      sha256: (text) => createHash('sha256').update(text).digest(),
      rules: world.rules,
      exportToDefault: world.exportToDefault,
    });
    const ended = hub.run(stop.signal);
    return {
      hub,
      reread,
      crash() {
        crashed = true;
        stop.abort();
      },
      async end() {
        stop.abort();
        if (clock === hand) await hand.advance(5_000);
        await ended;
      },
    };
  }

  const world: FakeFederation = {
    clock: hand,
    warnings,
    deletions,
    errors,
    declared: ids,
    terms: {},
    rules: RULES,
    exportToDefault: 'all',
    cluster: (id) => there(clusters.get(id), `no member ${id}`),
    clusters: () => [...clusters.values()],
    hub: () => there(running, 'no hub').hub,
    reread: () => there(running, 'no hub').reread(),
    join: launch,
    start() {
      running = launch({});
    },
    end: () => there(running, 'no hub').end(),
  };
  [...clusters].forEach(([id, cluster], index) => {
    populate(cluster, index + 1);
    reportLinks(
      cluster,
      index + 1,
      ids.filter((other) => other !== id).map((other) => tunnel(other, 'location:')),
    );
  });
  return world;
}

interface ExportOptions {
  readonly addresses?: readonly string[];
  /** Port names, from port 80 on; endpoints listen on 8080 and on. Default: one without a name. */
  readonly ports?: readonly string[];
  /** Of the Service. Default: it asks to be exported. */
  readonly annotations?: Readonly<Record<string, string>>;
}

const ASKS = { 'kilofed.io/export': 'true' };

/** `demo/<name>`, and its slice. */
export function exportService(cluster: FakeCluster, name: string, options: ExportOptions): void {
  putService(cluster, name, options);
  putSlice(cluster, name, options);
}

export function putService(cluster: FakeCluster, name: string, { ports = [''], annotations = ASKS }: ExportOptions): void {
  cluster.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'demo', annotations },
    spec: { type: 'ClusterIP', clusterIP: '10.101.0.1', ipFamilies: ['IPv4'], ports: numbered(ports, 80) },
  });
}

export function putSlice(cluster: FakeCluster, name: string, { addresses = [], ports = [''] }: ExportOptions): void {
  cluster.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'demo', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: numbered(ports, 8080),
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  });
}

/** What a hub that runs has heard of the endpoints of `demo/<name>` before it is exported is too much to be remembered. */
export function makeForgotten(cluster: FakeCluster, name: string): void {
  const long = { addresses: [], note: 'x'.repeat(1 << 20) };
  cluster.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-long`, namespace: 'demo', labels: { 'kubernetes.io/service-name': name } },
    endpoints: [long, long, long, long, long],
  });
  cluster.drop(RESOURCE.endpointSlice, `${name}-long`, 'demo');
}

/** The ServiceExport of a person. */
export function putExport(cluster: FakeCluster, name: string, { annotations = {}, spec }: PersonsExport = {}): void {
  const metadata = { name, namespace: 'demo', generation: 1, annotations };
  const object = { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata };
  cluster.put(spec === undefined ? object : { ...object, spec });
}

interface PersonsExport {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: object;
}

function numbered(names: readonly string[], first: number): object[] {
  return names.map((name, index) => ({ ...(name !== '' && { name }), port: first + index, protocol: 'TCP' }));
}

function createSource(world: Pick<FakeFederation, 'declared' | 'terms'>): { readonly source: Source; readonly reread: () => void } {
  let tell = (): void => undefined;
  return {
    reread: () => tell(),
    source: {
      read: () => ({
        complete: true,
        problems: [],
        declarations: world.declared.map((id) => ({
          id,
          origin: `test ${id}`,
          content: { ok: true, value: id },
          place: { kind: 'file', path: id },
          terms: world.terms[id] ?? {},
          termsPlace: `test ${id}`,
        })),
      }),
      run(changed, signal) {
        tell = changed;
        changed();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
    },
  };
}

/** What the only node of member n reports of its tunnels. */
export function reportLinks(cluster: FakeCluster, n: number, links: readonly ReportedLink[]): void {
  cluster.put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'GatewayReport', metadata: { name: `n${n}` }, spec: { links } });
}

function populate(cluster: FakeCluster, n: number): void {
  cluster.put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'Mesh',
    metadata: { name: 'default' },
    spec: { wireguardCIDRs: [`10.4.${n}.0/24`] },
    status: { serviceCIDRs: [`10.10${n}.0.0/16`] },
  });
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  cluster.put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name: `n${n}` },
    spec: {
      publicKey: Buffer.alloc(32, n).toString('base64'),
      endpoints: [{ host: `192.0.2.${n}`, port: 51820 }],
      internalIPs: [`10.77.${n}.1/24`],
      podCIDRs: [`10.${n}.0.0/24`],
      location: '',
    },
    status: { meshAddresses: [`10.4.${n}.1`], slot: 0 },
  });
}

function there<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}
