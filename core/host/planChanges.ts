/**
 * planChanges: the changes from what a host holds to its plan, in an order in which traffic never breaks.
 *
 * New before old: firewall, interfaces, peers, addresses, neighbours, nexthops, groups, routes, rules; then what is no longer wanted, in
 * reverse. What is already right is not touched, so a restarted agent adopts a host without any change. Nothing is flushed. A device is
 * made again only if the kernel cannot alter it, or if its userspace process no longer answers.
 */
import type { NodePlan } from '../mesh/plan.js';
import { sameItems } from '../memory/whileSame.js';
import { POD_BRIDGE } from '../mesh/reserved.js';
import type { Change, Difference } from './change.js';
import { hostDevice } from './devices.js';
import { diffAddresses } from './diffAddresses.js';
import { diffCni } from './diffCni.js';
import { diffLinks, obsoleteLinks, withoutLinks } from './diffLinks.js';
import { diffPeers } from './diffPeers.js';
import { diffGroups, diffNexthops, diffRoutes, diffRules, forgetFlows } from './diffRouting.js';
import { diffSysctls } from './diffSysctls.js';
import type { EndpointMemory } from './endpoints.js';
import { elementChanges, firewallFacts } from './firewall.js';
import { diffForward } from './forward.js';
import type { HostState } from './state.js';

interface ChangesInput {
  readonly desired: NodePlan;
  readonly observed: HostState;
  /** Endpoints as wanted when they were last written. */
  readonly prior: EndpointMemory;
  /** Of the node's own key. */
  readonly publicKey: string;
}

export function planChanges({ desired, observed: found, prior, publicKey }: ChangesInput): readonly Change[] {
  const obsolete = obsoleteLinks(desired, found);
  const observed = withoutLinks(found, obsolete);
  const sysctls = diffSysctls(desired, observed);
  const routes = diffRoutes(desired, observed);
  const parts: readonly Difference[] = [
    // First: nothing of other members comes in before what decides about it is there.
    diffFirewall(desired, observed),
    { set: [...sysctls.before, ...obsolete], remove: [] },
    diffLinks(desired, observed, publicKey),
    { set: sysctls.after, remove: [] },
    ...desired.interfaces.map((one) => diffPeers({ desired: one, observed: observed.wireguard.get(one.name), prior, at: observed.at })),
    diffAddresses(desired, observed),
    desired.encapsulation === undefined ? NOTHING : hostDevice(desired.encapsulation).diffContents(observed),
    diffNexthops(desired, observed),
    diffGroups(desired, observed),
    routes,
    diffRules(desired, observed),
    diffForward(desired.forward, observed.forward),
    { set: diffPodBridge(desired, observed), remove: [] },
    // Pods start as soon as they have a network, so everything that it leads to must be there.
    diffCni(desired.cni, observed.cni),
    // Last: a packet before that would be translated by the old rules once more.
    { set: forgetFlows(routes.set, observed), remove: [] },
  ];
  return [...parts.flatMap((part) => part.set), ...parts.toReversed().flatMap((part) => part.remove)];
}

const NOTHING: Difference = { set: [], remove: [] };

/** New pods get their MTU from the CNI file; the bridge's MTU limits what is sent to existing pods. */
function diffPodBridge({ cni }: NodePlan, { podBridge }: HostState): readonly Change[] {
  return cni === undefined || podBridge === undefined || podBridge.mtu === cni.mtu
    ? []
    : [{ kind: 'bridge.set', name: POD_BRIDGE, mtu: cni.mtu }];
}

function diffFirewall({ firewall }: NodePlan, observed: HostState): Difference {
  const facts = firewallFacts(firewall);
  if (facts.length === 0) return { set: [], remove: observed.firewall === undefined ? [] : [{ kind: 'firewall.delete' }] };
  if (observed.firewall !== undefined && sameItems(observed.firewall, facts)) return NOTHING;
  const elements = observed.firewall === undefined ? undefined : elementChanges(observed.firewall, firewall);
  return { set: [{ kind: 'firewall.set', firewall, ...(elements === undefined ? {} : { elements }) }], remove: [] };
}
