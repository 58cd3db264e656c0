/**
 * What is wrong with the mesh as a whole, for the condition of the Mesh: the gravest gives the reason, all give the message.
 */
import type { Findings } from './findings.js';
import type { Trouble } from './nodeTroubles.js';

/** Undefined: nothing is wrong. */
export function meshTrouble(findings: Findings): Trouble | undefined {
  const all = [...overlapTroubles(findings), ...nodesTrouble(findings, 'AddressesExhausted'), ...gatewayTroubles(findings), ...serviceTrouble(findings), ...nodesTrouble(findings)];
  const [first] = all;
  return first === undefined ? undefined : { reason: first.reason, message: [...new Set(all.map(({ message }) => message))].join('; ') };
}

function overlapTroubles({ overlaps }: Findings): Trouble[] {
  return overlaps.map(({ range, kind, other }) => ({
    reason: 'RangeOverlap',
    message: `spec.wireguardCIDRs ${range} overlaps the ${kind} range ${other}, so no new mesh address is given out of it: choose another range`,
  }));
}

function gatewayTroubles({ segments }: Findings): Trouble[] {
  const lonely = segments.filter(({ gateways }) => gateways.length === 0).map(({ name }) => name);
  if (lonely.length === 0) return [];
  return [{ reason: 'NoGateway', message: `no node can be a gateway of ${lonely.join(', ')}: let spec.gateway of a MeshNode there not be never` }];
}

function serviceTrouble({ services, serviceCIDRs }: Findings): Trouble[] {
  if (services.kind === 'silent') {
    return [{ reason: 'ServiceRangeUnknown', message: `the Service ranges cannot be read (${services.reason}): what was known before is kept` }];
  }
  if (serviceCIDRs.length > 0) return [];
  return [{ reason: 'ServiceRangeUnknown', message: "this cluster does not tell its Service range: write kube-apiserver's --service-cluster-ip-range to spec.serviceCIDRs" }];
}

/** How many nodes are named before the rest is counted. */
const NAMED = 5;

function nodesTrouble({ nodes }: Findings, reason?: string): Trouble[] {
  const concerned = [...nodes].filter(([, trouble]) => reason === undefined || trouble.reason === reason).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (concerned.length === 0) return [];
  const named = concerned.slice(0, NAMED).map(([name, trouble]) => `${name} (${trouble.reason})`).join(', ');
  const more = concerned.length > NAMED ? ` and ${concerned.length - NAMED} more` : '';
  return [{ reason: reason ?? 'NodesNotReady', message: `${concerned.length === 1 ? 'a node is' : `${concerned.length} nodes are`} in trouble, see their MeshNodes: ${named}${more}` }];
}
