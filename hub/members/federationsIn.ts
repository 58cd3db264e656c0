/**
 * The federations whose hubs wrote into a member, as their objects say. Hubs of earlier versions wrote none: such an object is anybody's.
 */
import { ANNOTATION } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { ExistingObject } from '../records/existingObject.js';
import type { MemberRecords } from '../records/memberRecords.js';

type Standing = Pick<MemberRecords, 'peers' | 'imports' | 'exports' | 'mirrored' | 'mirrorsOf'>;

export function federationsIn(records: Standing): ReadonlySet<string> {
  const found = new Set<string>();
  const note = ({ metadata }: KubeObject): void => {
    const name = metadata.annotations?.[ANNOTATION.federation];
    if (name !== undefined) found.add(name);
  };
  const noteOwn = (existing: ExistingObject): void => {
    if (existing.own) note(existing.object);
  };
  for (const objects of [records.peers(), records.imports(), records.exports()]) [...objects.values()].forEach(noteOwn);
  for (const service of records.mirrored()) {
    const { services, slices } = records.mirrorsOf(service);
    [...services, ...slices].forEach(note);
  }
  return found;
}
