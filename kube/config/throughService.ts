/**
 * One HTTP request to a pod behind a Service, carried by the API server's port-forward.
 */
import type { Result } from '../../core/runtime/result.js';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Forwarding, forwarded, reason } from './portForward.js';

interface ServiceTarget extends Forwarding {
  readonly namespace: string;
  readonly service: string;
  /** One of its pods. Default: any that is ready. */
  readonly pod?: string;
  /** The pod's port, not the Service's: a port-forward bypasses the Service. */
  readonly port: number;
  readonly path: string;
  /** Default: GET. */
  readonly method?: 'GET' | 'DELETE';
}

interface Reply {
  /** HTTP status. */
  readonly status: number;
  readonly body: string;
}

/** Asks for `target.path` at a pod of the Service. Every failure is a value, in a sentence for people. */
export function askThroughService(kubeconfig: string, target: ServiceTarget): Promise<Result<Reply>> {
  return forwarded(kubeconfig, target, {
    open: (forward, { fromPod, errors, toPod }) =>
      target.pod === undefined
        ? forward.portForwardService(target.namespace, target.service, [target.port], fromPod, errors, toPod)
        : forward.portForward(target.namespace, target.pod, [target.port], fromPod, errors, toPod),
    use: (connection) => ask(connection, target),
    refusal: (code) => refusal(code, target),
  });
}

function ask(connection: Duplex, target: ServiceTarget): Promise<Result<Reply>> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve({ ok: false, error: reason(error) });
    const outgoing = request(
      {
        createConnection: () => connection,
        path: target.path,
        method: target.method ?? 'GET',
        headers: { host: target.service, connection: 'close' },
        signal: AbortSignal.timeout(target.timeoutMs),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          resolve({ ok: true, value: { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') } }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end();
  });
}

function refusal(code: unknown, { namespace, service }: ServiceTarget): string | undefined {
  if (code === 403)
    return `the account may not do it: it needs to get services, list pods and create pods/portforward in namespace ${namespace}`;
  return code === 404 ? `there is no service ${service} in namespace ${namespace}` : undefined;
}
