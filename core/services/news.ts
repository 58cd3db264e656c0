/**
 * What is worth telling people of an export or an import that has changed, as Events. It follows from what stood before and what stands
 * now, both as the member has them, so that whoever begins anew tells nothing twice.
 */
import type { PlannedCondition } from '../api/conditions.js';
import type { KubeObject } from '../api/resources.js';

export interface News {
  readonly type: 'Normal' | 'Warning';
  /** A word in CamelCase. */
  readonly reason: string;
  readonly note: string;
}

type Said = Pick<PlannedCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Of a ServiceExport: its conditions before and now. Of a change of their messages alone nobody has to hear. */
export function exportNews(before: readonly Said[], now: readonly Said[]): News[] {
  return now.flatMap((condition) => {
    const was = before.find(({ type }) => type === condition.type);
    if (was?.status === condition.status && was.reason === condition.reason) return [];
    return newsOf(condition, was) ?? [];
  });
}

function newsOf({ type, status, reason, message }: Said, was: Said | undefined): News | undefined {
  switch (`${type} ${status}`) {
    case 'Valid False':
      return { type: 'Warning', reason, note: message };
    case 'Ready True':
      if (was?.status === 'True') return undefined;
      return { type: 'Normal', reason: 'Exported', note: message === '' ? 'other members may import it' : `exported; ${message}` };
    case 'Ready False':
      return { type: 'Warning', reason: was?.status === 'True' ? 'ExportStopped' : reason, note: message };
    case 'Conflict True':
      return { type: 'Warning', reason: 'Conflict', note: `${reason}: ${message}` };
    case 'Conflict False':
      return was?.status === 'True' ? { type: 'Normal', reason: 'ConflictOver', note: 'its exporters agree again' } : undefined;
    default:
      return undefined;
  }
}

interface Mirror {
  readonly services: readonly KubeObject[];
  readonly slices: readonly Slice[];
}

interface Slice extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean | null } | null }[] | null;
}

interface Import {
  /** The Service that stands for it now. */
  readonly name: string;
  /** Ids of the members that it is made of. */
  readonly exporters: readonly string[];
  /** Why endpoints are held back, if any are. */
  readonly heldBack?: string;
}

/** Of an import: that it begins, that no endpoint of it is ready any more, and that one is again. */
export function importNews(before: Mirror, now: Mirror, { name, exporters, heldBack }: Import): News[] {
  if (now.services.length + now.slices.length === 0) return [];
  const [was, is] = [hasReady(before), hasReady(now)];
  if (before.services.length + before.slices.length === 0) {
    const state = is ? '' : `; ${heldBack ?? 'no endpoint is ready yet'}`;
    return [{ type: 'Normal', reason: 'Imported', note: `imported from ${exporters.join(', ')} as Service ${name}${state}` }];
  }
  if (was === is) return [];
  if (is) return [{ type: 'Normal', reason: 'ImportReturned', note: `endpoints are ready again: ${exporters.join(', ')}` }];
  return [{ type: 'Warning', reason: 'ImportStopped', note: heldBack ?? `no endpoint of ${exporters.join(', ')} is ready` }];
}

/** Of a Service that nothing exports any more. */
export const EXPORT_ENDED: News = {
  type: 'Normal',
  reason: 'ExportEnded',
  note: 'it is not exported any more, so other members withdraw it',
};

/** Of an import of which no Service and no endpoint is left. `why` says why. */
export function importEnded(why: string): News {
  return { type: 'Normal', reason: 'ImportEnded', note: `it is not imported any more: ${why}` };
}

function hasReady({ slices }: Mirror): boolean {
  return slices.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false) === true);
}
