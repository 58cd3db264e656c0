/**
 * Everything in a FederationStatus that is not as it should be: what the hub itself calls a problem, and every member,
 * pair, service or queue whose state is not the good one, where the hub has no words for it.
 */
import type { FederationProblem, FederationStatus } from '../core/api/status.js';

/** The hub's problems first, in its order; none means all is well. */
export function findings(status: FederationStatus): readonly FederationProblem[] {
  const told = new Set(status.problems.flatMap(names));
  const untold = [...queueFindings(status), ...memberFindings(status), ...pairFindings(status), ...serviceFindings(status)];
  return [...status.problems, ...untold.filter((finding) => !names(finding).some((name) => told.has(name)))];
}

/** A pair has two names, one from each end. */
function names({ cluster, subject }: FederationProblem): readonly string[] {
  const other = /^pair (.+)$/.exec(subject)?.[1];
  return other === undefined ? [`${cluster}/${subject}`] : [[cluster, other].toSorted().join(' pair ')];
}

function queueFindings({ hub }: FederationStatus): readonly FederationProblem[] {
  if (hub.queue.degraded === undefined) return [];
  return [{ cluster: 'hub', subject: 'queue', reason: 'Degraded', message: hub.queue.degraded }];
}

const MEMBER_ADVICE = {
  connecting: 'The hub has not finished its first look at this member. If it stays so, check that the hub can reach its API server.',
  unreachable: 'Its API server does not answer the hub; what was mirrored from it stays as it was. Check the network and the API server.',
  refused: 'Its kubeconfig or its credentials are not accepted. Replace the kubeconfig in the Secret of this member.',
} as const;

function memberFindings({ members }: FederationStatus): readonly FederationProblem[] {
  return members.flatMap(({ id, state, reason }) =>
    state === 'ready' ? [] : [{ cluster: id, subject: 'member', reason: capital(state), message: sentence(reason, MEMBER_ADVICE[state]) }],
  );
}

function pairFindings({ pairs }: FederationStatus): readonly FederationProblem[] {
  return pairs.flatMap(({ from, to, state, reason }) =>
    state === 'linked'
      ? []
      : [{ cluster: from, subject: `pair ${to}`, reason: capital(state), message: reason ?? `${from} and ${to} are not linked yet.` }],
  ).filter((finding, index, all) => all.findIndex((other) => names(other)[0] === names(finding)[0]) === index);
}

function serviceFindings({ services }: FederationStatus): readonly FederationProblem[] {
  return services.flatMap(({ namespace, name, importers }) =>
    importers.flatMap(({ cluster, state, reason }) =>
      state !== 'refused'
        ? []
        : [{ cluster, subject: `service ${namespace}/${name}`, reason: capital(state), message: reason ?? 'It is not mirrored here.' }],
    ),
  );
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

function sentence(reason: string | undefined, advice: string): string {
  return reason === undefined ? advice : `${reason.replace(/\.?$/, '.')} ${advice}`;
}
