/**
 * Under which name an exported Service stands in an importing member: its own where that is wanted and free, else a derived one, beside
 * somebody's Service of the own name, or so that somebody can make one.
 *
 * Where the name changes, the Service of the other name stands on for a while, since clients have its address.
 */
import type { ExportRequest } from './annotations.js';
import type { NamespaceConsent } from './namespaceConsent.js';
import { derivedServiceName, isDerivedName, type Sha256 } from './names.js';

/** Whose Service has a name in the importing member. */
export type NameHolder =
  | 'none'
  /** Nobody's since a moment, and not by the hub's doing: whoever deleted it may be about to make it anew. */
  | 'freed'
  | 'foreign'
  /** Somebody's, who hands it over to the hub. */
  | 'offered'
  | 'ours';

interface NameInput {
  readonly namespace: string;
  readonly name: string;
  readonly target: {
    /** The Service of the same name as the exported one, and the one of the derived name. */
    readonly sameNamed: NameHolder;
    readonly derived: NameHolder;
  };
  /** Whether it is to have its own name where that is free. */
  readonly ownName: boolean;
  readonly sha256: Sha256;
}

interface ImportName {
  readonly name: string;
  /** The Service of ours that stood for it until now. */
  readonly parting?: string;
}

/** `taken`: both names are somebody's. `freed`: it will be known in a moment. */
export function importName({ namespace, name, target, ownName, sha256 }: NameInput): ImportName | 'taken' | 'freed' {
  const derived = derivedServiceName(namespace, name, sha256);
  // One that may be derived from another name is left to that other Service, whoever was first.
  if (isDerivedName(name)) return target.derived === 'foreign' ? 'taken' : { name: derived };
  if (!ownName) {
    return target.derived === 'foreign' ? 'taken' : { name: derived, ...(target.sameNamed === 'ours' && { parting: name }) };
  }
  switch (target.sameNamed) {
    case 'foreign':
      return target.derived === 'foreign' ? 'taken' : { name: derived };
    case 'freed':
      return target.derived === 'ours' ? { name: derived } : 'freed';
    default:
      return { name, ...(target.derived === 'ours' && { parting: derived }) };
  }
}

/**
 * Whether the mirror is to have the Service's own name: as whoever gives it its shape asks for. An export by a ServiceExport alone is the
 * way of MCS, where an importing cluster can make a Service of the name at any time. `request` undefined: he is not known now, so that
 * what stands stays.
 */
export function wantsOwnName(request: ExportRequest | undefined, { consent, sameNamed, derived }: OwnNameInput): boolean {
  if (consent.ownNames === false) return false;
  if (request === undefined) return sameNamed === 'ours' || derived !== 'ours';
  return request.ownName ?? request.byServiceExport !== true;
}

interface OwnNameInput {
  /** What the importing namespace says. */
  readonly consent: Pick<NamespaceConsent, 'ownNames'>;
  readonly sameNamed: NameHolder;
  readonly derived: NameHolder;
}
