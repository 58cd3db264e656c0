/**
 * Who may export a namespace, and who agrees to import it. Nothing is imported that the importer's administrator or the hub's
 * did not leave open.
 *
 * Three have a say. The hub's administrator, by flags and by the terms of each member. The importing cluster's, by a label on the
 * namespace, which wins over the flags. And nobody opens the namespaces of the system and of the hub.
 */
import { ANNOTATION, LABEL } from '../api/names.js';
import type { Complaint } from '../api/problem.js';
import type { NamespaceConsent } from './namespaceConsent.js';

export interface NamespaceRules {
  /** Neither exported nor imported, whatever anybody says. */
  readonly reserved: readonly string[];
  /** Not imported where no label says so: names, or prefixes that end in `-`. */
  readonly denied: readonly string[];
  /** If given, only these are imported where no label says so; the same form. */
  readonly allowed?: readonly string[];
}

interface ImportQuestion {
  readonly namespace: string;
  /** Ids of members. */
  readonly exporter: string;
  readonly target: string;
  /** What the namespace says in the target. */
  readonly consent: NamespaceConsent;
  readonly rules: NamespaceRules;
}

/** Why the target imports nothing from the exporter into the namespace. Undefined: it does. */
export function importRefusal({ namespace, exporter, target, consent: { imports }, rules }: ImportQuestion): Complaint | undefined {
  if (rules.reserved.includes(namespace)) return reserved(namespace);
  if (imports === undefined) return flagRefusal(namespace, target, rules);
  if (imports === 'all' || (typeof imports !== 'string' && imports.includes(exporter))) return undefined;
  if (imports === 'invalid') {
    return {
      reason: 'BadImport',
      message: `namespace ${namespace} of ${target} imports nothing, since its label ${LABEL.import} is not understood`,
      remedy: 'write all, none, or names of members joined by "_", such as east_north',
    };
  }
  const from = imports === 'none' ? 'imports nothing' : `imports only from ${imports.join(', ')}`;
  const wanted = imports === 'none' ? exporter : [...imports, exporter].toSorted().join('_');
  return {
    reason: 'ImportDenied',
    message: `namespace ${namespace} of ${target} ${from}, as its label ${LABEL.import} says`,
    remedy: `if it should import from ${exporter}, run there: kubectl label --overwrite namespace ${namespace} ${LABEL.import}=${wanted}`,
  };
}

interface ExportQuestion {
  readonly namespace: string;
  readonly member: string;
  /** Of the member's terms: names, or prefixes that end in `*`. Absent: all. */
  readonly exportNamespaces: readonly string[] | undefined;
  readonly rules: NamespaceRules;
}

/** Why the member exports nothing from the namespace, to anybody. Undefined: it may. */
export function exportRefusal({ namespace, member, exportNamespaces, rules }: ExportQuestion): Complaint | undefined {
  if (rules.reserved.includes(namespace)) return reserved(namespace);
  if (exportNamespaces === undefined || exportNamespaces.some((entry) => matches(namespace, entry, '*'))) return undefined;
  return {
    reason: 'ExportDenied',
    message: `the hub does not let ${member} export from namespace ${namespace}`,
    remedy: `if it may, add the namespace to ${ANNOTATION.exportNamespaces} where the hub has the kubeconfig of ${member}`,
  };
}

function reserved(namespace: string): Complaint {
  return {
    reason: 'NamespaceDenied',
    message: `services of namespace ${namespace} are neither exported nor imported`,
    remedy: 'it belongs to the system or to the hub, so move the Service to another one',
  };
}

function flagRefusal(namespace: string, target: string, { denied, allowed }: NamespaceRules): Complaint | undefined {
  const entry = denied.find((each) => matches(namespace, each, '-'));
  if (entry === undefined && (allowed === undefined || allowed.some((each) => matches(namespace, each, '-')))) return undefined;
  const why = entry === undefined ? '--allow-namespaces of the hub does not have it' : `--deny-namespaces of the hub has "${entry}"`;
  return {
    reason: 'NamespaceDenied',
    message: `services of namespace ${namespace} are not imported into ${target}, since ${why}`,
    remedy: `to import there all the same, run there: kubectl label namespace ${namespace} ${LABEL.import}=all`,
  };
}

/** `wildcard`: what a prefix ends with. `*` is no part of the prefix, `-` is. */
function matches(namespace: string, entry: string, wildcard: '*' | '-'): boolean {
  if (!entry.endsWith(wildcard)) return namespace === entry;
  return namespace.startsWith(wildcard === '*' ? entry.slice(0, -1) : entry);
}
