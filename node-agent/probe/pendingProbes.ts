/**
 * The probes without an answer yet, by nonce: an answer counts only from the node that was asked, and once.
 */
import type { Probe } from '../../core/failover/effects.js';
import type { PathName } from '../../core/mesh/probing.js';

interface PendingProbes {
  /** The nonce to send. */
  add(probe: Pick<Probe, 'path' | 'target' | 'nonce'>): bigint;
  /** What the node with that key answers, which then is no longer pending; undefined: it was not asked that. */
  take(nonce: bigint, from: string): PendingProbe | undefined;
}

interface PendingProbe {
  readonly path: PathName;
  readonly nonce: number;
}

/** `life`: 31 bits that tell this process from an earlier one. */
export function createPendingProbes(life: bigint): PendingProbes {
  const pending = new Map<number, { readonly path: PathName; readonly key: string }>();
  return {
    add({ path, target, nonce }) {
      pending.set(nonce, { path: path.name, key: target.publicKey });
      for (const oldest of pending.keys()) {
        if (pending.size <= MAX_PENDING) break;
        pending.delete(oldest);
      }
      return (life << 32n) | BigInt(nonce);
    },
    take(wire, from) {
      const nonce = Number(wire & LOW);
      const probe = pending.get(nonce);
      if (probe === undefined || probe.key !== from || wire >> 32n !== life) return undefined;
      pending.delete(nonce);
      return { path: probe.path, nonce };
    },
  };
}

const LOW = 0xffff_ffffn;
const MAX_PENDING = 65_536;
