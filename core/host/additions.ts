/**
 * Of the changes to a host, those that only bring what is missing.
 *
 * An agent that starts before the API server answers plans from what it saved, which may be older than what the host holds: a
 * segment that joined just before the agent ended is in the kernel and not in the file. After a boot everything is missing, and
 * is brought; whatever else is there stays until it is known what is wanted now.
 */
import type { Change } from './change.js';
import { type HostState, routeKey } from './state.js';

export function additions(changes: readonly Change[], { wireguard, routes, groups }: Pick<HostState, 'wireguard' | 'routes' | 'groups'>): readonly Change[] {
  return changes.filter((change) => {
    switch (change.kind) {
      case 'peer.set':
        return wireguard.get(change.interface)?.peers.has(change.publicKey) !== true;
      case 'route.set':
        return !routes.has(routeKey(change.route));
      case 'group.set':
        return !groups.has(change.id);
      default:
        return !TAKES_AWAY.test(change.kind);
    }
  });
}

const TAKES_AWAY = /[.](?:delete|disable)$/;
