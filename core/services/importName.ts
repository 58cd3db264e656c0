/**
 * Under which name an exported Service stands in an importing member: its own where that is free, else a derived one, beside somebody's
 * Service of the own name.
 *
 * The own name returns when it is free again. Then the derived Service stands on beside it for a while, since clients have its address.
 */
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
  readonly sha256: Sha256;
}

interface ImportName {
  readonly name: string;
  /** The derived Service that stood for it until now. */
  readonly parting?: string;
}

/** `taken`: both names are somebody's. `freed`: it will be known in a moment. */
export function importName({ namespace, name, target, sha256 }: NameInput): ImportName | 'taken' | 'freed' {
  const derived = derivedServiceName(namespace, name, sha256);
  // One that may be derived from another name is left to that other Service, whoever was first.
  if (isDerivedName(name)) return target.derived === 'foreign' ? 'taken' : { name: derived };
  switch (target.sameNamed) {
    case 'foreign':
      return target.derived === 'foreign' ? 'taken' : { name: derived };
    case 'freed':
      return target.derived === 'ours' ? { name: derived } : 'freed';
    default:
      return { name, ...(target.derived === 'ours' && { parting: derived }) };
  }
}
