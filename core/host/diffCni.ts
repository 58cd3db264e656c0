/**
 * The folder of CNI configurations: our file, and files of others that sort before it. Container runtimes take the first.
 */
import type { Problem } from '../api/problem.js';
import type { Reason } from '../api/reasons.js';
import type { Cni } from '../mesh/plan.js';
import type { Change, Difference } from './change.js';
import { CNI_FILE, conflistText, DISABLED_SUFFIX } from './conflist.js';
import type { CniFolder } from './state.js';

const NOTHING: Difference = { set: [], remove: [] };

/** `folder` undefined: it is not visible here, and nothing is done. */
export function diffCni(desired: Cni | undefined, folder: CniFolder | undefined): Difference {
  if (folder === undefined) return NOTHING;
  if (desired === undefined) {
    const restore = folder.disabled.map((file): Change => ({ kind: 'cni.restore', file }));
    // The other configuration returns before ours goes: a moment without any makes the node not ready.
    return { set: restore, remove: folder.own === undefined ? [] : [{ kind: 'cni.delete' }] };
  }
  if (desired.podCIDRs.length === 0) return NOTHING;
  const text = conflistText(desired, folder.own);
  const winners = desired.others === 'disable' ? winnersOf(folder) : [];
  return {
    set: [
      ...(text === folder.own ? [] : [{ kind: 'cni.write', text, ...(folder.own === undefined ? {} : { over: folder.own }) } as const]),
      ...winners.map((file): Change => ({ kind: 'cni.disable', file })),
    ],
    remove: [],
  };
}

/** What keeps pods from getting their network from us. */
export function cniProblems(node: string, desired: Cni | undefined, folder: CniFolder | undefined): readonly Problem[] {
  if (desired === undefined) return [];
  const problem = (reason: Reason, message: string, remedy: string): Problem => ({
    subject: { kind: 'node', name: node },
    reason,
    message,
    remedy,
  });
  if (folder === undefined) {
    return [
      problem(
        'NoCniFolder',
        'Mesh.spec.cni is on, but the folder of CNI configurations cannot be seen from here',
        'apply manifests/cluster-cni.yaml, or set --cni-dir',
      ),
    ];
  }
  if (desired.podCIDRs.length === 0) {
    return [
      problem(
        'NoPodCIDR',
        'Mesh.spec.cni is on, but the Node has no spec.podCIDRs',
        'run kube-controller-manager with --allocate-node-cidrs, or set them',
      ),
    ];
  }
  const winners = desired.others === 'keep' ? winnersOf(folder) : [];
  return winners.length === 0
    ? []
    : [
        problem(
          'OtherCniWins',
          `container runtimes take ${winners[0]}, whose name comes before ${CNI_FILE}`,
          'remove it, or set Mesh.spec.cni.others to disable',
        ),
      ];
}

/** The name of a disabled file before it was disabled. */
export function enabledName(file: string): string {
  return file.slice(0, -DISABLED_SUFFIX.length);
}

function winnersOf({ others }: CniFolder): readonly string[] {
  return others.filter((name) => name < CNI_FILE);
}
