/**
 * Devices of network plugins by the names that they have on a host. flannel calls its device `flannel.` and the number of its VXLAN
 * network, which is 1 unless somebody chose another: RKE2, and whoever has Windows nodes, has 4096.
 */
import { PLUGIN_DEVICES } from '../mesh/encapsulation/table.js';
import type { NodePlan } from '../mesh/plan.js';
import type { HostState } from './state.js';

/** `flannel.`, of `flannel.4096`. */
const NUMBERED = /^(.+\.)[0-9]+$/;
const STEMS = new Set([...PLUGIN_DEVICES].map(stemOf));

export function isPluginDevice(name: string): boolean {
  return STEMS.has(stemOf(name));
}

/** `plan` with the names of this host, where it has one device that differs in its number alone from one in the plan. */
export function withPluginNames(plan: NodePlan, { pluginDevices }: Pick<HostState, 'pluginDevices'>): NodePlan {
  const names = new Map<string, string>();
  for (const planned of PLUGIN_DEVICES) {
    const [here, ...others] = [...pluginDevices].filter((name) => stemOf(name) === stemOf(planned));
    if (here !== undefined && others.length === 0 && here !== planned) names.set(planned, here);
  }
  if (names.size === 0) return plan;
  const named = (dev: string): string => names.get(dev) ?? dev;
  return {
    ...plan,
    nexthops: plan.nexthops.map((nexthop) => ({ ...nexthop, dev: named(nexthop.dev) })),
    firewall: { ...plan.firewall, clampInterfaces: plan.firewall.clampInterfaces.map(named) },
  };
}

function stemOf(name: string): string {
  return NUMBERED.exec(name)?.[1] ?? name;
}
