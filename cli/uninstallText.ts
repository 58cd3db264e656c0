/**
 * The plan of an uninstallation, for people.
 */
import type { Installation } from '../core/uninstall/installation.js';
import type { ObjectRef } from '../core/uninstall/ownObjects.js';
import type { UninstallPlan } from '../core/uninstall/planUninstall.js';

const NAMED = 12;

export function planText(server: string, found: Installation, { nodes, leaves, remove, kinds, namespace, keep }: UninstallPlan): string {
  const away = [...found.away].toSorted();
  const going = [...remove, ...kinds, ...(namespace === undefined ? [] : [namespace])];
  return [
    `Of ${server} goes:`,
    ...(leaves
      ? [`  what its federation${found.federation === undefined ? '' : ` ${found.federation}`} has here, and has of it in others`]
      : []),
    ...(nodes ? ['  on every node: tunnels, routes, firewall rules, the folder /var/lib/kilofed with the private key'] : []),
    ...(nodes && away.length > 0 ? [`    not ready now: ${few(away)}`] : []),
    ...(nodes && found.isNetworkPlugin
      ? ['    Kilofed is the network plugin here: no pod starts on a node afterwards, until another one is there']
      : []),
    ...byKind(going).map(([kind, names]) => `  ${kind}: ${few(names)}`),
    ...(keep.length === 0 ? [] : ['It stays:', ...keep.map(keptText)]),
    '',
  ].join('\n');
}

export function keptText({ what, why }: UninstallPlan['keep'][number]): string {
  return `  ${what}: ${why}`;
}

/** What to do about a node that was not cleaned. `cniFolder`: of CNI configurations. */
export function nodeCommand(cniFolder: string): string {
  return `rm -rf /var/lib/kilofed ${cniFolder}/10-kilofed.conflist && reboot`;
}

function byKind(refs: readonly ObjectRef[]): readonly (readonly [string, readonly string[]])[] {
  const kinds = [...new Set(refs.map(({ resource }) => resource.plural))];
  return kinds.map((kind) => [
    kind,
    refs
      .filter(({ resource }) => resource.plural === kind)
      .map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`)),
  ]);
}

function few(names: readonly string[]): string {
  return `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;
}
