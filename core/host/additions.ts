/**
 * Of the changes to a host, those that only add what is missing.
 *
 * An agent that starts before the API server answers plans from the inputs that it saved. They may be older than the host: a segment that
 * joined just before the agent ended is in the kernel, but not in the file. So such a plan only adds: after a boot everything is missing
 * and is added, and what else is there stays until the API server has answered. The firewall stays whole: one that was tightened just
 * before would be loosened again.
 */
import type { Change } from './change.js';
import { type HostState, routeKey } from './state.js';

export function additions(
  changes: readonly Change[],
  { wireguard, routes, groups, firewall }: Pick<HostState, 'wireguard' | 'routes' | 'groups' | 'firewall'>,
): readonly Change[] {
  return changes.filter((change) => {
    switch (change.kind) {
      case 'peer.set':
        return wireguard.get(change.interface)?.peers.has(change.publicKey) !== true;
      case 'route.set':
        return !routes.has(routeKey(change.route));
      case 'group.set':
        return !groups.has(change.id);
      case 'firewall.set':
        return firewall === undefined;
      default:
        return !TAKES_AWAY.test(change.kind);
    }
  });
}

const TAKES_AWAY = /[.](?:delete|disable)$/;
