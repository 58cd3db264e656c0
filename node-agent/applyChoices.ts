/**
 * Moves traffic to the paths that probing chose: at once, and without a pass.
 */
import { type Choices, steer } from '../core/failover/choices.js';
import { diffGroups } from '../core/host/diffRouting.js';
import type { Log } from '../core/runtime/log.js';
import { failureTexts } from './applyPlan.js';
import type { Host } from './host/host.js';
import type { HostView } from './view/hostView.js';

interface ApplyChoicesDeps {
  readonly log: Log;
  readonly host: Pick<Host, 'switchGroups'>;
  readonly view: Pick<HostView, 'current'>;
}

/** Nothing before there is a plan: the first one is made with the choices. */
export async function applyChoices({ log, host, view }: ApplyChoicesDeps, choices: Choices): Promise<void> {
  const current = view.current();
  if (current === undefined) return;
  const { set } = diffGroups(steer(current.plan, choices), current.model.state());
  const failures = await host.switchGroups(current.model, set);
  if (failures.length > 0) log.warn('A switch failed; the next pass repeats it', { failures: await failureTexts(failures) });
}
