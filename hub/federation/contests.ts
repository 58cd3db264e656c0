/**
 * Which members claim the same thing: a key, a node's address, an address of one where a tunnel of another ends, or what is in a range of
 * Services of another. Ranges of pods and mesh addresses that overlap are found elsewhere (hub/pairs/overlaps.ts).
 */
import { type CidrIndex, createCidrIndex } from '../../core/net/cidrIndex.js';
import type { Claims } from './claims.js';

export interface Contests {
  /** Ids of the members besides `id` that claim something of `claims`. */
  contenders(claims: Contested, id: string): readonly string[];
}

export type Contested = Pick<Claims, 'keys' | 'addresses' | 'endpoints' | 'ranges' | 'services'>;

export function findContests(members: readonly { readonly id: string; readonly claims: Contested }[]): Contests {
  const keys = new Map<string, string[]>();
  const addresses = new Map<string, string[]>();
  const endpoints = new Map<string, string[]>();
  const ranges: [string, string][] = [];
  const services: [string, string][] = [];
  for (const { id, claims } of members) {
    for (const key of claims.keys) append(keys, key, id);
    for (const address of claims.addresses) append(addresses, address, id);
    for (const endpoint of claims.endpoints) append(endpoints, endpoint, id);
    for (const range of claims.ranges) ranges.push([range, id]);
    for (const range of claims.services) services.push([range, id]);
  }
  const rangeIndex = createCidrIndex(ranges);
  const endpointIndex = createCidrIndex(endpoints);
  const serviceIndex = createCidrIndex(services);
  let addressIndex: CidrIndex<string[]> | undefined;

  return {
    contenders(claims, id) {
      const found = new Set<string>();
      const add = (ids: readonly string[] | undefined): void => ids?.forEach((each) => found.add(each));
      for (const key of claims.keys) add(keys.get(key));
      for (const address of claims.addresses) {
        add(addresses.get(address));
        add(endpoints.get(address));
        add(serviceIndex.covering(address));
      }
      for (const range of claims.ranges) {
        endpointIndex.touching(range).forEach(add);
        add(serviceIndex.touching(range));
      }
      for (const range of claims.services) {
        add(rangeIndex.touching(range));
        (addressIndex ??= createCidrIndex(addresses)).touching(range).forEach(add);
      }
      for (const endpoint of claims.endpoints) {
        add(addresses.get(endpoint));
        add(rangeIndex.covering(endpoint));
      }
      found.delete(id);
      return [...found].toSorted();
    },
  };
}

function append(map: Map<string, string[]>, key: string, id: string): void {
  const ids = map.get(key);
  if (ids === undefined) map.set(key, [id]);
  else ids.push(id);
}
