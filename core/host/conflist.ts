/**
 * The CNI configuration list of a node: bridge, host-local and portmap for the node's pod CIDRs.
 *
 * Users add to it: another plugin behind ours, or a key of a newer plugin. So we only own what the plan says, and keep everything else of
 * an existing file (Kilo edits only the ranges, pkg/mesh/cni.go). The network has Kilo's name, because host-local stores its addresses by
 * that name: a node that moves over from Kilo assigns none of them twice.
 */
import type { Cni } from '../mesh/plan.js';
import { POD_BRIDGE } from '../mesh/reserved.js';

/** In the folder of CNI configurations. It is not Kilo's file name, so a file of this name is ours. */
export const CNI_FILE = '10-kilofed.conflist';
/** Appended to the name of a disabled configuration of somebody else; no container runtime reads such a name. */
export const DISABLED_SUFFIX = '.kilofed-disabled';
const NETWORK = 'kilo';
const CNI_VERSION = '1.0.0';

/** The content of the file: `present` itself if it says the same, in whatever form. */
export function conflistText(cni: Cni, present: string | undefined): string {
  const before = present === undefined ? undefined : parse(present);
  const after = merged(cni, before ?? {});
  return present !== undefined && before !== undefined && canonical(after) === canonical(before)
    ? present
    : `${JSON.stringify(after, undefined, 2)}\n`;
}

/** Whether container runtimes read a file of this name as a CNI configuration (libcni ConfFiles). */
export function isConfiguration(name: string): boolean {
  return /\.(conf|conflist|json)$/.test(name);
}

interface Json {
  readonly [key: string]: unknown;
}

function merged({ podCIDRs, mtu }: Cni, before: Json): Json {
  const plugins = Array.isArray(before['plugins']) ? before['plugins'].filter(isJson) : [];
  const bridge = plugins.find(({ type }) => type === 'bridge') ?? {};
  const ipam = isJson(bridge['ipam']) ? bridge['ipam'] : {};
  const ours = {
    hairpinMode: true,
    ...bridge,
    type: 'bridge',
    bridge: POD_BRIDGE,
    isDefaultGateway: true,
    forceAddress: true,
    // Translation is ours (core/mesh/nat.ts): the plugin would do it towards other pods, too.
    ipMasq: false,
    mtu,
    ipam: { ...ipam, type: 'host-local', ranges: podCIDRs.map((subnet) => [{ subnet }]) },
  };
  const others = plugins.filter((plugin) => plugin !== bridge);
  const portmap = others.some(({ type }) => type === 'portmap')
    ? []
    : [{ type: 'portmap', capabilities: { portMappings: true }, snat: true }];
  return { ...before, cniVersion: before['cniVersion'] ?? CNI_VERSION, name: NETWORK, plugins: [ours, ...others, ...portmap] };
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same for equal objects, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isJson(each) ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
