/**
 * The endpoints of Peers among the prefixes of the mesh.
 *
 * A tunnel must not run into itself, so what leads to a segment goes around the endpoints of its own gateways. Nobody else's prefixes do:
 * whoever could choose an endpoint would take packets out of other tunnels and onto the underlay, in clear. A tunnel to an endpoint in a
 * prefix of somebody else is not made, since the firewall keeps tunnels out of tunnels.
 *
 * The endpoint of a person's Peer is left to the underlay, as in Kilo (pkg/mesh/routes.go). One of another member is refused instead.
 */
import type { Problem } from '../api/problem.js';
import { type Cidr, contains, parseCidr } from '../net/cidr.js';
import type { Claims } from './claims.js';
import type { LocalNetwork } from './localNetworks.js';
import { addressFor, ownerOf } from './remoteGateways.js';
import type { Segment } from './segments.js';

/** Where tunnels to a segment end. */
export interface Ends {
  readonly addresses: readonly Cidr[];
  /** Whether these are refused where its prefixes go around them. */
  readonly guarded: boolean;
}

type Resolved = Readonly<Record<string, string>>;

/** By name of the segment; without own segments, whose gateways are no Peers. */
export function peerEndpoints(remote: readonly Segment[], resolved: Resolved): ReadonlyMap<string, Ends> {
  return new Map(
    remote
      .filter(({ kind }) => kind !== 'own')
      .map((segment) => [
        segment.name,
        { addresses: segment.gateways.flatMap(({ host }) => endOf(host, resolved)), guarded: segment.kind === 'member' },
      ]),
  );
}

interface Surroundings {
  readonly claims: Claims;
  readonly resolved: Resolved;
  /** What nodes reach without the mesh. */
  readonly underlay: () => readonly Cidr[];
  /** Networks that the own location's nodes stand in. */
  readonly near: () => readonly LocalNetwork[];
}

/** A problem for each gateway of others whose endpoint is behind a prefix of the mesh. */
export function endpointProblems(remote: readonly Segment[], { claims, resolved, underlay, near }: Surroundings): Problem[] {
  const isReached = (end: Cidr, behind: Cidr): boolean =>
    near().some((each) => isCloser(end, behind, each)) || underlay().some((each) => contains(each, end));
  return remote
    .filter(({ kind }) => kind !== 'own')
    .flatMap((segment) =>
      segment.gateways.flatMap((gateway) =>
        endOf(gateway.host, resolved).flatMap((end): Problem[] => {
          const holder = claims.covering(end)[0];
          const isOwn = holder?.segment.name === segment.name && segment.kind === 'externalPeer';
          if (holder === undefined || isOwn || isReached(end, holder.cidr)) return [];
          return [
            {
              subject: ownerOf(segment, gateway),
              reason: 'EndpointTaken',
              message: `its endpoint ${gateway.host} lies in ${holder.text}, which leads to ${holder.segment.name} through the mesh`,
              remedy: 'give it an endpoint outside of the mesh',
            },
          ];
        }),
      ),
    );
}

/** The connected route of a network wins over a wider prefix. */
function isCloser(end: Cidr, behind: Cidr, { network }: LocalNetwork): boolean {
  return contains(network, end) && network.length >= behind.length;
}

function endOf(host: string | undefined, resolved: Resolved): Cidr[] {
  const address = host === undefined ? undefined : addressFor(host, resolved);
  const cidr = address === undefined ? undefined : parseCidr(address);
  return cidr === undefined ? [] : [cidr];
}
