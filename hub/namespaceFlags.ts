/**
 * The flags that say what is exported and imported where nobody else says it.
 */
import { InvalidArgumentError, Option } from 'commander';
import type { NamespaceRules } from '../core/services/consent.js';
import type { ExportToDefault } from '../core/services/planImport.js';

export interface NamespaceFlags {
  readonly denyNamespaces: readonly string[];
  readonly allowNamespaces?: readonly string[];
  readonly exportToDefault: ExportToDefault;
}

/** Namespaces of the cluster itself. The policies of manifests/member.yaml refuse them, too. */
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'];
/** Of Kubernetes, of OpenShift, and of Kilofed. */
const DENIED = 'kube-,openshift-,openshift,kilofed';
const ENTRY = /^[a-z0-9]([-a-z0-9]{0,62})?$/;

export function namespaceOptions(): Option[] {
  return [
    new Option('--deny-namespaces <list>', 'namespaces that nothing is imported into unless their label says so; "team-" is a prefix')
      .default(parseList(DENIED), DENIED)
      .argParser(parseList),
    new Option('--allow-namespaces <list>', 'import only into these, unless a label says so (default: all but the denied)').argParser(
      parseList,
    ),
    new Option('--export-to-default <who>', 'who imports a Service without the annotation kilofed.io/export-to')
      .choices(['all', 'none'])
      .default('all'),
  ];
}

/** `namespace`: the hub's own. */
export function namespaceRules({ denyNamespaces, allowNamespaces }: NamespaceFlags, namespace: string): NamespaceRules {
  return {
    reserved: [...SYSTEM_NAMESPACES, namespace],
    denied: denyNamespaces,
    ...(allowNamespaces !== undefined && { allowed: allowNamespaces }),
  };
}

/** An empty text is an empty list. */
function parseList(text: string): string[] {
  const entries = text.split(',').flatMap((entry) => entry.trim() || []);
  const bad = entries.find((entry) => !ENTRY.test(entry));
  if (bad !== undefined)
    throw new InvalidArgumentError(`Write names of namespaces, or prefixes that end in "-", with commas between them: not "${bad}".`);
  return entries;
}
