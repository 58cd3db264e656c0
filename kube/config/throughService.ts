/**
 * One HTTP request to a pod behind a Service, carried by the API server's port-forward.
 *
 * It goes API server -> kubelet -> pod, so it also works where the API server itself cannot reach pod addresses, which the
 * Service proxy of the API server needs.
 */
import type { Result } from '../../core/runtime/result.js';
import { request } from 'node:http';
import { Duplex, PassThrough } from 'node:stream';
import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { OF_THIS_MACHINE } from './fields.js';
import { readKubeconfig } from './readKubeconfig.js';
import { within } from './within.js';

interface ServiceTarget {
  readonly namespace: string;
  readonly service: string;
  /** The pod's port, not the Service's: a port-forward bypasses the Service. */
  readonly port: number;
  readonly path: string;
  /** Default: GET. */
  readonly method?: 'GET' | 'DELETE';
  /** Default: the kubeconfig's current-context. */
  readonly context?: string;
  /** What relative paths in the kubeconfig start from: its folder. */
  readonly directory?: string;
  readonly timeoutMs: number;
}

interface Reply {
  /** HTTP status. */
  readonly status: number;
  readonly body: string;
}

/** Asks for `target.path` at a ready pod of the Service. Every failure is a value, in a sentence for people. */
export async function askThroughService(kubeconfig: string, target: ServiceTarget): Promise<Result<Reply>> {
  const parts = readKubeconfig(kubeconfig, target.context, OF_THIS_MACHINE);
  if (!parts.ok) return parts;
  const config = new KubeConfig();
  const toPod = new PassThrough();
  const fromPod = new PassThrough();
  const errors = new PassThrough();
  let close = (): void => undefined;
  try {
    config.loadFromString(kubeconfig);
    config.setCurrentContext(parts.value.context);
    if (target.directory !== undefined) config.makePathsAbsolute(target.directory);
    const socket = await within(
      target.timeoutMs,
      new PortForward(config).portForwardService(target.namespace, target.service, [target.port], fromPod, errors, toPod),
      `no answer within ${target.timeoutMs} ms`,
    );
    close = () => (typeof socket === 'function' ? socket() : socket)?.close();
    return await ask(Duplex.from({ readable: fromPod, writable: toPod }), target);
  } catch (error) {
    return { ok: false, error: answerOf(error, target) ?? reason(error) };
  } finally {
    close();
  }
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

/** What the API server said, where the error is an answer of it. */
function answerOf(error: unknown, { namespace, service }: ServiceTarget): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  switch (error.code) {
    case 401:
      return 'the API server does not accept the credentials: renew the kubeconfig';
    case 403:
      return `the account may not do it: it needs to get services, list pods and create pods/portforward in namespace ${namespace}`;
    case 404:
      return `there is no service ${service} in namespace ${namespace}`;
    default:
      return typeof error.code === 'number' ? `the API server answered ${error.code}` : undefined;
  }
}

/**
 * client-node puts bodies and headers into messages: only the first line of those is for people. What fetch throws says only that it
 * failed; its cause says why.
 */
function reason(error: unknown): string {
  if (error instanceof Error && error.cause instanceof Error) return reason(error.cause);
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ');
  if (error instanceof Error && 'library' in error && 'reason' in error) return `TLS failed: ${String(error.reason)}`;
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
