/**
 * A connection to a port of a pod, carried by the API server's port-forward: API server -> kubelet -> pod. So it also works where the API
 * server itself cannot reach pod addresses, which its proxies need.
 */
import type { Result } from '../../core/runtime/result.js';
import { Duplex, PassThrough } from 'node:stream';
import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { OF_THIS_MACHINE } from './fields.js';
import { readKubeconfig } from './readKubeconfig.js';
import { within } from './within.js';

export interface Forwarding {
  /** Default: the kubeconfig's current-context. */
  readonly context?: string;
  /** What relative paths in the kubeconfig start from: its folder. */
  readonly directory?: string;
  readonly timeoutMs: number;
}

interface Streams {
  readonly fromPod: PassThrough;
  readonly toPod: PassThrough;
  readonly errors: PassThrough;
}

/**
 * `open` makes the port-forward, `use` has its connection and must end by itself, `refusal` says what a status of the API server means.
 */
export async function forwarded<T>(
  kubeconfig: string,
  { context, directory, timeoutMs }: Forwarding,
  deps: {
    readonly open: (forward: PortForward, streams: Streams) => ReturnType<PortForward['portForward']>;
    readonly use: (connection: Duplex) => Promise<Result<T>>;
    readonly refusal: (code: unknown) => string | undefined;
  },
): Promise<Result<T>> {
  const parts = readKubeconfig(kubeconfig, context, OF_THIS_MACHINE);
  if (!parts.ok) return parts;
  const config = new KubeConfig();
  const streams = { fromPod: new PassThrough(), toPod: new PassThrough(), errors: new PassThrough() };
  let close = (): void => undefined;
  try {
    config.loadFromString(kubeconfig);
    config.setCurrentContext(parts.value.context);
    if (directory !== undefined) config.makePathsAbsolute(directory);
    const opened = deps.open(new PortForward(config), streams);
    const socket = await within(timeoutMs, opened, `no answer within ${timeoutMs} ms`);
    close = () => (typeof socket === 'function' ? socket() : socket)?.close();
    return await deps.use(Duplex.from({ readable: streams.fromPod, writable: streams.toPod }));
  } catch (error) {
    return { ok: false, error: answerOf(error, deps.refusal) ?? reason(error) };
  } finally {
    close();
  }
}

/** What the API server said, where the error is an answer of it. */
function answerOf(error: unknown, refusal: (code: unknown) => string | undefined): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  if (error.code === 401) return 'the API server does not accept the credentials: renew the kubeconfig';
  return refusal(error.code) ?? (typeof error.code === 'number' ? `the API server answered ${error.code}` : undefined);
}

/**
 * client-node puts bodies and headers into messages: only the first line of those is for people. What fetch throws says only that it
 * failed; its cause says why.
 */
export function reason(error: unknown): string {
  if (error instanceof Error && error.cause instanceof Error) return reason(error.cause);
  if (error instanceof AggregateError) return error.errors.map(reason).join('; ');
  if (error instanceof Error && 'library' in error && 'reason' in error) return `TLS failed: ${String(error.reason)}`;
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
