/**
 * Tunnels whose receiving end has gone deaf, though the far gateway lives: what to do, and when.
 *
 * Some kernels stop to decrypt for one peer and never start again (threaded NAPI in wireguard, reverted in stable 6.6, 6.1 and 5.15), and a peer that lost its session in a bad moment may be silent for long. From here both look alike: the far gateway answers by another
 * way, and not by its own tunnel. Where there is no other way, see silence.ts. First the peer is made anew, which costs a handshake; if that does not help, the whole interface,
 * where nobody's traffic is on it.
 */
import type { Choices } from './config.js';
import type { PathStatus } from './failover.js';

export type Healing =
  | { readonly kind: 'peer'; readonly plane: number; readonly publicKey: string }
  | { readonly kind: 'interface'; readonly plane: number }
  /** See silence.ts. */
  | { readonly kind: 'endpoint'; readonly plane: number; readonly publicKey: string }
  /** See places.ts: the peer is made anew at an endpoint at which others hear it. */
  | { readonly kind: 'heard'; readonly plane: number; readonly publicKey: string; readonly endpoint: string };

export interface StallWatch {
  /** What to do now; each is said once, and again only after a long while. */
  look(paths: readonly PathStatus[], choices: Choices, now: number): readonly Healing[];
}

const PATIENCE_MS = 3000;
const SECOND_STEP_MS = 10_000;
const AGAIN_MS = 300_000;
const RELAPSE_MS = 60_000;

interface Attempt {
  readonly at: number;
  /** The next step, and how long after this one. */
  readonly next: 'peer' | 'interface';
  readonly waitMs: number;
}

export function createStallWatch(): StallWatch {
  const attempts = new Map<string, Attempt>();

  return {
    look(paths, choices, now) {
      const byName = new Map(paths.map((status) => [status.path.name, status]));
      const used = new Set([...choices.values()].flat());
      const deaf = paths.filter(({ path, state, forMs }) =>
        path.kind === 'tunnel' && state === 'down' && forMs >= PATIENCE_MS
        && byName.get(`around/${path.slot}/${path.segment}`)?.state === 'up' && choices.get(path.segment ?? '')?.includes(`plane/${path.slot}`) !== true);
      const names = new Set(deaf.map(({ path }) => path.name));
      for (const [name, attempt] of attempts) {
        if (names.has(name)) continue;
        // It recovered. The next time is a new story, but not at once.
        if (now - attempt.at > RELAPSE_MS) attempts.delete(name);
        else attempts.set(name, { at: attempt.at, next: 'peer', waitMs: RELAPSE_MS });
      }
      return deaf.flatMap(({ path }): Healing[] => {
        const before = attempts.get(path.name) ?? { at: now, next: 'peer', waitMs: 0 };
        if (now - before.at < before.waitMs) return [];
        const kind = used.has(`plane/${path.slot}`) ? 'peer' : before.next;
        attempts.set(path.name, before.next === 'peer' ? { at: now, next: 'interface', waitMs: SECOND_STEP_MS } : { at: now, next: 'peer', waitMs: AGAIN_MS });
        return [kind === 'interface' ? { kind, plane: path.slot } : { kind, plane: path.slot, publicKey: path.targets[0]?.publicKey ?? '' }];
      });
    },
  };
}
