/**
 * The gateways that a node deals with, of those that others show: none with a key that is somebody else's, and none that would have it
 * send packets to itself or to its neighbours on the link.
 *
 * An interface has one peer of a key, and a far end has one peer of ours. So a key belongs to one gateway, whatever the plane: a second one
 * would take over its sessions, and probes would ask the one of the other.
 */
import { type Problem, subjectText } from '../api/problem.js';
import { addressOf } from '../net/cidr.js';
import { isSpecial } from '../net/special.js';
import type { PeerOwner } from './plan.js';
import { byGatewayPrecedence } from './precedence.js';
import type { Gateway, Segment } from './segments.js';

interface RemoteGatewaysInput {
  readonly remote: readonly Segment[];
  /** Node names of this cluster by public key. */
  readonly nodesByKey: () => ReadonlyMap<string, string>;
  /** Public key of the node whose plan this is. */
  readonly ownKey: string;
  /** Of this mesh. Gateways in higher slots take part in nothing. */
  readonly planes: number;
  readonly resolved: Readonly<Record<string, string>>;
}

interface RemoteGateways {
  /** `remote` without the gateways that are left out, and without the endpoints. */
  readonly segments: readonly Segment[];
  /** Names of segments that have lost all their gateways. */
  readonly emptied: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

export function remoteGateways({ remote, nodesByKey, ownKey, planes, resolved }: RemoteGatewaysInput): RemoteGateways {
  const problems: Problem[] = [];
  const holders = new Map<string, string>();
  const refused = new Set<Gateway>();
  const candidates = remote.flatMap((segment) =>
    segment.gateways.filter(({ slot }) => slot < planes).map((gateway) => ({ segment, gateway })),
  );
  for (const { segment, gateway } of candidates.toSorted(byGatewayPrecedence)) {
    const subject = ownerOf(segment, gateway);
    const node = segment.kind === 'own' ? undefined : nodesByKey().get(gateway.publicKey);
    const holder = node === undefined ? holders.get(gateway.publicKey) : `node ${node}`;
    if (gateway.publicKey === ownKey) {
      refused.add(gateway);
      problems.push({ subject, reason: 'OwnKey', message: "has this node's own public key", remedy: 'give one of them a new key' });
    } else if (holder !== undefined) {
      refused.add(gateway);
      problems.push({
        subject,
        reason: 'DuplicateKey',
        message: `has the public key of ${holder}, which keeps it`,
        remedy: 'give one of the two a new key',
      });
    } else holders.set(gateway.publicKey, subjectText(subject));
  }
  const segments = remote.map((segment): Segment => ({
    ...segment,
    gateways: segment.gateways.filter((gateway) => !refused.has(gateway)).map((gateway) => dialable(segment, gateway, resolved, problems)),
  }));
  return {
    segments,
    emptied: new Set(
      segments.filter(({ gateways }, index) => gateways.length === 0 && (remote[index]?.gateways.length ?? 0) > 0).map(({ name }) => name),
    ),
    problems,
  };
}

/** The address of an endpoint's host, canonical; undefined: a name that did not resolve. */
export function addressFor(host: string, resolved: Readonly<Record<string, string>>): string | undefined {
  return addressOf(host) ?? (Object.hasOwn(resolved, host) ? addressOf(resolved[host] ?? '') : undefined);
}

/** How problems and plans name a gateway, or the machine of an external peer. */
export function ownerOf({ kind }: Pick<Segment, 'kind'>, { name }: Pick<Gateway, 'name'>): PeerOwner {
  return { kind: kind === 'externalPeer' ? 'peer' : 'gateway', name };
}

/** Another member must not have this node dial a loopback or link-local address, where metadata services are, by number or by name. */
function dialable(segment: Segment, gateway: Gateway, resolved: RemoteGatewaysInput['resolved'], problems: Problem[]): Gateway {
  const { host, ...rest } = gateway;
  const address = host === undefined ? undefined : addressFor(host, resolved);
  if (segment.kind !== 'member' || address === undefined || !isSpecial(address)) return gateway;
  problems.push({
    subject: ownerOf(segment, gateway),
    reason: 'SpecialRange',
    message: `its endpoint ${host} is ${address}, in a loopback, link-local, multicast or reserved range, and is not dialled`,
    remedy: 'correct the endpoint',
  });
  return rest;
}
