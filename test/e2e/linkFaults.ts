/**
 * What can be wrong between the clusters of a federation on real kubelets, and what `kilofed status` has to say of it.
 */
import type { Example } from '../demo/install.js';
import type { KubeletNode } from '../lab/kubelet/node.js';
import { createFaults } from '../lab/network/faults.js';
import { agentOf } from './kubeletFederation.js';

interface LinkFault {
  readonly what: string;
  act(): Promise<unknown>;
  undo(): Promise<unknown>;
  readonly says: RegExp;
}

export interface LinkFaults {
  readonly all: readonly LinkFault[];
  /** Nothing gets from east to other clusters, or back. */
  cutEast(): Promise<void>;
  healAll(): Promise<void>;
}

/** `gateways`: of east's location eu. */
export function linkFaults({ east, north, west }: Example, gateways: readonly [KubeletNode, KubeletNode]): LinkFaults {
  const faults = createFaults();
  const nodes = [...east.nodes.values()];
  const others = [west, north].flatMap((cluster) => [...cluster.nodes.values()]);
  const [first] = gateways;

  async function cutEast(): Promise<void> {
    for (const node of nodes) await faults.cutFromWan(node);
  }

  async function forceEndpoint(endpoint: string | undefined): Promise<void> {
    const value = endpoint === undefined ? 'kilo.squat.ai/force-endpoint-' : `kilo.squat.ai/force-endpoint=${endpoint}`;
    for (const { name } of gateways) await east.kubectl(['annotate', 'node', name, value, '--overwrite']);
  }

  return {
    cutEast,
    healAll: () => faults.healAll(),
    all: [
      {
        what: 'I1: a firewall drops UDP 51820 and 51821',
        act: () => Promise.all(nodes.map((node) => faults.blockUdp(node, 51820, 51829))),
        undo: () => faults.healAll(),
        says: /no tunnel between east and west works[^]*UDP 51820/,
      },
      { what: 'the WAN is cut', act: cutEast, undo: () => faults.healAll(), says: /no tunnel between east and west works/ },
      {
        // Dials from there would mend it: WireGuard takes the endpoint that it is dialled from.
        what: 'a wrong endpoint of a cluster that cannot dial out',
        act: async () => {
          for (const node of others) await faults.blockUdp(node, 51820, 51829);
          await forceEndpoint('172.20.250.9:51820');
        },
        undo: async () => {
          await forceEndpoint(undefined);
          await faults.healAll();
        },
        says: /172\.20\.250\.9:51820/,
      },
      {
        what: 'a dead agent',
        act: async () => first.exec(['kill', '-STOP', await agentOf(first)]),
        undo: async () => first.exec(['kill', '-CONT', await agentOf(first)]),
        says: /agent/,
      },
      {
        what: 'a dead API server',
        act: () => east.api.killApiServer(),
        undo: () => east.api.restartApiServer(),
        says: /east, member: Unreachable/,
      },
      {
        what: 'a namespace that is missing',
        act: () => north.kubectl(['delete', 'namespace', 'demo', '--timeout=30s'], { timeoutMs: 40_000 }),
        undo: () => north.kubectl(['create', 'namespace', 'demo']),
        says: /create namespace demo in north/,
      },
    ],
  };
}

/** Of the endpoints of `exporter` in an importer: `ready`, `not ready` (nor serving), or something else. */
export async function readiness(importer: Example['west'], exporter: string): Promise<string> {
  const path = 'jsonpath={range .items[*].endpoints[*]}{.conditions.ready}/{.conditions.serving} {end}';
  const selector = `multicluster.kubernetes.io/source-cluster=${exporter}`;
  const found = (await importer.kubectl(['-n', 'demo', 'get', 'endpointslices', '-l', selector, '-o', path])).trim().split(' ');
  const states = new Set(found.map((each) => (each === 'false/false' ? 'not ready' : each.startsWith('true') ? 'ready' : 'else')));
  return [...states].join(' and ');
}
