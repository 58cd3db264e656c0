/**
 * EndpointSlices of other members that join a person's own Service, whose annotation `kilofed.io/affinity` is its owner's consent. The
 * Service stays as it is: kube-proxy and DNS join the two by the name, and its ports decide which ports of others are behind it.
 */
import type { EndpointSliceObject, Exporter } from './importParts.js';
import { mirrorSlices } from './mirrorSlices.js';
import type { Sha256 } from './names.js';
import { shapeOf } from './serviceShape.js';
import type { ChoicePolicy } from './choicePolicy.js';
import { besideOf, joining, withChoice } from './withChoice.js';
import type { KubeObject } from '../api/resources.js';

interface BesideOwnInput {
  /** The importing member's own export. */
  readonly own: Exporter;
  /** By precedence. */
  readonly others: readonly Exporter[];
  readonly policy: ChoicePolicy | undefined;
  /** Slices of members of which nothing is known now. */
  readonly kept: readonly KubeObject[];
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly hostnames: boolean | undefined;
  readonly sha256: Sha256;
}

/** Without the hash. */
export function besideOwn({ own, others, policy, kept, families, hostnames, sha256 }: BesideOwnInput): EndpointSliceObject[] {
  const { cluster, name } = own.service;
  const shape = shapeOf(own.service);
  const context = { service: name, shape, families: shape.ipFamilies.filter((family) => families.includes(family)), hostnames, sha256 };
  return withChoice({
    policy,
    parts: others.map((source) => ({ cluster: source.service.cluster, ...mirrorSlices(source, context) })),
    kept: joining(name, kept),
    beside: besideOf(cluster, own.slices),
  });
}

/** What cannot be done behind the own name: its endpoints are not the hub's to hold back. */
export function besideOwnNotes({ service: { cluster, name, export: asks } }: Exporter): string[] {
  if (asks.affinity !== 'remote') return [];
  return [
    `affinity remote of ${cluster}: behind the name ${name} its own endpoints serve beside those of others, since the hub does not touch ` +
      'the EndpointSlices of a person; behind the name that the ServiceImport gives they come last',
  ];
}
