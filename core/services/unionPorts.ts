/**
 * The ports of a mirror with several exporters (KEP-1645, "Service Port": their union; decision 36).
 *
 * The first exporter has all of its ports as they are. Others add those that collide with none, by name or by protocol and number: of what
 * others have added before, nothing changes while one of them still has it. So a port that stands is changed by nobody but who decides.
 */
import type { ServicePort } from './model.js';
import { nameOfNameless, portKey, uniquePorts } from './serviceShape.js';
import { isPort } from './wellFormed.js';

interface UnionInput {
  /** Of the exporter that gives the mirror its shape: valid, and unique. */
  readonly first: readonly ServicePort[];
  /** Of each other exporter, by precedence; as they say. */
  readonly others: readonly (readonly ServicePort[])[];
  /** What stands; empty: nothing does. */
  readonly standing: readonly ServicePort[];
  /** Some of those who added ports are not known now, so all ports that stand are theirs. */
  readonly someUnknown: boolean;
}

/** Unique by name and by protocol and number, no more than a slice holds, those of the first exporter first. */
export function unionPorts({ first, others, standing, someUnknown }: UnionInput): readonly ServicePort[] {
  const added = others.flat().filter(isPort);
  const byKey = new Map(added.toReversed().map((port) => [portKey(port), port]));
  const kept = standing.flatMap((port) => byKey.get(portKey(port)) ?? (someUnknown && isPort(port) ? [port] : []));
  const stands = uniquePorts([...first, ...kept]);
  if (isLoneNameless(stands) && isLoneNameless(standing)) return stands;
  // Nor may the name that a nameless port has been given become that of another.
  const given = nameOfNameless({ ports: stands });
  return uniquePorts([...stands, ...added.filter(({ name }) => name === '' || name !== given)]);
}

/** A second port would give it a name, and so change it for whoever knows ports by their names. */
function isLoneNameless(ports: readonly ServicePort[]): boolean {
  return ports.length === 1 && ports[0]?.name === '';
}
