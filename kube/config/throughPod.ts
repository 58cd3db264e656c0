/**
 * One exchange of bytes with a pod, carried by the API server's port-forward.
 */
import type { Duplex } from 'node:stream';
import type { Result } from '../../core/runtime/result.js';
import { type Forwarding, forwarded, reason } from './portForward.js';

interface PodTarget extends Forwarding {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** What the pod sends after `question`, as soon as `isWhole`, or until it ends the connection. Every failure is a value, for people. */
export function exchangeWithPod(
  kubeconfig: string,
  target: PodTarget,
  question: Uint8Array,
  isWhole: (answer: Uint8Array) => boolean,
): Promise<Result<Uint8Array>> {
  const { namespace, pod, port, timeoutMs } = target;
  return forwarded(kubeconfig, target, {
    open: (forward, { fromPod, errors, toPod }) => forward.portForward(namespace, pod, [port], fromPod, errors, toPod),
    use: (connection) => exchange(connection, { question, isWhole, timeoutMs }),
    refusal: (code) => (code === 403 ? `you may not create pods/portforward in namespace ${namespace}` : undefined),
  });
}

interface Exchange {
  readonly question: Uint8Array;
  readonly isWhole: (answer: Uint8Array) => boolean;
  readonly timeoutMs: number;
}

function exchange(connection: Duplex, { question, isWhole, timeoutMs }: Exchange): Promise<Result<Uint8Array>> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const end = (result: Result<Uint8Array>): void => {
      clearTimeout(timer);
      connection.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end({ ok: false, error: `no answer within ${timeoutMs} ms` }), timeoutMs);
    connection.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (isWhole(answer)) end({ ok: true, value: answer });
    });
    connection.once('end', () => end({ ok: true, value: answer }));
    connection.once('error', (error) => end({ ok: false, error: reason(error) }));
    connection.write(question);
  });
}
