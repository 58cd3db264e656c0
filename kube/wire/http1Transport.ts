/**
 * HTTP/1.1, for API servers behind proxies that speak nothing newer: kept-alive connections, one per request under way.
 *
 * There is no ping in HTTP/1.1: a frozen peer is noticed by the deadline of a call, and by the idle watchdog of a watch.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { NO_ANSWER, type Transport, type WireAnswer, WireError, type WireRequest } from './transport.js';

export function createHttp1Transport(tls: TlsOptions): Transport {
  const agent = new Agent({ ...tls, ALPNProtocols: ['http/1.1'], keepAlive: true });
  let retired = false;
  let active = 0;
  const finishRetired = (): void => {
    if (retired && active === 0) agent.destroy();
  };
  return {
    usable: () => !retired,
    send(request) {
      active += 1;
      return send(agent, request, () => {
        active -= 1;
        finishRetired();
      });
    },
    retire() {
      retired = true;
      finishRetired();
    },
    destroy() {
      retired = true;
      agent.destroy();
    },
  };
}

function send(agent: Agent, request: WireRequest, onClose: () => void): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const { method, path } = request;
    const length = request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
    const { host, port } = agent.options;
    const outgoing = httpsRequest({ agent, host, port, method, path, headers: { ...request.headers, ...length } });
    const abort = (): void => {
      outgoing.destroy();
      reject(new WireError('aborted', 'the request was given up'));
    };
    request.signal.addEventListener('abort', abort, { once: true });
    outgoing.on('error', reject);
    outgoing.once('response', (response) => {
      request.signal.removeEventListener('abort', abort);
      resolve(answerOf(response));
    });
    // Not always with an error: of a 101 that nobody asked for, Node says no more than this.
    outgoing.once('close', () => {
      request.signal.removeEventListener('abort', abort);
      reject(new WireError('unreachable', 'the API server closed the connection without an answer', { code: NO_ANSWER }));
      onClose();
    });
    outgoing.end(request.body);
    if (request.signal.aborted) abort();
  });
}

function answerOf(response: IncomingMessage): WireAnswer {
  response.on('error', () => undefined);
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    body: response,
    complete: () => response.complete,
    cancel: () => response.destroy(),
  };
}
