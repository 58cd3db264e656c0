/**
 * Readiness of mirrored endpoints on real API servers: withheld and given back by the hub, and by another program in its name.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ReportedLink } from '../../core/api/gatewayReport.js';
import { ANNOTATION, FIELD_MANAGER } from '../../core/api/names.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { withReadiness } from '../../core/services/readiness.js';
import { applyObject } from '../../kube/wire/apply.js';
import { sleep } from '../lab/process.js';
import { tunnel } from './gatewayReports.js';
import { becomes, createHubUnderTest, type HubWorld, OWN, type Slice } from './world.js';

interface SliceObject extends Slice {
  readonly addressType: string;
  readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions: Readonly<Record<string, boolean>> }[];
}

const READY = { ready: true, serving: true, terminating: false };
const WITHHELD = { ready: false, serving: false, terminating: false };

/** Declares the tests. `world` is there while they run, and has no hub. */
export function readinessTests(world: () => HubWorld): void {
  const hub = createHubUnderTest(world);
  const selector = `${OWN},kilofed.io/cluster=east,multicluster.kubernetes.io/service-name=ready`;

  async function slice(): Promise<SliceObject> {
    const [found] = await world().west.list<SliceObject>(RESOURCE.endpointSlice, selector);
    if (found === undefined) throw new Error('no slice');
    return found;
  }

  /** Of lyon's endpoint, then of oslo's; and whether a note says what is withheld. */
  async function conditions(): Promise<unknown> {
    const { metadata, endpoints } = await slice();
    return [...endpoints.map((endpoint) => endpoint.conditions), metadata.annotations?.[ANNOTATION.withheld] !== undefined];
  }

  async function report(more: Partial<ReportedLink> = {}): Promise<void> {
    const links = [tunnel('east', 'location:lyon', more), tunnel('east', 'location:oslo'), tunnel('north', 'location:')];
    const object = { apiVersion: 'kilofed.io/v1alpha1', kind: 'GatewayReport', metadata: { name: 'w1' }, spec: { links } };
    await world().west.apply(object);
  }

  const DOWN = { state: 'down', reason: 'NoAnswer', inUse: false } as const;

  beforeAll(async () => {
    const { east, west, north, directory } = world();
    for (const cluster of [east, west, north]) await directory.declare(cluster.id, cluster.hubKubeconfig());
    await report();
    hub.start();
    await becomes('all pairs linked', 6, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
    await east.endpoints('demo', 'ready', ['10.1.0.5', '10.1.2.5']);
    await east.service('demo', 'ready');
    await becomes('ready', [READY, READY, false], conditions);
  }, 30_000);

  afterAll(async () => {
    const { east, west, north, directory } = world();
    await west.remove(RESOURCE.gatewayReport, 'w1');
    for (const { id } of [east, west, north]) await directory.withdraw(id);
    for (const { id } of [east, west, north]) await hub.forget(id);
    await becomes('nobody', 0, () => hub.status().members.length);
    await hub.stop();
  }, 30_000);

  test('S12, S39: withheld where the link is down, and given back', async () => {
    await report(DOWN);
    await becomes('withheld', [WITHHELD, READY, true], conditions);
    await report();
    await becomes('given back', [READY, READY, false], conditions);
  });

  test('a hub that starts while a link is down writes nothing', async () => {
    await report(DOWN);
    await becomes('withheld', [WITHHELD, READY, true], conditions);
    await hub.stop();
    const before = (await slice()).metadata.resourceVersion;
    hub.start();
    await becomes('all pairs linked', 6, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
    await sleep(2_000);
    expect((await slice()).metadata.resourceVersion).toBe(before);
    await report();
    await becomes('given back', [READY, READY, false], conditions);
  });

  test.each([
    ['gave back', () => false],
    ['withheld', () => true],
  ])('what another program %s in its name, the hub takes back when it starts, with one write', async (_what, isCut) => {
    const { west } = world();
    await report(isCut() ? {} : DOWN);
    await becomes('what the hub left', isCut() ? [READY, READY, false] : [WITHHELD, READY, true], conditions);
    await hub.stop();
    const stood = await slice();
    const { apiVersion, kind, metadata, addressType, ports, endpoints } = withReadiness(stood, isCut);
    const { name, namespace = '', labels = {}, annotations = {} } = metadata;
    const object = { apiVersion, kind, metadata: { name, namespace, labels, annotations }, addressType, ports, endpoints };
    const written = await applyObject(west.client, object as KubeObject, { fieldManager: FIELD_MANAGER.hub });
    expect(written.ok).toBe(true);
    expect(await conditions()).toEqual(isCut() ? [WITHHELD, WITHHELD, true] : [READY, READY, false]);
    hub.start();
    await becomes('as the hub has it', isCut() ? [READY, READY, false] : [WITHHELD, READY, true], conditions);
    expect((await slice()).metadata.generation).toBe((stood.metadata.generation ?? 0) + 2);
    await report();
    await becomes('ready in the end', [READY, READY, false], conditions);
  });
}
