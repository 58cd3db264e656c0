/**
 * The flow of a key in a target's queue: the members whose word it is about. One with very many Services waits for itself.
 *
 * A Service that several export is a flow of all of them together, so nobody's own backlog holds it up. At most two flows come into
 * being for each set of honest exporters, whatever a hostile one exports.
 */
import { ANNOTATION } from '../../core/api/names.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import { ownObject } from '../records/existingObject.js';
import { parseKey } from './keys.js';

interface FlowContext {
  readonly target: Pick<Member, 'id' | 'records'>;
  readonly federation: Pick<Federation, 'exportersOf'>;
}

export function flowOfKey(text: string, { target, federation }: FlowContext): string {
  const key = parseKey(text);
  if (key === undefined) return '';
  if (key.kind === 'peers') return key.source;
  // What the target itself exports concerns its own ServiceExport.
  if (key.kind === 'export') return target.id;
  const exporters = federation.exportersOf(key.service);
  if (exporters.length > 0) return exporters.join();
  return ownObject(target.records.imports().get(key.service))?.metadata.annotations?.[ANNOTATION.exporters] ?? '';
}
