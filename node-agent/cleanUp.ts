/**
 * `kilofed node-agent --clean-up`: removes everything of ours from the host, and what Kilo's agent left, without asking anybody
 * and without any file of ours. The key stays: it is the node's identity. With `--purge` it goes, too.
 *
 * While Kilo's agent runs, what is Kilo's stays: `kilo0` is its, then, too.
 */
import { emptyPlan } from '../core/host/emptyPlan.js';
import { createHostModel } from '../core/host/hostModel.js';
import { planChanges } from '../core/host/planChanges.js';
import { changeText } from '../core/host/render.js';
import { NOTHING_KNOWN, recogniseKilo } from '../core/kilo/recognise.js';
import { kiloRemoval } from '../core/kilo/removal.js';
import { isTraceless } from '../core/kilo/traces.js';
import { withoutKilo } from './kilo/withoutKilo.js';
import type { Options } from './options.js';
import type { ProgramDeps } from './program.js';
import { purge } from './purge.js';

/** Exit code: 1 when something could not be removed. */
export async function cleanUp(options: Options, deps: ProgramDeps, signal: AbortSignal): Promise<number> {
  const running = await deps.kilo.runs();
  const { state } = await deps.host.observe([]);
  const changes = planChanges({
    desired: emptyPlan(options.nodeName),
    observed: running === undefined ? state : withoutKilo(state),
    prior: new Map(),
    publicKey: '',
  });
  const traces = recogniseKilo(await deps.kilo.read(), NOTHING_KNOWN);
  const steps = running === undefined ? kiloRemoval(traces) : [];
  // First: our devices would take Kilo's routes with them.
  const left = [...(await deps.kilo.remove(steps))];
  const undone = left.length;
  const { done, failures } = await deps.host.apply(createHostModel(state), changes, signal);
  await deps.files.remove();
  // Not while there is something to try again.
  if (options.purge && failures.length === 0) left.push(...(await purge(options)));
  for (const { change, reason } of failures) deps.log.error('Something could not be removed', { change: changeText(change), reason });
  for (const reason of left) deps.log.error('Something that was left could not be removed', { reason });
  const failed = failures.length + left.length;
  const kilos = steps.length === 0 ? '' : `, and ${steps.length - undone} that Kilo left`;
  deps.out(`Removed ${done.length} things${kilos}${failed === 0 ? '' : `, failed at ${failed}`}.\n`);
  if (running !== undefined && !isTraceless(traces)) deps.out(`Kilo's agent runs here (${running}): what is Kilo's was left as it is.\n`);
  return failed === 0 ? 0 : 1;
}
