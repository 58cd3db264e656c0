/**
 * Our devices that carry packets of the mesh.
 */
import type { NodePlan } from '../mesh/plan.js';

/** Their names: the WireGuard interfaces by plane, then the device of the encapsulation. */
export function meshDevices({ interfaces, encapsulation }: NodePlan): readonly string[] {
  return [...interfaces, ...(encapsulation === undefined ? [] : [encapsulation])].map(({ name }) => name);
}
