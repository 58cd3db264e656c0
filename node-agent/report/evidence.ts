/**
 * What can be found out about tunnels that fail: WireGuard's counters, and whether the far host says that nobody listens at a port of its
 * own. Both are asked soon when a tunnel begins to fail, and more rarely while it goes on.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { FailureFacts } from '../../core/reports/linkReason.js';
import type { FailingLink } from '../../core/reports/seenLinks.js';
import { hadHandshake } from '../../core/tunnels/failingTunnel.js';
import type { PeerCounters, TunnelCounters } from '../../core/tunnels/check.js';
import type { Heard } from '../probe/prober.js';
import type { Knock } from './knock.js';

export interface Evidence {
  /** Finds out what is due. Resolves when there are answers, or after a while without. */
  gather(failing: readonly FailingLink[]): Promise<void>;
  factsOf(link: FailingLink): FailureFacts;
}

interface EvidenceDeps {
  readonly clock: Clock;
  /** Counters of the named devices; those that do not answer in time are left out. */
  readonly host: { tunnels(names: readonly string[]): Promise<TunnelCounters> };
  readonly knock: Knock;
  /** When the node with that WireGuard key was last heard. */
  readonly heard: (publicKey: string) => Heard | undefined;
}

interface Found {
  counted?: PeerCounters;
  /** When what was received last grew; minus infinity: not since it fails. */
  receivedAt: number;
  knockedAt: number;
  answeredAt: number;
}

export function createEvidence({ clock, host, knock, heard }: EvidenceDeps): Evidence {
  /** By device and key; only of tunnels that fail. */
  let found: ReadonlyMap<string, Found> = new Map();
  let askedAt = Number.NEGATIVE_INFINITY;

  async function count(failing: readonly FailingLink[]): Promise<void> {
    const counters = await host.tunnels([...new Set(failing.map(({ device }) => device))]);
    const now = clock.now();
    for (const link of failing) {
      const one = found.get(keyOf(link));
      const counted = counters.get(link.device)?.peers.get(link.peer.publicKey);
      if (one === undefined || counted === undefined) continue;
      if (one.counted !== undefined && counted.receivedBytes > one.counted.receivedBytes) one.receivedAt = now;
      one.counted = counted;
    }
  }

  async function visit(link: FailingLink): Promise<void> {
    const one = found.get(keyOf(link));
    const [target] = link.path.path.targets;
    if (one === undefined || target === undefined) return;
    one.knockedAt = clock.now();
    if (await knock(target.address)) one.answeredAt = clock.now();
  }

  const isDue = (at: number, { path: { forMs } }: FailingLink): boolean =>
    clock.now() - at >= (forMs < OFTEN_FOR_MS ? OFTEN_MS : RARELY_MS);

  return {
    async gather(failing) {
      found = new Map(failing.map((link) => [keyOf(link), found.get(keyOf(link)) ?? newFound()]));
      const work: Promise<void>[] = [];
      if (failing.some((link) => isDue(askedAt, link) || found.get(keyOf(link))?.counted === undefined)) {
        askedAt = clock.now();
        work.push(count(failing));
      }
      const toVisit = failing.filter((link) => isDue(found.get(keyOf(link))?.knockedAt ?? 0, link));
      work.push(...toVisit.slice(0, MOST_VISITS).map(visit));
      if (work.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        const cancel = clock.after(PATIENCE_MS, resolve);
        Promise.all(work)
          .then(() => resolve(), reject)
          .finally(cancel);
      });
    },
    factsOf(link) {
      const { counted, receivedAt = Number.NEGATIVE_INFINITY, answeredAt = Number.NEGATIVE_INFINITY } = found.get(keyOf(link)) ?? {};
      const now = clock.now();
      const isSince = (at: number): boolean => at >= now - Math.min(link.path.forMs, RECENT_MS);
      const at = clock.wall() / 1000;
      const agent = heard(link.peer.publicKey);
      return {
        hasEndpoint: link.hasEndpoint,
        ...(counted === undefined
          ? {}
          : {
              counted: {
                everHandshake: counted.lastHandshake > 0,
                handshake: hadHandshake(counted, link.path, at),
                received: isSince(receivedAt),
                session: at - counted.lastHandshake < REJECT_AFTER_SECONDS,
              },
            }),
        ...(agent === undefined || !isSince(agent.at)
          ? {}
          : {
              agentHeard: isSince(agent.byPlane.get(link.plane) ?? Number.NEGATIVE_INFINITY)
                ? ('by this tunnel' as const)
                : ('otherwise' as const),
            }),
        hostAnswered: isSince(answeredAt),
      };
    },
  };
}

function newFound(): Found {
  const never = Number.NEGATIVE_INFINITY;
  return { receivedAt: never, knockedAt: never, answeredAt: never };
}

function keyOf({ device, peer }: FailingLink): string {
  return `${device} ${peer.publicKey}`;
}

const OFTEN_FOR_MS = 20_000;
const OFTEN_MS = 2000;
const RARELY_MS = 15_000;
/** What was found longer ago tells nothing of now: WireGuard makes a handshake every 15 s while it gets no answer. */
const RECENT_MS = 40_000;
/** At once, when very many tunnels fail together. */
const MOST_VISITS = 32;
/** An answer takes a round trip; a report waits for it so long. */
const PATIENCE_MS = 250;
/** REJECT_AFTER_TIME (WireGuard whitepaper 6.1). */
const REJECT_AFTER_SECONDS = 180;
