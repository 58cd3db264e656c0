/**
 * HostModel: what a host holds after each change, without reading the host again.
 *
 * The agent applies changes against it. So a change costs no new observation, a change whose requirements are missing is skipped, and
 * nothing is removed that is still in use because an earlier change failed.
 */
import type { Change } from './change.js';
import { freeze, type ModelHost, thaw } from './modelHost.js';
import { recordChange, recordersOf } from './recordChange.js';
import { type Requirement, requirementsOf, requirementText } from './requirements.js';
import type { HostState } from './state.js';

export interface HostModel {
  /** Why `change` cannot be done now; undefined: it can. `soon`: what changes that come right before it provide, as `requirementText`. */
  unmet(change: Change, soon?: ReadonlySet<string>): string | undefined;
  /** `change` was done. */
  record(change: Change): void;
  /** What the host holds now; a live view, so that one change on a host with thousands of objects costs little. */
  state(): HostState;
}

export function createHostModel(initial: HostState): HostModel {
  const host = thaw(initial);
  const recorders = recordersOf(host);
  return {
    unmet: (change, soon = NOTHING) => missing(host, change, soon) ?? used(host, change),
    record: (change) => recordChange(recorders, change),
    state: () => freeze(host),
  };
}

const NOTHING: ReadonlySet<string> = new Set();

function missing(host: ModelHost, change: Change, soon: ReadonlySet<string>): string | undefined {
  const lacking = requirementsOf(change).find((one) => !soon.has(requirementText(one)) && !isThere(host, one));
  return lacking === undefined ? undefined : `${requirementText(lacking)} is missing`;
}

/** We only know these devices: the underlay, our own, and those of network plugins. */
function isThere({ initial, links, nexthops, groups }: ModelHost, requirement: Requirement): boolean {
  if (requirement.kind === 'nexthop') return nexthops.has(requirement.id) || groups.has(requirement.id);
  const { name } = requirement;
  const { underlay } = initial;
  return name === underlay?.dev || name === underlay?.inet6?.dev || links.has(name) || initial.pluginDevices.has(name);
}

function used(host: ModelHost, change: Change): string | undefined {
  if (change.kind !== 'nexthop.delete' && change.kind !== 'group.delete') return undefined;
  return usedByRoutes(host, change.id) ?? (change.kind === 'nexthop.delete' ? usedByGroup(host, change.id) : undefined);
}

function usedByGroup(host: ModelHost, id: number): string | undefined {
  for (const [group, members] of host.groups) if (members.includes(id)) return `group ${group} still uses it`;
  return undefined;
}

function usedByRoutes(host: ModelHost, id: number): string | undefined {
  const routes = host.users.get(id) ?? 0;
  return routes === 0 ? undefined : `${routes} routes still use it`;
}
