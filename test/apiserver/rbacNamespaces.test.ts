/**
 * manifests/member-namespaces.yaml, on a real API server: which namespaces the hub's account may make, and when.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { planNamespace } from '../../core/services/namespaceCreation.js';
import type { KubeClient, KubeRequest } from '../../kube/wire/client.js';
import { clientAs } from './accounts.js';
import { applyYaml, kubectl } from './kubectl.js';
import { HUB_IN_MEMBER } from './rbacAttempts.js';
import { describeWithApiServer } from './suite.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');
const LABELS = { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'east' };
const FOR_EAST = { ...LABELS, 'kilofed.io/import': 'east' };

const RIGHT = 'cannot';
const SYSTEM = 'makes no namespaces of the system';
const LABEL = 'carries its label';
const WANTED = 'wants none made for the exports of that member';
const OPEN = 'imports from these only';
const OWN = 'no labels and annotations on namespaces but its own';

interface Attempt {
  readonly title: string;
  readonly name?: string;
  readonly metadata: Partial<KubeObject['metadata']> & { readonly finalizers?: readonly string[] };
  /** Part of the answer. Absent: it may. */
  readonly refused?: string;
}

const FOR_ALL: readonly Attempt[] = [
  { title: 'for a member', metadata: { labels: LABELS, annotations: { 'kilofed.io/federation': 'default' } } },
  { title: 'without the label', metadata: { labels: { 'kilofed.io/cluster': 'east' } }, refused: LABEL },
  { title: 'of somebody else', metadata: { labels: { ...LABELS, 'kilofed.io/managed-by': 'helm' } }, refused: LABEL },
  { title: 'for nobody', metadata: { labels: { 'kilofed.io/managed-by': 'kilofed-hub' } }, refused: WANTED },
  { title: 'that is opened to all', metadata: { labels: { ...LABELS, 'kilofed.io/import': 'all' } }, refused: OPEN },
  ...['kube-extra', 'openshift-x', 'openshift', 'kilofed-x'].map((name) => ({
    title: name,
    name,
    metadata: { labels: LABELS },
    refused: SYSTEM,
  })),
  {
    title: 'that lets pods do anything',
    metadata: { labels: { ...LABELS, 'pod-security.kubernetes.io/enforce': 'privileged' } },
    refused: OWN,
  },
  {
    title: 'with an annotation of others',
    metadata: { labels: LABELS, annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'x=y' } },
    refused: OWN,
  },
  { title: 'that exports', metadata: { labels: LABELS, annotations: { 'kilofed.io/export': 'true' } }, refused: OWN },
  { title: 'that nobody can delete', metadata: { labels: LABELS, finalizers: ['example.org/never'] }, refused: OWN },
];

const FOR_EAST_AND_NORTH: readonly Attempt[] = [
  { title: 'for one of them', metadata: { labels: FOR_EAST } },
  { title: 'for both', metadata: { labels: { ...LABELS, 'kilofed.io/import': 'east_north' } } },
  { title: 'for another', metadata: { labels: { ...FOR_EAST, 'kilofed.io/cluster': 'south' } }, refused: WANTED },
  { title: 'that is open to another, too', metadata: { labels: { ...LABELS, 'kilofed.io/import': 'east_south' } }, refused: OPEN },
  { title: 'that says nothing of who may', metadata: { labels: LABELS }, refused: OPEN },
];

describeWithApiServer('namespaces that the hub makes', {}, (server) => {
  let hub: KubeClient;

  beforeAll(async () => {
    for (const file of ['crds/meshes.yaml', 'crds/meshnodes.yaml', 'crds/nodepolicies.yaml', 'crds/gatewayreports.yaml', 'crds/peers.yaml'])
      await applyYaml(server(), await readFile(join(MANIFESTS, file), 'utf8'));
    for (const file of ['crds-multicluster.yaml', 'cluster.yaml', 'member.yaml'])
      await applyYaml(server(), await readFile(join(MANIFESTS, file), 'utf8'));
    hub = clientAs(server(), HUB_IN_MEMBER);
  }, 60_000);

  afterAll(() => hub.close());

  const body = ({ name = 'demo-x', metadata }: Attempt): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, ...metadata },
  });

  /** Nothing is made: admission runs, and then the write is dropped. */
  async function answer(request: KubeRequest): Promise<string> {
    const result = await hub.call<unknown>({ ...request, query: { dryRun: 'All' } });
    return result.ok ? 'allowed' : result.error.message;
  }

  const make = (attempt: Attempt): Promise<string> => answer({ method: 'POST', path: '/api/v1/namespaces', body: body(attempt) });

  async function label(value: string, attempt: Attempt, until: string): Promise<void> {
    await kubectl(server(), ['label', '--overwrite', 'namespace', 'kilofed', `kilofed.io/create-namespaces${value}`]);
    const deadline = Date.now() + 30_000;
    while (!(await make(attempt)).includes(until)) {
      if (Date.now() > deadline) throw new Error(`after 30 s the answer is not ${until}, but ${await make(attempt)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function expectAll(attempts: readonly Attempt[]): Promise<void> {
    const answers: [string, string][] = [];
    for (const attempt of attempts) answers.push([attempt.title, await make(attempt)]);
    expect(answers).toEqual(
      attempts.map(({ title, refused }) => [title, refused === undefined ? 'allowed' : (expect.stringContaining(refused) as unknown)]),
    );
  }

  test('none without the manifest, or without the label; then those that the label wants, and none of the system', async () => {
    const [one = never()] = FOR_ALL;
    expect(await make(one)).toContain(RIGHT);
    await applyYaml(server(), await readFile(join(MANIFESTS, 'member-namespaces.yaml'), 'utf8'));
    await label('=none', one, WANTED);
    await label('=all', one, 'allowed');
    await expectAll(FOR_ALL);
    await label('=east_north', FOR_EAST_AND_NORTH[0] ?? never(), 'allowed');
    await expectAll(FOR_EAST_AND_NORTH);
    await label('-', one, WANTED);
    for (const method of ['PATCH', 'DELETE'] as const) {
      const request = {
        method,
        path: '/api/v1/namespaces/kilofed',
        ...(method === 'PATCH' && { body: {}, contentType: 'application/merge-patch+json' }),
      };
      expect(await answer(request)).toContain(RIGHT);
    }
  }, 120_000);

  test('what the hub plans may be made', async () => {
    for (const [value, creates] of [
      ['all', 'all'],
      ['east_north', ['east', 'north']],
    ] as const) {
      const { create } = planNamespace('demo-y', ['east'], { creates, madeFor: () => 0 });
      const attempt: Attempt = { title: value, name: 'demo-y', metadata: create?.metadata ?? never() };
      await label(`=${value}`, attempt, 'allowed');
    }
  }, 90_000);
});

function never(): never {
  throw new Error('there is no such thing');
}
