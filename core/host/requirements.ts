/**
 * What a change requires on the host, and what it provides for the changes after it.
 */
import type { Change } from './change.js';
import type { RouteTarget } from './state.js';

export type Requirement = { readonly kind: 'device'; readonly name: string } | { readonly kind: 'nexthop'; readonly id: number };

/** What must be on the host before `change` can be done. */
export function requirementsOf(change: Change): readonly Requirement[] {
  switch (change.kind) {
    case 'wireguard.configure':
    case 'link.set':
    case 'vxlan.set':
      return [device(change.name)];
    case 'peer.set':
    case 'peer.delete':
      return [device(change.interface)];
    case 'neighbour.set':
    case 'fdb.set':
      return [device(change.dev)];
    case 'address.add':
      return change.dev === undefined ? [] : [device(change.dev)];
    case 'nexthop.set':
      return [device(change.nexthop.dev)];
    case 'group.set':
      return change.members.map(nexthop);
    case 'route.set':
      return requirementsOfTarget(change.route.to);
    default:
      return [];
  }
}

/** What is on the host once `change` is done; undefined: nothing that others require. */
export function providedBy(change: Change): Requirement | undefined {
  switch (change.kind) {
    case 'wireguard.add':
      return device(change.name);
    case 'device.add':
      return device(change.device.name);
    case 'nexthop.set':
    case 'group.set':
      return nexthop(change.id);
    default:
      return undefined;
  }
}

/** As messages name it; equal for equal requirements. */
export function requirementText(requirement: Requirement): string {
  return requirement.kind === 'device' ? `device ${requirement.name}` : `nexthop ${requirement.id}`;
}

function requirementsOfTarget(to: RouteTarget): readonly Requirement[] {
  if (to.kind === 'device') return [device(to.dev)];
  return 'id' in to ? [nexthop(to.id)] : [];
}

function device(name: string): Requirement {
  return { kind: 'device', name };
}

/** Groups share the ids of nexthops. */
function nexthop(id: number): Requirement {
  return { kind: 'nexthop', id };
}
