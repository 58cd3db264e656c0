/**
 * What an explanation comes to, for all members or for one: whether the Service works, and if not, the first thing that stops it.
 */
import type { Explanation, Finding } from '../api/explanation.js';
import { inOrder } from './steps.js';

/** The verdict for all members that it is exported to, or for the one that somebody asks about. */
export function verdictOf(
  { namespace, name, exporters, importers }: Pick<Explanation, 'namespace' | 'name' | 'exporters' | 'importers'>,
  only?: string,
): Pick<Explanation, 'works' | 'first'> {
  const asked = importers.filter(({ cluster, asked: isAsked }) => (only === undefined ? isAsked : cluster === only));
  const open = exporters.filter(({ stops }) => stops === undefined);
  const first =
    open.length === 0 ? farthest(exporters.flatMap(({ stops }) => stops ?? [])) : earliest(asked.flatMap(({ stops }) => stops ?? []));
  if (first !== undefined) return { works: false, first };
  if (exporters.length === 0) return { works: false, first: nowhere(namespace, name) };
  if (only !== undefined && asked.length === 0) return { works: false, first: noMember(only) };
  return { works: true };
}

function nowhere(namespace: string, name: string): Finding {
  return {
    step: 'service',
    reason: 'NoService',
    message: `no member has a Service ${namespace}/${name}`,
    remedy: `create it in the cluster that is to serve it, and export it: kilofed export service ${namespace}/${name}`,
  };
}

function noMember(id: string): Finding {
  return { step: 'members', reason: 'NoMember', message: `${id} is no member`, remedy: 'kilofed status lists the members' };
}

/** Of several exporters, the one that gets farthest: the others need more. */
function farthest(findings: readonly Finding[]): Finding | undefined {
  return inOrder(findings).at(-1);
}

/** Of several importers, what stops one at the earliest step. */
function earliest(findings: readonly Finding[]): Finding | undefined {
  return inOrder(findings)[0];
}
