/**
 * What other members may reach on each node, as a pure function of exported Services and their EndpointSlices.
 *
 * An endpoint is on the node that its address belongs to. What a slice says of nodes does not count: packets go where the address leads.
 * One that is reached by a ClusterIP is let in by gateways, too: kube-proxy masquerades there what it sends to another node, which then
 * does not know whose it is.
 */
import type { MeshSpec } from '../core/api/meshSpec.js';
import { type Exported, MAX_EXPORTED_ENDPOINTS, MAX_EXPORTED_PORTS } from '../core/api/nodePolicy.js';
import { ANNOTATION } from '../core/api/names.js';
import type { Problem } from '../core/api/problem.js';
import { familyOf, parseCidr } from '../core/net/cidr.js';
import { createPrefixMap, type PrefixMap } from '../core/net/prefixMap.js';
import type { NodeFacts } from './facts.js';
import type { ExportedService } from './exportedServices.js';
import type { SliceFacts } from './exportFacts.js';

export interface ExportsInput {
  readonly mesh: Pick<MeshSpec, 'exportToDefault'>;
  readonly nodes: readonly Pick<NodeFacts, 'name' | 'podCIDRs' | 'internalCIDRs'>[];
  /** Mesh addresses by node: other members reach a server of the node itself by them where its own address is not routed. */
  readonly meshAddresses: ReadonlyMap<string, readonly string[]>;
  /** Names of the nodes that end tunnels. Absent: none does. */
  readonly gateways?: readonly string[];
  readonly services: readonly ExportedService[];
  /** Others than those of `services` are ignored. */
  readonly slices: readonly SliceFacts[];
}

interface ExportsPlan {
  /** By node, of those that have any. */
  readonly exported: ReadonlyMap<string, readonly Exported[]>;
  readonly problems: readonly Problem[];
}

/** What fits into the NodePolicy of one node. An API server refuses an object that is too large, and with it what all others export. */
interface Room {
  /** Pairs of an address and a port. */
  readonly endpoints: number;
  /** Characters, as JSON. */
  readonly size: number;
}

const ROOM: Room = { endpoints: MAX_EXPORTED_ENDPOINTS, size: 1 << 20 };

/** A Service for which a node has no room is left out there. */
export function planExports({ mesh, nodes, meshAddresses, gateways = [], services, slices }: ExportsInput, most = ROOM): ExportsPlan {
  const places = placesOf(nodes, meshAddresses);
  const slicesOf = new Map<string, SliceFacts[]>();
  for (const slice of slices) append(slicesOf, slice.service, slice);
  const room = new Map<string, Room>();
  const exported = new Map<string, Exported[]>();
  const leftOut = new Map<string, string[]>();
  for (const service of services.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const targets = service.targets ?? (mesh.exportToDefault === 'none' ? [] : undefined);
    if (targets?.length === 0) continue;
    for (const [node, found] of entriesOf(slicesOf.get(service.key) ?? [], places, service.byClusterIP === true ? gateways : [])) {
      const entries = found.map((entry): Exported => ({ ...entry, ...(targets === undefined ? {} : { members: [...targets] }) }));
      const left = roomLeft(room.get(node) ?? most, entries);
      if (left === undefined) {
        append(leftOut, node, service.key);
        continue;
      }
      room.set(node, left);
      for (const entry of entries) append(exported, node, entry);
    }
  }
  return {
    exported,
    problems: [...[...leftOut].map(([node, keys]) => tooMany(node, keys, most)), ...podsElsewhere(services, slicesOf, places)],
  };
}

function roomLeft(room: Room, entries: readonly Exported[]): Room | undefined {
  let { endpoints, size } = room;
  for (const entry of entries) {
    endpoints -= entry.addresses.length * entry.ports.length;
    size -= JSON.stringify(entry).length + 1;
    if (endpoints < 0 || size < 0) return undefined;
  }
  return { endpoints, size };
}

type Entry = Pick<Exported, 'addresses' | 'ports'>;

/** By node, sorted; slices with the same ports make one entry. */
function entriesOf(
  slices: readonly SliceFacts[],
  places: PrefixMap<Place>,
  gateways: readonly string[],
): ReadonlyMap<string, readonly Entry[]> {
  const entries = new Map<string, Map<string, { readonly addresses: Set<string>; readonly ports: Entry['ports'] }>>();
  for (const { addresses, ports } of slices) {
    if (ports.length === 0) continue;
    const name = ports.map(({ protocol, port }) => `${protocol} ${port}`).join();
    for (const address of addresses) {
      const place = placeOf(address, places);
      if (place === undefined) continue;
      const { node: home, substitutes } = place;
      for (const node of new Set([home, ...gateways])) {
        const byPorts = entries.get(node) ?? new Map();
        entries.set(node, byPorts);
        const entry = byPorts.get(name) ?? { addresses: new Set(), ports };
        byPorts.set(name, entry);
        entry.addresses.add(address);
        if (node !== home) continue;
        for (const each of substitutes.filter((substitute) => familyOf(substitute) === familyOf(address))) entry.addresses.add(each);
      }
    }
  }
  return new Map(
    [...entries].map(([node, byPorts]) => [
      node,
      [...byPorts]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, { addresses, ports }]) =>
          chunks(ports, MAX_EXPORTED_PORTS).map((some) => ({ addresses: [...addresses].toSorted(), ports: some })),
        ),
    ]),
  );
}

interface Place {
  readonly node: string;
  /** Where else the same server answers. */
  readonly substitutes: readonly string[];
}

function placesOf(nodes: ExportsInput['nodes'], meshAddresses: ExportsInput['meshAddresses']): PrefixMap<Place> {
  const places = createPrefixMap<Place>();
  const set = (text: string, place: Place): void => {
    const cidr = parseCidr(text);
    if (cidr !== undefined) places.set(cidr, place);
  };
  for (const { name, podCIDRs, internalCIDRs } of nodes) {
    for (const text of podCIDRs) set(text, { node: name, substitutes: [] });
    for (const text of internalCIDRs) set(text, { node: name, substitutes: meshAddresses.get(name) ?? [] });
  }
  return places;
}

function placeOf(address: string, places: PrefixMap<Place>): Place | undefined {
  const cidr = parseCidr(address);
  return cidr === undefined ? undefined : places.covering(cidr)[0];
}

/** Pods of exported Services whose addresses are in no range that is known, where others come by these. */
function podsElsewhere(
  services: readonly ExportedService[],
  slicesOf: ReadonlyMap<string, readonly SliceFacts[]>,
  places: PrefixMap<Place>,
): Problem[] {
  const pods = services
    .filter(({ byClusterIP }) => byClusterIP !== true)
    .flatMap(({ key }) =>
      (slicesOf.get(key) ?? [])
        .filter(({ ofPods }) => ofPods === true)
        .flatMap(({ addresses }) => addresses.filter((each) => placeOf(each, places) === undefined))
        .map((address) => `${key} at ${address}`),
    )
    .toSorted();
  if (pods.length === 0) return [];
  const more = pods.length > NAMED ? ` and ${pods.length - NAMED} more` : '';
  return [
    {
      subject: { kind: 'mesh' },
      reason: 'PodsElsewhere',
      message:
        `exported pods have addresses in no range that a Node or its network plugin says, so other members do not reach them: ` +
        `${pods.slice(0, NAMED).join(', ')}${more}`,
      remedy: `name the ranges in the Nodes' annotations ${ANNOTATION.podCIDRs}, or export by ClusterIP`,
    },
  ];
}

/** So many Services are named; the rest is counted. */
const NAMED = 5;

function tooMany(node: string, services: readonly string[], { endpoints, size }: Room): Problem {
  const more = services.length > NAMED ? ` and ${services.length - NAMED} more` : '';
  return {
    subject: { kind: 'mesh' },
    reason: 'TooManyExportedEndpoints',
    message:
      `node ${node} has more than ${endpoints} exported endpoints, or ${size >> 10} KiB of them and the members that they name, ` +
      `so other members do not reach those of ${services.slice(0, NAMED).join(', ')}${more} there`,
    remedy: 'export fewer Services or ports, or spread their pods over more nodes',
  };
}

function chunks<T>(items: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, index) => items.slice(index * most, (index + 1) * most));
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
