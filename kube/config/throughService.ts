/**
 * One HTTP GET to a pod behind a Service, carried by the API server's port-forward.
 *
 * It goes API server -> kubelet -> pod, so it also works where the API server itself cannot reach pod addresses, which the
 * Service proxy of the API server needs.
 */
import { request } from 'node:http';
import { Duplex, PassThrough } from 'node:stream';
import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { readKubeconfig } from './readKubeconfig.js';

export interface ServiceTarget {
  readonly namespace: string;
  readonly service: string;
  /** The pod's port, not the Service's: a port-forward bypasses the Service. */
  readonly port: number;
  readonly path: string;
  /** Default: the kubeconfig's current-context. */
  readonly context?: string;
  /** What relative paths in the kubeconfig start from: its folder. */
  readonly directory?: string;
  readonly timeoutMs: number;
}

export type Fetched =
  | { readonly ok: true; readonly status: number; readonly body: string }
  | { readonly ok: false; readonly error: string };

/** Fetches `target.path` from a ready pod of the Service. Every failure is a value with a sentence for a person. */
export async function getThroughService(kubeconfig: string, target: ServiceTarget): Promise<Fetched> {
  const parts = readKubeconfig(kubeconfig, target.context);
  if (!parts.ok) return parts;
  const config = new KubeConfig();
  const toPod = new PassThrough();
  const fromPod = new PassThrough();
  const complaints = new PassThrough();
  let close = (): void => undefined;
  try {
    config.loadFromString(kubeconfig);
    config.setCurrentContext(parts.context);
    if (target.directory !== undefined) config.makePathsAbsolute(target.directory);
    const socket = await within(
      target.timeoutMs,
      new PortForward(config).portForwardService(target.namespace, target.service, [target.port], fromPod, complaints, toPod),
    );
    close = () => (typeof socket === 'function' ? socket() : socket)?.close();
    return await get(Duplex.from({ readable: fromPod, writable: toPod }), target);
  } catch (error) {
    return { ok: false, error: answerOf(error, target) ?? reason(error) };
  } finally {
    close();
  }
}

function get(connection: Duplex, target: ServiceTarget): Promise<Fetched> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve({ ok: false, error: reason(error) });
    const outgoing = request(
      {
        createConnection: () => connection,
        path: target.path,
        headers: { host: target.service, connection: 'close' },
        signal: AbortSignal.timeout(target.timeoutMs),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          resolve({ ok: true, status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end();
  });
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
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

/** client-node puts bodies and headers into messages: only the first line of those is for people. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
