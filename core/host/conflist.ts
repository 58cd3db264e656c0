/**
 * The CNI configuration list of a node: bridge, host-local and portmap for the node's pod CIDRs.
 *
 * People add to it: another plugin behind ours, a key that a newer plugin knows. So only what the plan says is ours, and all
 * else of a file that is there stays (Kilo edits the ranges alone, pkg/mesh/cni.go). Its network has Kilo's name: host-local
 * keeps its addresses by that name, so a node that moves over from Kilo gives none of them out twice.
 */
import { POD_BRIDGE, type Cni } from '../mesh/plan.js';

/** In the folder of CNI configurations. Its own name, not Kilo's: what has it is ours. */
export const CNI_FILE = '10-kilofed.conflist';
/** What a configuration of somebody else is called while it is disabled; no container runtime reads such a name. */
export const DISABLED_SUFFIX = '.kilofed-disabled';
const NETWORK = 'kilo';
const CNI_VERSION = '1.0.0';

/** The text that the file should have: `present` itself when it says what is wanted, in whatever form. */
export function conflistText(cni: Cni, present: string | undefined): string {
  const before = present === undefined ? undefined : parse(present);
  const after = merged(cni, before ?? {});
  return present !== undefined && before !== undefined && canonical(after) === canonical(before) ? present : `${JSON.stringify(after, undefined, 2)}\n`;
}

/** Do container runtimes read a file of this name as a CNI configuration? (libcni ConfFiles) */
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
  const portmap = others.some(({ type }) => type === 'portmap') ? [] : [{ type: 'portmap', capabilities: { portMappings: true }, snat: true }];
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
  return JSON.stringify(value, (_key, each: unknown) => (isJson(each) ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each));
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
