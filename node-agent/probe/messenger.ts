/**
 * The messages that a node sends: probes, answers, and suspect messages to all nodes of its plan.
 */
import type { Probe } from '../../core/failover/effects.js';
import type { ProbeRequest } from '../../core/failover/message.js';
import { HEALTHY, type Report } from '../../core/failover/report.js';
import { PLANE_PROBE_PORT, PROBE_PORT } from '../../core/api/ports.js';
import type { ProbeTarget } from '../../core/mesh/probing.js';
import type { Keyring, StrangerGroup } from './keyring.js';
import type { ProbeSockets } from './sockets.js';

export interface Messenger {
  /** `nonce`: as it is sent. */
  probe(probe: Probe, nonce: bigint): void;
  /** `inUse`: our own traffic to the sender takes the path by which this answers. */
  answer(request: ProbeRequest, inUse: boolean, to: Sender): void;
  /** Tells all of `nodes` but the suspect that it should be probed. Our own key: our report has changed. */
  suspect(key: string, nodes: ReadonlyMap<string, ProbeTarget>): void;
}

export interface Sender {
  /** WireGuard key, base64. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Absent: it is a node of our plan. */
  readonly stranger?: StrangerGroup | undefined;
}

interface MessengerDeps {
  readonly keyring: Pick<Keyring, 'publicKey' | 'seal'>;
  readonly sockets: Pick<ProbeSockets, 'has' | 'send'>;
  /** Wall-clock milliseconds of the start of this process. */
  readonly epoch: number;
  /** 31 bits that tell this process from an earlier one. */
  readonly life: bigint;
  /** What this node reports of itself now. */
  report(): Report;
}

export function createMessenger({ keyring, sockets, epoch, life, report }: MessengerDeps): Messenger {
  const envelope = { key: keyring.publicKey, epoch };
  let suspects = 0;
  return {
    probe({ path, target, inUse, forwards, vouches }, nonce) {
      const request = { kind: 'request', ...envelope, nonce, answerVia: path.answerVia, inUse, forwards } as const;
      const packet = keyring.seal(vouches ? { ...request, vouches: report() } : request, target.publicKey);
      if (packet !== undefined) sockets.send(path.from, { address: target.address, port: PROBE_PORT }, packet);
    },
    answer({ nonce, answerVia }, inUse, { key, address, port, stranger }) {
      // A stranger asks whether we are reached, and nothing of how we are.
      const told = stranger === undefined ? report() : HEALTHY;
      const packet = keyring.seal({ kind: 'answer', ...envelope, nonce, report: told, inUse }, key, stranger);
      const by = answerVia === undefined ? PROBE_PORT : PLANE_PROBE_PORT + answerVia;
      if (packet !== undefined) sockets.send(sockets.has(by) ? by : PROBE_PORT, { address, port }, packet);
    },
    suspect(suspect, nodes) {
      for (const [key, { address }] of nodes) {
        if (key === suspect) continue;
        suspects += 1;
        const nonce = (life << 32n) | BigInt(suspects);
        const packet = keyring.seal({ kind: 'suspect', ...envelope, nonce, suspect: Buffer.from(suspect, 'base64') }, key);
        if (packet !== undefined) sockets.send(PROBE_PORT, { address, port: PROBE_PORT }, packet);
      }
    },
  };
}
