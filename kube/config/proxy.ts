/**
 * The way to an API server through an HTTP proxy (`proxy-url` of a kubeconfig): CONNECT (RFC 9110, 9.3.6). TLS with the API server is made
 * inside, so the proxy sees neither requests nor credentials.
 */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Result } from '../../core/runtime/result.js';
import { WireError } from '../wire/transport.js';

const CONNECT_MS = 5_000;

/** How the API server of `server` is reached. Messages have nothing of the proxy's URL but its host. */
export function throughProxy(proxyUrl: string, server: string): Result<() => Promise<Socket>> {
  const proxy = URL.canParse(proxyUrl) ? new URL(proxyUrl) : undefined;
  if (proxy?.protocol !== 'http:' || proxy.hostname === '')
    return { ok: false, error: 'proxy-url of the kubeconfig must be an http:// URL: other kinds of proxies are not supported' };
  const { hostname, port } = new URL(server);
  const target = `${hostname}:${port === '' ? 443 : port}`;
  return { ok: true, value: () => connect(proxy, target) };
}

function connect(proxy: URL, target: string): Promise<Socket> {
  const fail = (why: string): WireError => new WireError('unreachable', `the proxy ${proxy.host} gives no way to ${target}: ${why}`);
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      host: proxy.hostname.replaceAll(/[[\]]/g, ''),
      port: proxy.port === '' ? 80 : Number(proxy.port),
      path: target,
      headers: { host: target, ...credentialsOf(proxy) },
      agent: false,
      timeout: CONNECT_MS,
    });
    asked.once('timeout', () => asked.destroy(fail(`no answer within ${CONNECT_MS} ms`)));
    asked.once('error', (error) => reject(error instanceof WireError ? error : fail(error.message)));
    asked.once('response', (response) => {
      response.destroy();
      reject(fail(`it answers ${response.statusCode}`));
    });
    asked.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      socket.setTimeout(0);
      // An API server speaks only after it was spoken to.
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(fail(`it answers ${statusCode}`));
    });
    asked.end();
  });
}

function credentialsOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}
