/**
 * The imports that a reconcile of a pair finds planned with another view of the member than is true now.
 */
import type { CidrIndex } from '../../../core/net/cidrIndex.js';
import { askedByClusterIp } from '../../records/byClusterIp.js';
import type { MemberRecords } from '../../records/memberRecords.js';
import type { Context } from '../context.js';
import { memberView } from '../memberView.js';
import { standingMirrors } from './standingMirror.js';

/** Services, as `namespace/name`, that the target has to plan again. `member` may be the target itself. */
export function outdatedImports(member: string, context: Context): Iterable<string> {
  const { target, federation, importViews } = context;
  const outdated = importViews.settle(member, () => memberView(member, context));
  if (outdated === 'none') return [];
  const records = federation.known(member)?.records;
  if (outdated !== 'all') return records === undefined ? [] : servicesWith(records, outdated);
  if (member === target.id) return new Set([...federation.exported().keys(), ...target.records.mirrored()]);
  return new Set([...(records?.exported() ?? []), ...mirroredFrom(member, target.records)]);
}

function servicesWith(records: MemberRecords, moved: CidrIndex<true>): string[] {
  const hasMoved = (address: string): boolean => moved.touching(address).length > 0;
  return [...records.exported()].filter(
    (service) =>
      records.slicesOf(service)?.some(({ endpoints }) => endpoints.some(({ addresses }) => addresses.some(hasMoved))) === true ||
      askedByClusterIp(records, service)?.clusterIPs?.some(hasMoved) === true,
  );
}

function* mirroredFrom(member: string, records: MemberRecords): Iterable<string> {
  for (const [service, exporters] of standingMirrors(records)) if (exporters.includes(member)) yield service;
}
