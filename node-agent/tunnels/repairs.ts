/**
 * Carries out tunnel repairs: changes of WireGuard on this host, and requests to the parts of the agent that something concerns.
 */
import type { Change } from '../../core/host/change.js';
import type { HostModel } from '../../core/host/hostModel.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { Log } from '../../core/runtime/log.js';
import { type HostRepair, repairChanges, type TunnelRepair } from '../../core/tunnels/repair.js';

interface TunnelRepairsDeps {
  readonly log: Log;
  readonly metrics: { repaired(kind: HostRepair['kind']): void };
  readonly view: {
    /** Undefined: there is no plan yet, or the host must be read first. */
    current(): { readonly plan: NodePlan; readonly model: Pick<HostModel, 'state'> } | undefined;
    /** Makes the changes now; the next pass reads the host. */
    change(changes: readonly Change[], signal: AbortSignal): Promise<void>;
  };
  /** Has the host read and brought to its plan soon. */
  readonly reconcile: () => void;
  readonly resolveNames: () => void;
  readonly reportUnreachable: (segments: readonly string[]) => void;
}

export function createTunnelRepairs(deps: TunnelRepairsDeps): (repair: TunnelRepair, signal: AbortSignal) => Promise<void> {
  const { log, metrics, view } = deps;

  async function repairHost(repair: HostRepair, signal: AbortSignal): Promise<void> {
    const current = view.current();
    const changes = current === undefined ? [] : repairChanges(repair, current.plan, current.model.state());
    if (changes.length === 0) return;
    log.warn(MESSAGES[repair.kind], { ...repair });
    metrics.repaired(repair.kind);
    await view.change(changes, signal).finally(deps.reconcile);
  }

  return async (repair, signal) => {
    switch (repair.kind) {
      case 'resolveNames':
        return deps.resolveNames();
      case 'reportUnreachable':
        return deps.reportUnreachable(repair.segments);
      case 'publishEndpoints':
        return deps.reconcile();
      default:
        return repairHost(repair, signal);
    }
  };
}

const MESSAGES: Readonly<Record<HostRepair['kind'], string>> = {
  recreatePeer: 'A tunnel receives nothing though the far gateway lives: its peer is recreated',
  recreateInterface: 'A tunnel receives nothing though the far gateway lives: its interface is recreated',
  resetEndpoint: 'A tunnel fails at the endpoint where its far end was last: the configured endpoint is tried again',
  tryCandidate: 'A tunnel fails: an endpoint at which others observe its far end is tried',
};
