/**
 * A member whose API server answers objects that are not what their type says: its own loss, and nobody else's.
 */
import { afterEach, expect, test } from '@jest/globals';
import { federationStatusSchema } from '../../core/api/status.js';
import type { KubeObject } from '../../core/api/resources.js';
import { subjectText } from '../../core/api/problem.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';
import type { FakeCluster } from './fakeCluster.js';

type Put = (evil: FakeCluster) => void;
type AnyObject = KubeObject & Readonly<Record<string, unknown>>;

/** `demo/<name>` in evil, the oldest export of all, with something in it replaced. */
function service(name: string, replaced: { readonly spec?: object; readonly metadata?: object } = {}): AnyObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'demo',
      creationTimestamp: '1970-01-01T00:00:00Z',
      annotations: { 'kilofed.io/export': 'true' },
      ...replaced.metadata,
    },
    spec: { clusterIP: '10.103.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...replaced.spec },
  };
}

function slice(replaced: object): AnyObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-evil', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: ['10.3.0.5'] }],
    ...replaced,
  };
}

let world: FakeFederation | undefined;

afterEach(() => world?.end());

/** What the hub wrote into the honest members in the end. */
async function written(put: Put): Promise<string> {
  const federation = createFakeFederation(['east', 'west', 'evil']);
  world = federation;
  exportService(federation.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  federation.start();
  await federation.clock.advance(1_000);
  put(federation.cluster('evil'));
  await federation.clock.advance(1_000);
  exportService(federation.cluster('east'), 'web', { addresses: ['10.1.0.99'] });
  await federation.clock.advance(5_000);
  return JSON.stringify(['east', 'west'].map((id) => ours(federation.cluster(id))));
}

function ours(cluster: FakeCluster): unknown[] {
  return [...cluster.objects]
    .filter(([, { metadata }]) => metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub')
    .map(
      ([
        key,
        {
          metadata: { uid: _uid, resourceVersion: _version, ...metadata },
          ...rest
        },
      ]) => [key, metadata, rest] as const,
    )
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

const put =
  (...objects: readonly AnyObject[]): Put =>
  (evil) => {
    for (const object of objects) evil.put(object);
  };

const BAD_SERVICE = ['BadService service demo/web'];
const BAD_SLICE = ['BadEndpointSlice EndpointSlice demo/web-evil'];

test.each<[string, Put, readonly string[]]>([
  [
    'the annotation export-to is a number',
    put(service('other', { metadata: { annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 5 } } })),
    ['BadService service demo/other'],
  ],
  ['the annotation export is a list', put(service('web', { metadata: { annotations: { 'kilofed.io/export': ['true'] } } })), BAD_SERVICE],
  ['the annotations are a text', put(service('web', { metadata: { annotations: 'true' } })), BAD_SERVICE],
  ['the families are a text', put(service('web', { spec: { ipFamilies: 'IPv4' } })), BAD_SERVICE],
  ['the name of a port is a list', put(service('web', { spec: { ports: [{ name: ['http'], port: 81 }] } })), BAD_SERVICE],
  ['the ports are a map', put(service('web', { spec: { ports: { port: 81 } } })), BAD_SERVICE],
  ['a port is a text', put(service('web', { spec: { ports: [{ port: '81' }] } })), BAD_SERVICE],
  ['publishNotReadyAddresses is a text', put(service('web', { spec: { publishNotReadyAddresses: 'yes' } })), BAD_SERVICE],
  ['the affinity is one that does not exist', put(service('web', { spec: { sessionAffinity: 'Cookie' } })), BAD_SERVICE],
  ['the age is no time', put(service('web', { metadata: { creationTimestamp: '1970' } })), BAD_SERVICE],
  ['there is no spec', put({ ...service('web'), spec: null }), BAD_SERVICE],
])('H9: a Service of which %s: nothing is different elsewhere, and the status says which', async (_what, bad, problems) => {
  const without = await written(() => undefined);
  await world?.end();
  expect(await written(bad)).toBe(without);
  expect(problemsOfEvil()).toEqual(problems);
});

test.each<[string, AnyObject]>([
  ['the addresses are a text', slice({ endpoints: [{ addresses: '10.3.0.5' }] })],
  ['an address is a number', slice({ endpoints: [{ addresses: [5] }] })],
  ['an endpoint is null', slice({ endpoints: [null] })],
  ['the endpoints are a text', slice({ endpoints: '10.3.0.5' })],
  ['the type of addresses is a list', slice({ addressType: ['IPv4'] })],
  ['the name of a port is a map', slice({ ports: [{ name: {}, port: 80 }] })],
  ['a condition is a text', slice({ endpoints: [{ addresses: ['10.3.0.5'], conditions: { ready: 'yes' } }] })],
  ['the host name is a list', slice({ endpoints: [{ addresses: ['10.3.0.5'], hostname: ['web'] }] })],
])('H9: an EndpointSlice of which %s: nothing is different elsewhere, and the status says which', async (_what, bad) => {
  const without = await written(put(service('web')));
  await world?.end();
  expect(await written(put(service('web'), bad))).toBe(without);
  expect(problemsOfEvil()).toEqual(BAD_SLICE);
});

test('L12: names that are none are nobody, and nothing that is named for the terminal of a reader is shown', async () => {
  const without = await written(() => undefined);
  await world?.end();
  const names = ['..', 'Web', 'a/b', '\u001b]52;c;AAAA\u0007', 'a'.repeat(64), ''];
  expect(await written(put(...names.map((name) => service(name))))).toBe(without);
  expect(problemsOfEvil()).toEqual([`BadService service demo/${'a'.repeat(64)}`, 'MalformedObjects member']);
});

function problemsOfEvil(): string[] {
  const status = federationStatusSchema.parse(JSON.parse(JSON.stringify(world?.hub().status())));
  return status.problems
    .filter(({ cluster }) => cluster === 'evil')
    .map(({ reason, subject }) => `${reason} ${subjectText(subject)}`)
    .toSorted();
}
