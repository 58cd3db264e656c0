/**
 * What is wrong with the mesh as a whole, for the condition of the Mesh.
 */
import { ANNOTATION } from '../core/api/names.js';
import type { Problem } from '../core/api/problem.js';
import type { Reason } from '../core/api/reasons.js';
import type { Findings } from './findings.js';

/** The gravest first. */
export function meshProblems(findings: Findings): readonly Problem[] {
  return [
    ...overlapProblems(findings),
    ...nodesProblems(findings, 'AddressesExhausted'),
    ...gatewayProblems(findings),
    ...findings.exports,
    ...serviceProblems(findings),
    ...nodesProblems(findings),
  ];
}

const MESH = { kind: 'mesh' } as const;

function overlapProblems({ overlaps }: Findings): Problem[] {
  return overlaps.map(({ range, kind, other }) => ({
    subject: MESH,
    reason: 'RangeOverlap',
    message: `spec.wireguardCIDRs ${range} overlaps the ${kind} range ${other}, so no new mesh address is given out of it`,
    remedy: 'choose another range',
  }));
}

function gatewayProblems({ segments }: Findings): Problem[] {
  const lonely = segments.filter(({ gateways }) => gateways.length === 0).map(({ name }) => name);
  if (lonely.length === 0) return [];
  return [
    {
      subject: MESH,
      reason: 'NoGateway',
      message: `no node can be a gateway of ${lonely.join(', ')}`,
      remedy: `remove the annotation ${ANNOTATION.gateway}=never from a Node there`,
    },
  ];
}

function serviceProblems({ services, serviceCIDRs }: Findings): Problem[] {
  if (services.kind === 'unavailable') {
    return [
      {
        subject: MESH,
        reason: 'ServiceRangeUnknown',
        message: `the Service ranges cannot be read (${services.reason}): what was known before is kept`,
      },
    ];
  }
  if (serviceCIDRs.length > 0) return [];
  return [
    {
      subject: MESH,
      reason: 'ServiceRangeUnknown',
      message: 'the Service ranges of this cluster are not known',
      remedy: "write kube-apiserver's --service-cluster-ip-range to spec.serviceCIDRs",
    },
  ];
}

/** So many nodes are named; the rest is counted. */
const NAMED = 5;

/** Nodes with a problem of this reason, or with any, as one problem of the mesh. */
function nodesProblems({ nodes }: Findings, reason?: Reason): Problem[] {
  const concerned = [...nodes]
    .filter(([, problem]) => reason === undefined || problem.reason === reason)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (concerned.length === 0) return [];
  const named = concerned
    .slice(0, NAMED)
    .map(([name, problem]) => `${name} (${problem.reason})`)
    .join(', ');
  const more = concerned.length > NAMED ? ` and ${concerned.length - NAMED} more` : '';
  const who = concerned.length === 1 ? 'a node has a problem' : `${concerned.length} nodes have problems`;
  return [{ subject: MESH, reason: reason ?? 'NodesNotReady', message: `${who}, see their MeshNodes: ${named}${more}` }];
}
