/**
 * judgeKilo: what a node's agent does about Kilo on its host.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import { canonicalCIDR, singleCIDR } from '../host/text.js';
import type { WireguardState } from '../host/state.js';
import type { NodePlan } from '../mesh/plan.js';
import { underlayAddressesOf } from '../mesh/segments.js';
import { isWithin } from '../net/sets.js';
import { isTraceless, type KiloOnHost, type KiloRoute, type KiloTraces } from './traces.js';

export type Verdict =
  /** There is nothing of Kilo, or nothing to do about it. */
  | { readonly kind: 'none' }
  /** Apply the plan, and leave what is Kilo's, `kilo0` included. */
  | { readonly kind: 'beside' }
  /** Change nothing; `reason` says what has to happen first. */
  | { readonly kind: 'hold'; readonly reason: string }
  /** Apply the plan, `kilo0` included; then remove what Kilo left. */
  | { readonly kind: 'takeOver'; readonly traces: KiloTraces };

export interface Judged {
  readonly besideKilo: MeshSpec['besideKilo'];
  readonly kilo: KiloOnHost;
  readonly plan: NodePlan;
  readonly nodes: readonly MeshNode[];
  /** Of `kilo0`; absent: nobody answers there. */
  readonly wireguard: WireguardState | undefined;
  /** Unix seconds. */
  readonly at: number;
}

export function judgeKilo(judged: Judged): Verdict {
  const { besideKilo, kilo, plan } = judged;
  if (besideKilo !== undefined) {
    const clash = plan.meshAddresses.find((address) => isWithin(address, kiloNetworks(kilo.traces)));
    return clash === undefined
      ? { kind: 'beside' }
      : {
          kind: 'hold',
          reason:
            `this node's mesh address ${clash} lies in the network of Kilo's kilo0: ` +
            "give the Mesh wireguardCIDRs outside of Kilo's --subnet while both run",
        };
  }
  if (kilo.running !== undefined) {
    return {
      kind: 'hold',
      reason:
        `Kilo's agent runs on this node (${kilo.running}) and would undo what we do: set besideKilo: behind in the Mesh ` +
        'to run beside it, or stop it first (docs/migrate-from-kilo.md). Nothing is changed until then',
    };
  }
  if (isTraceless(kilo.traces)) return { kind: 'none' };
  const orphan = unreplaced(judged).find((route) => isAlive(route, judged));
  if (orphan === undefined) return { kind: 'takeOver', traces: kilo.traces };
  const { dst, dev } = orphan;
  return {
    kind: 'hold',
    reason:
      `Kilo, which has ended, still leads to ${dst} by ${dev}, and the mesh does not yet: ` +
      'is there a MeshNode for the node behind it, with a mesh address? ' +
      `If the node is gone for good: ip route del ${dst} dev ${dev} proto static`,
  };
}

/** Kilo's address on `kilo0` has the prefix length of its whole `--subnet`. */
function kiloNetworks({ addresses }: KiloTraces): readonly string[] {
  return addresses.filter(({ dev }) => dev === 'kilo0').map(({ address }) => address);
}

/**
 * Kilo's routes to which our mesh has no equivalent: no route, and no node that is reached by the underlay. Without routes to addresses of
 * Kilo's own mesh.
 */
function unreplaced({ plan, nodes, kilo }: Judged): readonly KiloRoute[] {
  const carried = plan.routes.filter(({ to }) => to.kind !== 'unreachable').map((route) => canonicalCIDR(route.dst));
  const exact = new Set([...carried, ...nodes.flatMap(underlayAddressesOf).map(singleCIDR)]);
  const around = [...kiloNetworks(kilo.traces), ...carried];
  return kilo.traces.routes.filter(({ dst }) => !exact.has(dst) && !isWithin(dst, around));
}

/** A tunnel without a session carries nothing that could be lost. */
function isAlive({ dst, dev }: KiloRoute, { wireguard, at }: Judged): boolean {
  if (dev !== 'kilo0' || wireguard === undefined) return true;
  const peer = [...wireguard.peers.values()].find(({ allowedIPs }) => isWithin(dst, allowedIPs));
  return peer !== undefined && at - peer.lastHandshake < SESSION_SECONDS;
}

/** REJECT_AFTER_TIME (WireGuard whitepaper 6.1). */
const SESSION_SECONDS = 180;
