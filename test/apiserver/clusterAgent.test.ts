import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ClusterAgent, createClusterAgent } from '../../cluster-agent/agent.js';
import { createClusterAgentMetrics } from '../../cluster-agent/metrics.js';
import type { Mesh } from '../../core/api/mesh.js';
import { meshSpecSchema } from '../../core/api/meshSpec.js';
import { type MeshNode, meshNodeSchema } from '../../core/api/meshNode.js';
import type { Peer } from '../../core/api/peer.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { planNode } from '../../core/mesh/planNode.js';
import { applyObject, deleteObject, getObject, listObjects } from '../../kube/wire/apply.js';
import type { KubeClient, KubeResult } from '../../kube/wire/client.js';
import { createEventRecorder } from '../../kube/wire/eventRecorder.js';
import { createJsonLog } from '../../kube/wire/jsonLog.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { createTextMetrics, type TextMetrics } from '../../kube/wire/textMetrics.js';
import { difference, writeRequests } from '../e2e/apiRequests.js';
import { fakeKey } from '../fakes/mesh.js';
import { clientAs } from './accounts.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');
const SETTLE_MS = 20_000;

interface Running {
  readonly agent: ClusterAgent;
  readonly metrics: TextMetrics;
  stop(): Promise<void>;
}

describeWithApiServer(
  'the cluster-agent, under its own account',
  { controllers: 'garbage-collector-controller', serviceCIDR: '10.96.0.0/16' },
  (server) => {
    let client: KubeClient;
    const running: Running[] = [];

    beforeAll(async () => {
      const crds = (await readdir(join(MANIFESTS, 'crds'))).map((name) => `crds/${name}`);
      for (const file of [...crds, 'cluster.yaml']) await applyYaml(server(), await readFile(join(MANIFESTS, file), 'utf8'));
      client = clientAs(server());
    }, 90_000);
    afterEach(async () => {
      await Promise.all(running.splice(0).map((each) => each.stop()));
    });
    afterAll(() => client.close());

    function start(): Running {
      const own = clientAs(server(), { namespace: 'kilofed', name: 'cluster-agent', node: 'a' });
      const metrics = createTextMetrics();
      const log = createJsonLog({ level: 'error', write: (line) => void process.stderr.write(line), wall: () => Date.now() });
      const agent = createClusterAgent({
        client: own,
        clock: systemClock,
        random: Math.random,
        log,
        metrics: createClusterAgentMetrics(metrics),
        events: createEventRecorder({ client: own, clock: systemClock, log, controller: 'kilofed.io/cluster-agent', instance: 'test' }),
        lookup,
      });
      const stop = new AbortController();
      const ended = agent.run(stop.signal);
      const handle: Running = {
        agent,
        metrics,
        async stop() {
          stop.abort();
          await ended;
          own.close();
        },
      };
      running.push(handle);
      return handle;
    }

    /** A Node as kubelet and kube-controller-manager leave it, and the MeshNode that an agent on it would write. */
    async function addNode(name: string, number: number, location: string, owned = true): Promise<void> {
      const node = must(
        await applyObject<KubeObject>(
          client,
          {
            ...object('v1', 'Node', name, { spec: { podCIDR: `10.42.${number}.0/24`, podCIDRs: [`10.42.${number}.0/24`] } }),
            metadata: { name, annotations: { 'kilo.squat.ai/location': location } },
          },
          { fieldManager: 'test' },
        ),
      );
      const address = { type: 'InternalIP', address: `172.20.1.${number}` };
      must(
        await applyObject(client, object('v1', 'Node', name, { status: { addresses: [address] } }), {
          fieldManager: 'test',
          subresource: 'status',
        }),
      );
      const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' };
      must(
        await applyObject(
          client,
          {
            ...object('kilofed.io/v1alpha1', 'MeshNode', name, { spec: specOf(name, number, location) }),
            metadata: { name, ...(owned ? { ownerReferences: [owner] } : {}) },
          },
          { fieldManager: 'test-node-agent' },
        ),
      );
    }

    /** What every node but `d` would be told to do. */
    async function plans(): Promise<readonly unknown[]> {
      const spec = must(await getObject<KubeObject & Mesh>(client, { resource: RESOURCE.mesh, name: 'default' })).spec;
      const nodes = must(await listObjects<MeshNode & KubeObject>(client, RESOURCE.meshNode)).map((each) => meshNodeSchema.parse(each));
      return ['a', 'b', 'c'].map((node) =>
        planNode({ node, mesh: meshSpecSchema.parse(spec), nodes, peers: [], resolved: {}, underlayMtu: 1500 }),
      );
    }

    async function meshNodes(): Promise<Record<string, MeshNode['status']>> {
      const all = must(await listObjects<MeshNode & KubeObject>(client, RESOURCE.meshNode));
      return Object.fromEntries(all.map((each) => [each.metadata.name, each.status]));
    }

    async function mesh(): Promise<Mesh['status']> {
      return must(await getObject<KubeObject & Mesh>(client, { resource: RESOURCE.mesh, name: 'default' })).status;
    }

    async function slots(): Promise<Record<string, number | undefined>> {
      return Object.fromEntries(Object.entries(await meshNodes()).map(([name, status]) => [name, status?.slot]));
    }

    test('waits for a Mesh, and says so', async () => {
      const { agent } = start();
      await eventually(() => expect(agent.notReady()).toMatch(/there is no Mesh named default: apply one/));
      must(
        await applyObject(client, object('kilofed.io/v1alpha1', 'Mesh', 'default', { spec: { wireguardCIDRs: ['10.4.0.0/24'] } }), {
          fieldManager: 'test',
        }),
      );
      await eventually(() => expect(agent.notReady()).toBeUndefined());
      await eventually(async () =>
        expect(await mesh()).toMatchObject({
          serviceCIDRs: ['10.96.0.0/16'],
          conditions: [
            { type: 'Linked', status: 'True' },
            { type: 'Ready', status: 'True' },
          ],
        }),
      );
    }, 60_000);

    test('gives nodes their addresses and slots, and tells the ranges', async () => {
      start();
      await addNode('a', 1, 'eu');
      await addNode('b', 2, 'eu');
      await addNode('c', 3, 'eu');
      await addNode('d', 4, 'us');
      await eventually(async () => expect(await slots()).toEqual({ a: 0, b: 1, c: undefined, d: 0 }));
      const addresses = Object.values(await meshNodes()).flatMap((status) => status?.meshAddresses ?? []);
      expect(new Set(addresses).size).toBe(4);
      expect(addresses.every((address) => address.startsWith('10.4.0.'))).toBe(true);
      await eventually(async () =>
        expect(await mesh()).toMatchObject({
          podCIDRs: ['10.42.1.0/24', '10.42.2.0/23', '10.42.4.0/24'],
          serviceCIDRs: ['10.96.0.0/16'],
          nodeCIDRs: ['172.20.1.1/32', '172.20.1.2/32', '172.20.1.3/32', '172.20.1.4/32'],
          segments: [
            {
              name: 'location:eu',
              nodes: 3,
              gateways: [
                { slot: 0, node: 'a' },
                { slot: 1, node: 'b' },
              ],
            },
            { name: 'location:us', nodes: 1, gateways: [{ slot: 0, node: 'd' }] },
          ],
          conditions: [
            { type: 'Linked', status: 'Unknown', reason: 'LinkUnknown' },
            { type: 'Ready', status: 'True', reason: 'Meshed' },
          ],
        }),
      );
    }, 60_000);

    test('a restart writes nothing, and a heartbeat plans nothing', async () => {
      const settled = await writeRequests({ client });
      const { agent, metrics } = start();
      await eventually(() => expect(agent.notReady()).toBeUndefined());
      const planned = await steady(() => reconciles(metrics));
      const heartbeat = {
        conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z', reason: 'KubeletReady' }],
      };
      must(
        await client.call({
          method: 'PATCH',
          path: '/api/v1/nodes/a/status',
          contentType: 'application/strategic-merge-patch+json',
          body: { status: heartbeat },
        }),
      );
      // What follows the heartbeat on the same watch has been planned, so the heartbeat has been seen.
      must(
        await client.call({
          method: 'PATCH',
          path: '/api/v1/nodes/d',
          contentType: 'application/merge-patch+json',
          body: { metadata: { annotations: { seen: 'yes' } } },
        }),
      );
      must(
        await client.call({
          method: 'PATCH',
          path: '/apis/kilofed.io/v1alpha1/meshnodes/d',
          contentType: 'application/merge-patch+json',
          body: { metadata: { labels: { seen: 'yes' } } },
        }),
      );
      await eventually(() => expect(reconciles(metrics)).toBeGreaterThan(planned));
      // One plan of the cluster, and one of its links.
      expect(await steady(() => reconciles(metrics))).toBe(planned + 2);
      expect(difference(settled, await writeRequests({ client }))).toEqual({ 'PATCH meshnodes': 1 });
    }, 60_000);

    test('ranges of pods follow the objects of a network plugin, whose kinds may come later and go again', async () => {
      const { agent } = start();
      await eventually(() => expect(agent.notReady()).toBeUndefined());
      const assigned = async (): Promise<Record<string, unknown>> =>
        Object.fromEntries(Object.entries(await meshNodes()).map(([name, status]) => [name, status?.assignedPods?.cidrs.join(' ')]));
      const nobody = { a: undefined, b: undefined, c: undefined, d: undefined };
      expect(await assigned()).toEqual(nobody);

      await applyYaml(server(), JSON.stringify(pluginKind('crd.projectcalico.org', 'v1', 'IPAMBlock')));
      const taken = { attributes: [{ handle_id: 'x', secondary: { node: 'd', pod: 'web', namespace: 'demo' } }] };
      const block = (cidr: string, node: string, more: object = { allocations: [] }): KubeObject => ({
        ...object('crd.projectcalico.org/v1', 'IPAMBlock', cidr.replaceAll(/[./]/g, '-'), {
          spec: { cidr, affinity: `host:${node}`, ...more },
        }),
      });
      await eventually(
        async () =>
          void must(
            await applyObject<KubeObject>(client, block('10.244.1.0/26', 'a', { allocations: [null, 0], ...taken }), {
              fieldManager: 'test',
            }),
          ),
      );
      must(await applyObject<KubeObject>(client, block('10.244.9.64/26', 'a'), { fieldManager: 'test' }));
      const calico = { a: '10.244.1.0/26 10.244.9.64/26', b: '', c: '', d: '10.244.1.1/32' };
      await eventually(async () => expect(await assigned()).toEqual(calico));
      await eventually(async () => expect((await mesh())?.podCIDRs).toEqual(['10.244.1.0/26', '10.244.9.64/26']));
      expect((await meshNodes())['b']?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);

      // A pod more in a block is no news, a block that moves is; and a restart writes nothing.
      const settled = await writeRequests({ client });
      must(
        await applyObject<KubeObject>(client, block('10.244.9.64/26', 'a', { allocations: [0], attributes: [] }), { fieldManager: 'test' }),
      );
      start();
      await eventually(() => expect(running.every((each) => each.agent.notReady() === undefined)).toBe(true));
      expect(difference(settled, await writeRequests({ client }))).toEqual({});
      must(await applyObject<KubeObject>(client, block('10.244.9.64/26', 'b'), { fieldManager: 'test' }));
      await eventually(async () => expect(await assigned()).toEqual({ ...calico, a: '10.244.1.0/26', b: '10.244.9.64/26' }));

      await applyYaml(server(), JSON.stringify(pluginKind('cilium.io', 'v2', 'CiliumNode')));
      const cilium = object('cilium.io/v2', 'CiliumNode', 'c', { spec: { ipam: { podCIDRs: ['10.0.3.0/24'] } } });
      await eventually(async () => void must(await applyObject<KubeObject>(client, cilium, { fieldManager: 'test' })));
      await eventually(async () => expect(await assigned()).toEqual(nobody));
      await eventually(async () => expect((await meshNodes())['a']?.conditions?.[0]?.reason).toBe('PodRangesUnclear'));
      await kubectl(server(), ['delete', 'crd', 'ipamblocks.crd.projectcalico.org']);
      await eventually(async () => expect(await assigned()).toEqual({ a: '', b: '', c: '10.0.3.0/24', d: '' }));

      await kubectl(server(), ['annotate', 'node', 'a', 'kilofed.io/pod-cidrs=10.77.1.0/24']);
      await eventually(async () => expect((await assigned())['a']).toBe('10.77.1.0/24'));
      await kubectl(server(), ['annotate', 'node', 'a', 'kilofed.io/pod-cidrs-']);
      await kubectl(server(), ['delete', 'crd', 'ciliumnodes.cilium.io']);
      await eventually(async () => expect(await assigned()).toEqual(nobody));
    }, 90_000);

    test('I1: tells of links what gateways report, once for each change, and with an Event', async () => {
      const { metrics } = start();
      const tunnel = (segment: string, peer: string, more: object = {}): object => ({
        segment,
        slot: 0,
        peer,
        endpoint: '172.20.1.9:51820',
        state: 'up',
        inUse: true,
        since: '2026-01-01T00:00:00Z',
        ...more,
      });
      const report = async (node: string, ...links: readonly object[]): Promise<void> =>
        void must(
          await applyObject(client, object('kilofed.io/v1alpha1', 'GatewayReport', node, { spec: { links } }), {
            fieldManager: 'test-node-agent',
          }),
        );
      const linked = async (): Promise<unknown> => (await mesh())?.conditions?.find(({ type }) => type === 'Linked');
      for (const node of ['a', 'b']) await report(node, tunnel('location:us', 'd'));
      await report('d', tunnel('location:eu', 'a'));
      await eventually(async () => expect(await linked()).toMatchObject({ status: 'True', reason: 'Linked' }));

      const dead = { state: 'down', inUse: false, reason: 'NoHandshake' };
      for (const node of ['a', 'b']) await report(node, tunnel('location:us', 'd', dead));
      await eventually(async () => expect(await linked()).toMatchObject({ status: 'False', reason: 'LinkDown' }));
      expect((await mesh())?.links).toMatchObject([
        {
          from: 'location:eu',
          to: 'location:us',
          state: 'down',
          reason: 'NoHandshake',
          message: expect.stringContaining('open UDP 51820 towards 172.20.1.9'),
        },
        { from: 'location:us', to: 'location:eu', state: 'up', inUse: [{ slot: 0, peer: 'a' }] },
      ]);
      const events = await kubectl(server(), ['get', 'events.events.k8s.io', '-n', 'default', '-o', 'jsonpath={.items[*].reason}']);
      expect(events).toBe('LinkDown');
      expect(metrics.render()).toContain('kilofed_cluster_links{state="down"} 1');

      const settled = await writeRequests({ client });
      await report('a', tunnel('location:us', 'd', { ...dead, endpoint: '172.20.1.10:51820', rttMilliseconds: 30 }));
      await eventually(async () => expect((await mesh())?.links?.[0]?.message).toContain('172.20.1.10'));
      for (const node of ['a', 'b']) await report(node, tunnel('location:us', 'd'));
      await eventually(async () => expect(await linked()).toMatchObject({ status: 'True', reason: 'Linked' }));
      await steady(() => reconciles(metrics));
      const { 'APPLY gatewayreports': reports, 'POST events': told, ...others } = difference(settled, await writeRequests({ client }));
      expect({ reports, told }).toEqual({ reports: 3, told: 1 });
      expect(others['APPLY meshes/status']).toBeLessThanOrEqual(3);
    }, 60_000);

    test('stands in for a hub that is away, by the links of this cluster, and changes nothing when it is back', async () => {
      const peer = {
        apiVersion: 'kilo.squat.ai/v1alpha1',
        kind: 'Peer',
        metadata: {
          name: 'north-x-0',
          labels: { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'north', 'kilofed.io/segment': 'x' },
          annotations: { 'kilofed.io/slot': '0', 'kilofed.io/planes': '2' },
        },
        spec: { publicKey: fakeKey('north'), allowedIPs: ['10.50.0.0/24'], endpoint: { dnsOrIP: { ip: '192.0.2.7' }, port: 51820 } },
      };
      const mirror = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: 'web-north',
          namespace: 'default',
          labels: {
            'kilofed.io/managed-by': 'kilofed-hub',
            'kilofed.io/cluster': 'north',
            'endpointslice.kubernetes.io/managed-by': 'kilofed-hub',
            'kubernetes.io/service-name': 'web',
          },
          annotations: { 'kilofed.io/hash': '0123456789abcdef' },
        },
        addressType: 'IPv4',
        ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
        endpoints: [
          { addresses: ['10.50.0.7'], conditions: { ready: true, serving: true }, zone: 'z1' },
          { addresses: ['10.50.0.8'], conditions: { ready: false, serving: true, terminating: true } },
        ],
      };
      const asHub = { fieldManager: 'kilofed-hub' };
      must(await applyObject(client, peer, asHub));
      must(await applyObject<KubeObject>(client, mirror, asHub));
      const renew = async (holder: string, seconds: number): Promise<void> =>
        void must(
          await applyObject<KubeObject>(
            client,
            {
              ...object('coordination.k8s.io/v1', 'Lease', 'kilofed-hub', {
                spec: { holderIdentity: holder, leaseDurationSeconds: seconds },
              }),
              metadata: { name: 'kilofed-hub', namespace: 'kilofed' },
            },
            asHub,
          ),
        );
      const report = async (state: 'up' | 'down'): Promise<void> => {
        const link = {
          segment: 'north/x',
          member: 'north',
          slot: 0,
          peer: 'north-x-0',
          inUse: state === 'up',
          since: '2026-01-01T00:00:00Z',
        };
        for (const node of ['a', 'b', 'd'])
          must(
            await applyObject(client, object('kilofed.io/v1alpha1', 'GatewayReport', node, { spec: { links: [{ ...link, state }] } }), {
              fieldManager: 'test-node-agent',
            }),
          );
      };
      type Slice = KubeObject & { readonly endpoints: readonly { readonly conditions: object }[] };
      const slice = async (): Promise<Slice> =>
        must(await getObject<Slice>(client, { resource: RESOURCE.endpointSlice, namespace: 'default', name: 'web-north' }));
      const conditions = async (): Promise<readonly object[]> => (await slice()).endpoints.map((each) => each.conditions);
      const said = mirror.endpoints.map((each) => each.conditions);
      const withheld = [
        { ready: false, serving: false },
        { ready: false, serving: false, terminating: true },
      ];

      await renew('default/hub-0', 60);
      const { metrics } = start();
      await report('down');
      await eventually(async () =>
        expect((await mesh())?.links?.filter(({ member }) => member === 'north').map(({ state }) => state)).toEqual(['down', 'down']),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(await conditions()).toEqual(said);

      await renew('default/hub-0', 1);
      await eventually(async () => expect(await conditions()).toEqual(withheld));
      expect(metrics.render()).toContain('kilofed_cluster_hub_away 1');
      await report('up');
      await eventually(async () => expect(await conditions()).toEqual(said));
      expect((await slice()).metadata.annotations).toEqual(mirror.metadata.annotations);
      await report('down');
      await eventually(async () => expect(await conditions()).toEqual(withheld));

      await renew('default/hub-0', 60);
      await eventually(() => expect(metrics.render()).toContain('kilofed_cluster_hub_away 0'));
      const { resourceVersion } = (await slice()).metadata;
      await report('up');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect((await slice()).metadata.resourceVersion).toBe(resourceVersion);
      await renew('', 60);
      await eventually(async () => expect(await conditions()).toEqual(said));
    }, 90_000);

    test.each<[string, object]>([
      ["another's pod CIDR", { podCIDRs: ['10.42.4.0/24', '10.42.1.0/24'] }],
      ['the halves of it', { podCIDRs: ['10.42.4.0/24', '10.42.1.0/25', '10.42.1.128/25'] }],
      ["another's location", { location: 'eu' }],
      ["another's internal address", { internalIPs: ['172.20.1.4/24', '172.20.1.1/24'] }],
      [
        "another's pod for its endpoint",
        {
          endpoints: [
            { host: '172.20.1.4', port: 51820 },
            { host: '10.42.1.9', port: 51820 },
          ],
        },
      ],
      ['networks beside all', { allowedLocationIPs: ['10.0.0.0/8'] }],
    ])(
      "a stolen token that writes %s into its node's own MeshNode moves no other node, with the cluster-agent or without",
      async (_what, claim) => {
        const thief = clientAs(server(), { namespace: 'kilofed', name: 'node-agent', node: 'd' });
        const write = async (change: object): Promise<void> =>
          void must(
            await applyObject(thief, object('kilofed.io/v1alpha1', 'MeshNode', 'd', { spec: { ...specOf('d', 4, 'us'), ...change } }), {
              fieldManager: 'test-node-agent',
            }),
          );
        const [planned, held] = [await plans(), await slots()];
        await write(claim);
        expect(await plans()).toEqual(planned);
        start();
        await eventually(async () =>
          expect((await meshNodes())['d']).toMatchObject({ conditions: [{ status: 'True', reason: 'NotVerified' }] }),
        );
        expect(await plans()).toEqual(planned);
        expect(await slots()).toEqual(held);
        await write({});
        await eventually(async () =>
          expect((await meshNodes())['d']).toMatchObject({ conditions: [{ status: 'True', reason: 'Meshed' }] }),
        );
        thief.close();
      },
      60_000,
    );

    test("when a node goes, its slot is refilled and nobody else's place changes", async () => {
      start();
      const before = await meshNodes();
      must(await deleteObject(client, { resource: RESOURCE.node, name: 'a' }));
      await eventually(async () => expect(await slots()).toEqual({ b: 1, c: 0, d: 0 }));
      const after = await meshNodes();
      for (const name of ['b', 'c', 'd']) expect(after[name]?.meshAddresses).toEqual(before[name]?.meshAddresses);
    }, 60_000);

    test('the MeshNode of a Node that is deleted goes at once, and comes again with it', async () => {
      start();
      await addNode('gone', 7, 'eu');
      await eventually(async () => expect((await meshNodes())['gone']?.meshAddresses).toHaveLength(1));
      const began = performance.now();
      must(await deleteObject(client, { resource: RESOURCE.node, name: 'gone' }));
      await eventually(async () => expect(Object.keys(await meshNodes())).not.toContain('gone'));
      // The garbage collector alone may take half a minute.
      expect(performance.now() - began).toBeLessThan(5_000);
      await addNode('gone', 7, 'eu');
      await eventually(async () => expect((await meshNodes())['gone']?.meshAddresses).toHaveLength(1));
      must(await deleteObject(client, { resource: RESOURCE.node, name: 'gone' }));
      await eventually(async () => expect(Object.keys(await meshNodes())).not.toContain('gone'));
    }, 60_000);

    test('a MeshNode that nobody collects gives up its slot when its Node is gone', async () => {
      start();
      await addNode('e', 5, 'asia', false);
      await eventually(async () => expect((await slots())['e']).toBe(0));
      await addNode('f', 6, 'asia');
      await eventually(async () => expect((await slots())['f']).toBe(1));
      must(await deleteObject(client, { resource: RESOURCE.node, name: 'e' }));
      await eventually(async () =>
        expect((await meshNodes())['e']).toMatchObject({ conditions: [{ status: 'False', reason: 'NodeGone' }] }),
      );
      expect(await slots()).toMatchObject({ f: 1 });
      expect((await meshNodes())['e']?.slot).toBeUndefined();
      // The Mesh is written after the nodes.
      await eventually(async () =>
        expect((await mesh())?.segments?.find(({ location }) => location === 'asia')).toMatchObject({ nodes: 1 }),
      );
      // Links are told once a second at most.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      const settled = await writeRequests({ client });
      const { agent } = start();
      await eventually(() => expect(agent.notReady()).toBeUndefined());
      expect(difference(settled, await writeRequests({ client }))).toEqual({});
    }, 60_000);

    test('two agents at once end in one plan, without a fight', async () => {
      const [one, two] = [start(), start()];
      await eventually(() => expect([one.agent.notReady(), two.agent.notReady()]).toEqual([undefined, undefined]));
      for (let number = 10; number < 20; number += 1) await addNode(`n${number}`, number, 'africa');
      await eventually(async () => {
        const held = Object.entries(await slots()).filter(([name, slot]) => name.startsWith('n') && slot !== undefined);
        expect(new Set(held.map(([, slot]) => slot))).toEqual(new Set([0, 1]));
        expect(held).toHaveLength(2);
        expect((await mesh())?.segments?.find(({ location }) => location === 'africa')).toMatchObject({ nodes: 10 });
      });
      const addresses = Object.values(await meshNodes()).flatMap((status) => status?.meshAddresses ?? []);
      expect(new Set(addresses).size).toBe(addresses.length);
      const settled = await writeRequests({ client });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(difference(settled, await writeRequests({ client }))).toEqual({});
    }, 60_000);

    describe('Peers', () => {
      const peer = (name: string, spec: object): KubeObject =>
        object('kilo.squat.ai/v1alpha1', 'Peer', name, { spec: { allowedIPs: ['10.9.0.1/32'], publicKey: fakeKey(name), ...spec } });
      const put = async (each: KubeObject, fieldManager = 'test'): Promise<KubeObject> =>
        must(await applyObject(client, each, { fieldManager }));
      const condition = async (name: string): Promise<unknown> =>
        must(await getObject<KubeObject & Peer>(client, { resource: RESOURCE.peer, name })).status?.conditions?.[0];

      test('tell whether the nodes take them, before and after they are corrected', async () => {
        start();
        await put(peer('laptop', { allowedIPs: ['10.42.4.7/32'] }));
        await eventually(async () =>
          expect(await condition('laptop')).toMatchObject({
            type: 'Ready',
            status: 'False',
            reason: 'PrefixTaken',
            message: '10.42.4.7/32 lies in 10.42.4.0/24, which belongs to location:us: remove it from one of the two',
            observedGeneration: 1,
          }),
        );
        expect(await kubectl(server(), ['get', 'peers'])).toMatch(/^NAME .* READY +REASON +AGE\nlaptop .* False +PrefixTaken /);
        const at = (dns: string): object => ({ endpoint: { dnsOrIP: { dns }, port: 51_820 } });
        await put(peer('laptop', at('nowhere.example')));
        await eventually(async () =>
          expect(await condition('laptop')).toMatchObject({
            status: 'False',
            reason: 'Unresolved',
            message: expect.stringContaining('nowhere.example:51820'),
            observedGeneration: 2,
          }),
        );
        await put(peer('laptop', at('home.example')));
        await eventually(async () =>
          expect(await condition('laptop')).toMatchObject({ status: 'True', reason: 'Meshed', observedGeneration: 3 }),
        );
      }, 60_000);

      test('of the hub have a status that it does not touch, and nobody writes twice', async () => {
        start();
        const gateway = {
          ...peer('west', { allowedIPs: ['10.43.0.0/16'] }),
          metadata: {
            name: 'west',
            labels: { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'west', 'kilofed.io/segment': 'x' },
            annotations: { 'kilofed.io/slot': '0', 'kilofed.io/planes': '2' },
          },
        };
        await put(gateway, 'kilofed-hub');
        await eventually(async () => expect(await condition('west')).toMatchObject({ status: 'True' }));
        await eventually(async () => expect((await mesh())?.links).toContainEqual(expect.objectContaining({ to: 'west/x' })));
        const settled = await writeRequests({ client });
        await put(gateway, 'kilofed-hub');
        expect(await condition('west')).toMatchObject({ status: 'True' });
        await Promise.all(running.splice(0).map((each) => each.stop()));
        const { agent } = start();
        await eventually(() => expect(agent.notReady()).toBeUndefined());
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(difference(settled, await writeRequests({ client }))).toEqual({ 'APPLY peers': 1 });
      }, 60_000);

      test('that the schema of today would refuse say so themselves', async () => {
        const crd = await readFile(join(MANIFESTS, 'crds/peers.yaml'), 'utf8');
        const lax = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
        await kubectl(server(), [
          'patch',
          'crd',
          'peers.kilo.squat.ai',
          '--type=json',
          '-p',
          JSON.stringify([{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema', value: lax }]),
        ]);
        await eventually(async () => void (await put(peer('old', { presharedKey: 'sesame', persistentKeepalive: 10_000_000_000 }))));
        await applyYaml(server(), crd);
        await eventually(async () =>
          expect(await applyObject(client, peer('new', { presharedKey: 'sesame' }), { fieldManager: 'test' })).toMatchObject({ ok: false }),
        );
        const { agent } = start();
        await eventually(async () =>
          expect(await condition('old')).toMatchObject({
            status: 'False',
            reason: 'Invalid',
            message: expect.stringMatching(
              /^is ignored until it is corrected: spec\.presharedKey: must be .*; spec\.persistentKeepalive: /,
            ),
          }),
        );
        expect(await condition('laptop')).toMatchObject({ status: 'True' });
        expect(agent.notReady()).toBeUndefined();
      }, 60_000);
    });

    test('says on the Mesh what is wrong with it, and on the nodes', async () => {
      start();
      must(
        await applyObject(client, object('kilofed.io/v1alpha1', 'Mesh', 'default', { spec: { wireguardCIDRs: ['10.96.7.0/24'] } }), {
          fieldManager: 'test',
        }),
      );
      await eventually(async () =>
        expect(await mesh()).toMatchObject({
          conditions: [
            { type: 'Linked' },
            {
              status: 'False',
              reason: 'RangeOverlap',
              message: expect.stringContaining('10.96.7.0/24 overlaps the service range 10.96.0.0/16'),
              observedGeneration: 2,
            },
          ],
        }),
      );
      await eventually(async () =>
        expect((await meshNodes())['d']).toMatchObject({ conditions: [{ status: 'False', reason: 'RangeOverlap' }] }),
      );
    }, 60_000);
  },
);

/** What the agent on node `name` says. */
function specOf(name: string, number: number, location: string): object {
  const address = `172.20.1.${number}`;
  return {
    publicKey: fakeKey(name),
    endpoints: [{ host: address, port: 51820 }],
    internalIPs: [`${address}/24`],
    podCIDRs: [`10.42.${number}.0/24`],
    location,
  };
}

/** The kind of a network plugin, as far as an API server has to know it. */
function pluginKind(group: string, version: string, kind: string): object {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}

function object(apiVersion: string, kind: string, name: string, rest: object): KubeObject {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

/** Knows one name. */
function lookup(name: string): Promise<readonly string[]> {
  return name === 'home.example' ? Promise.resolve(['203.0.113.9']) : Promise.reject(new Error(`ENOTFOUND ${name}`));
}

function reconciles(metrics: TextMetrics): number {
  return Number(/^kilofed_cluster_reconcile_seconds_count (\d+)$/m.exec(metrics.render())?.[1]);
}

/** The value, once it stays the same for a while. */
async function steady(value: () => number): Promise<number> {
  for (let before = value(), rounds = 0; rounds < 50; rounds += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (value() === before) return before;
    before = value();
  }
  throw new Error('never steady');
}

async function eventually(check: () => void | Promise<void>): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function must<T>(result: KubeResult<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
