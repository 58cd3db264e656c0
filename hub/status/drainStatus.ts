/**
 * How far the drain of a member has come: where endpoints of it still serve. Judged by what stands in the other members, so it says the
 * same after a restart of the hub.
 */
import type { FederationStatus } from '../../core/api/status.js';
import { LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { Federation } from '../federation/federation.js';
import type { MemberRecords } from '../records/memberRecords.js';

interface Endpoint {
  readonly conditions?: { readonly ready?: boolean | null; readonly serving?: boolean | null } | null;
}

export function drainStatus(id: string, federation: Federation): NonNullable<FederationStatus['members'][number]['drain']> {
  const others = federation.ids().filter((other) => other !== id);
  return {
    serving: others.flatMap((cluster) => {
      const records = federation.member(cluster)?.records;
      const endpoints = records === undefined ? 0 : servingIn(records, id);
      return endpoints === 0 ? [] : [{ cluster, endpoints }];
    }),
    unread: others.filter((cluster) => federation.member(cluster)?.state().kind !== 'ready'),
  };
}

/** Endpoints that a kube-proxy may send new connections to: ready ones, and those that serve while they end, where none is ready. */
function servingIn(records: MemberRecords, source: string): number {
  let count = 0;
  for (const service of records.mirrored()) for (const slice of records.mirrorsOf(service).slices) count += servingOf(slice, source);
  return count;
}

function servingOf(slice: KubeObject, source: string): number {
  if (slice.metadata.labels?.[LABEL.cluster] !== source) return 0;
  const { endpoints } = slice as { readonly endpoints?: readonly Endpoint[] | null };
  return (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false || conditions.serving === true).length;
}
