/**
 * Follows the problems of the federation, and tells when one begins and when it is over: in the log, and by Events where there is a home
 * cluster.
 *
 * One that comes and goes between two looks is none that anybody has to hear of. What is there when the hub starts has been told by the
 * hub before it, so a restart tells nothing.
 */
import { subjectText } from '../../core/api/problem.js';
import { HUB_SERVICE } from '../../core/api/names.js';
import { RESOURCE } from '../../core/api/resources.js';
import type { FederationStatus } from '../../core/api/status.js';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { pause } from '../../core/runtime/pause.js';
import type { EventRecorder } from '../../kube/wire/eventRecorder.js';

type Told = FederationStatus['problems'][number];

interface FollowProblemsDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: the hub waits for its members, and nothing is known yet. */
  readonly problems: () => readonly Told[] | undefined;
  /** Of the hub's namespace. Undefined: there is no home cluster. */
  readonly events: { readonly recorder: EventRecorder; readonly namespace: string } | undefined;
}

const PERIOD_MS = 5_000;

/** Until `signal` aborts. */
export async function followProblems(deps: FollowProblemsDeps, signal: AbortSignal): Promise<void> {
  let last: ReadonlyMap<string, Told> | undefined;
  let known: ReadonlyMap<string, Told> | undefined;
  for (await pause(PERIOD_MS, signal, deps.clock); !signal.aborted; await pause(PERIOD_MS, signal, deps.clock)) {
    const problems = deps.problems();
    if (problems === undefined) continue;
    const now = new Map(problems.map((problem) => [keyOf(problem), problem]));
    // At the first look, members may just have been read.
    if (last !== undefined) {
      const lasting: ReadonlyMap<string, Told> = known === undefined ? now : settled(known, last, now);
      if (known !== undefined) tellChanges(known, lasting, deps);
      known = lasting;
    }
    last = now;
  }
}

/** What is known, with what was there in both looks, and without what was there in neither. */
function settled(
  known: ReadonlyMap<string, Told>,
  last: ReadonlyMap<string, Told>,
  now: ReadonlyMap<string, Told>,
): ReadonlyMap<string, Told> {
  const kept = [...known].filter(([key]) => last.has(key) || now.has(key));
  const begun = [...now].filter(([key]) => last.has(key));
  return new Map([...kept, ...begun]);
}

function tellChanges(before: ReadonlyMap<string, Told>, after: ReadonlyMap<string, Told>, { log, events }: FollowProblemsDeps): void {
  for (const [key, problem] of after) {
    if (before.has(key)) continue;
    log.warn('A problem began', {
      member: problem.cluster,
      subject: subjectText(problem.subject),
      reason: problem.reason,
      message: problem.message,
    });
    record('Warning', problem.reason, `${who(problem)}: ${problem.message}`);
  }
  for (const [key, problem] of before) {
    if (after.has(key)) continue;
    log.info('A problem is over', { member: problem.cluster, subject: subjectText(problem.subject), reason: problem.reason });
    record('Normal', 'ProblemOver', `${who(problem)}: ${problem.reason} is over`);
  }

  function record(type: 'Normal' | 'Warning', reason: string, note: string): void {
    if (events === undefined) return;
    const regarding = { resource: RESOURCE.service, name: HUB_SERVICE, namespace: events.namespace };
    events.recorder.record({ regarding, type, reason, action: 'WatchFederation', note });
  }
}

function who({ cluster, subject }: Told): string {
  return cluster === undefined ? `the hub, ${subjectText(subject)}` : `${cluster}, ${subjectText(subject)}`;
}

/** Messages carry figures and names that change while the problem stays. */
function keyOf({ cluster = '', subject, reason }: Told): string {
  return [cluster, subjectText(subject), reason].join('\n');
}
