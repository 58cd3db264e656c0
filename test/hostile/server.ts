/**
 * The API server of such a member, over HTTP/2: lists in pages, watches from now on, and a change after another. It takes every write
 * and forgets it.
 */
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { apiVersion, type KubeObject, RESOURCE, type Resource } from '../../core/api/resources.js';
import { createCertificate } from '../contract/kube/certificate.js';
import { mesh, meshNodeOf, namespaceOf, serviceOf, type Size, sliceOf } from './objects.js';

const TICK_MS = 20;
/** Of what waits to be sent on a watch: a real API server ends the watches of those who do not keep up. */
const MOST_UNSENT = 1 << 20;

/** Serves until the process ends. */
export async function serveHostile(size: Size): Promise<{ readonly server: string; readonly ca: string }> {
  const certificate = createCertificate();
  const http = createSecureServer(certificate);
  const watchers = new Set<{ readonly plural: string; readonly stream: ServerHttp2Stream }>();
  const started = performance.now();
  const rounds = { services: 0, endpointslices: 0, meshnodes: 0 };
  let changes = 0;

  const items = (plural: string): readonly (() => KubeObject)[] => {
    const many = (count: number, of: (index: number, round: number) => KubeObject, round: number): (() => KubeObject)[] =>
      Array.from({ length: count }, (_, index) => () => of(index, Math.floor((round - index - 1) / count) + 1));
    if (plural === 'services') return many(size.services, serviceOf, rounds.services);
    if (plural === 'endpointslices') return many(size.services, sliceOf, rounds.endpointslices);
    if (plural === 'meshnodes') return many(size.meshNodes, meshNodeOf, rounds.meshnodes);
    if (plural === 'meshes') return [mesh];
    return plural === 'namespaces' ? ['kube-system', 'demo'].map((name) => () => namespaceOf(name)) : [];
  };

  function change(): void {
    const [plural, count, of] = (
      [
        ['services', size.services, serviceOf],
        ['endpointslices', size.services, sliceOf],
        ['meshnodes', size.meshNodes, meshNodeOf],
      ] as const
    )[changes % 3] as readonly ['services' | 'endpointslices' | 'meshnodes', number, typeof serviceOf];
    changes += 1;
    const turn = rounds[plural];
    rounds[plural] += 1;
    const object = of(turn % count, Math.floor(turn / count) + 1);
    for (const { plural: watched, stream } of watchers) {
      if (watched === plural) stream.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
      if (stream.writableLength > MOST_UNSENT) stream.end();
    }
  }

  setInterval(() => {
    const due = ((performance.now() - started) / 1000) * size.changesPerSecond;
    // Before anybody watches, nobody would know.
    if (watchers.size < 8) changes = Math.max(changes, Math.floor(due));
    while (changes < due) change();
  }, TICK_MS);

  http.on('session', (session) => session.on('error', () => undefined));
  http.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    const url = new URL(String(headers[':path']), 'https://hostile');
    const plural = url.pathname.split('/').at(-1) ?? '';
    if (url.searchParams.get('watch') === 'true') {
      stream.respond({ ':status': 200 });
      const watcher = { plural, stream };
      watchers.add(watcher);
      stream.on('close', () => watchers.delete(watcher));
      return;
    }
    let body = '';
    stream.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify(answer(url, plural, body)));
    });
  });

  function answer(url: URL, plural: string, body: string): unknown {
    if (url.pathname === '/version') return { gitVersion: 'v1.35.0' };
    const resource: Resource | undefined = Object.values(RESOURCE).find((each) => each.plural === plural);
    if (resource === undefined) return body === '' ? namespaceOf(plural) : written(JSON.parse(body) as KubeObject);
    const [all, first, limit] = [items(plural), Number(url.searchParams.get('continue') ?? 0), Number(url.searchParams.get('limit'))];
    const next = first + limit < all.length ? { continue: String(first + limit) } : {};
    return {
      apiVersion: apiVersion(resource),
      kind: `${resource.kind}List`,
      metadata: { resourceVersion: String(changes + 2), ...next },
      items: all.slice(first, first + limit).map((make) => make()),
    };
  }

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { server: `https://127.0.0.1:${(http.address() as AddressInfo).port}`, ca: certificate.cert };
}

function written(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid: 'u-written', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' } };
}
