/**
 * The kernel settings that the mesh needs, as changes. A setting is changed only if it is in the way: a node that already forwards, or
 * already filters loosely, is left alone.
 */
import type { NodePlan } from '../mesh/plan.js';
import type { Change } from './change.js';
import { meshDevices } from './meshDevices.js';
import type { HostState, Underlay } from './state.js';
import { familyName } from '../net/family.js';

/** `1`: mesh addresses in IPv6, which lie on `lo`, are refused. */
export const NO_IPV6 = 'net/ipv6/conf/lo/disable_ipv6';
export const KERNEL_RELEASE = 'kernel/osrelease';

/** Everything that is read, below /proc/sys. */
export function sysctlNames(interfaces: readonly string[], underlay: Underlay | undefined): readonly string[] {
  const devices = ['all', 'default', ...interfaces, ...(underlay === undefined ? [] : [underlay.dev])];
  return [
    FORWARD4,
    FORWARD6,
    COMPAT,
    HASH4,
    HASH6,
    NO_IPV6,
    KERNEL_RELEASE,
    ...BRIDGED,
    ...devices.map(rpFilter),
    ...(underlay === undefined ? [] : [acceptRa(underlay)]),
  ];
}

export function diffSysctls(
  desired: NodePlan,
  observed: HostState,
): { readonly before: readonly Change[]; readonly after: readonly Change[] } {
  const value = (name: string): string | undefined => observed.sysctls.get(name);
  const before: Change[] = [];
  const want = (name: string, wanted: string): void => {
    const now = value(name);
    if (now !== undefined && now !== wanted) before.push({ kind: 'sysctl.set', name, value: wanted });
  };
  const families = new Set([...desired.routes.map((route) => familyName(route.dst)), ...desired.meshAddresses.map(familyName)]);
  if (families.size === 0) return { before: [], after: [] };
  if (families.has('inet')) want(FORWARD4, '1');
  if (families.has('inet6') && value(FORWARD6) === '0') {
    // A host that forwards IPv6 ignores router advertisements unless accept_ra is 2 (kernel ip-sysctl.rst).
    const ra = observed.underlay === undefined ? undefined : acceptRa(observed.underlay);
    if (ra !== undefined && value(ra) === '1') want(ra, '2');
    want(FORWARD6, '1');
  }
  // With the compatibility notifications, replacing a group costs one message per route that uses it.
  want(COMPAT, '0');
  // kube-proxy translates between two pods of one bridge only if bridged packets pass the filters.
  if (desired.cni !== undefined) for (const name of BRIDGED) want(name, '1');
  if (desired.groups.some((group) => group.active.length > 1)) {
    for (const name of [HASH4, HASH6]) if (value(name) === '0') want(name, '1');
  }
  return { before, after: looseFilters(desired, observed) };
}

/** The two directions may take different devices, which strict reverse-path filtering (1; the greater of `all` and the device's) drops. */
function looseFilters(desired: NodePlan, observed: HostState): readonly Change[] {
  const viaUnderlay = desired.nexthops.some((nexthop) => nexthop.dev === 'underlay');
  const devices = [
    ...meshDevices(desired),
    ...(desired.looseFilters ?? []).filter((dev) => observed.sysctls.has(rpFilter(dev))),
    ...(viaUnderlay && observed.underlay !== undefined ? [observed.underlay.dev] : []),
  ];
  const all = Number(observed.sysctls.get(rpFilter('all')) ?? 0);
  const fallback = observed.sysctls.get(rpFilter('default'));
  return devices
    .filter((dev) => Math.max(all, Number(observed.sysctls.get(rpFilter(dev)) ?? fallback ?? 0)) === 1)
    .map((dev) => ({ kind: 'sysctl.set', name: rpFilter(dev), value: '2' }));
}

const FORWARD4 = 'net/ipv4/ip_forward';
const FORWARD6 = 'net/ipv6/conf/all/forwarding';
const COMPAT = 'net/ipv4/nexthop_compat_mode';
const HASH4 = 'net/ipv4/fib_multipath_hash_policy';
const HASH6 = 'net/ipv6/fib_multipath_hash_policy';
/** Only where the module br_netfilter is loaded. */
const BRIDGED = ['net/bridge/bridge-nf-call-iptables', 'net/bridge/bridge-nf-call-ip6tables'];

function rpFilter(dev: string): string {
  return `net/ipv4/conf/${dev}/rp_filter`;
}

function acceptRa({ dev, inet6 }: Underlay): string {
  return `net/ipv6/conf/${inet6?.dev ?? dev}/accept_ra`;
}
