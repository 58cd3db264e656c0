/**
 * `kilofed explain service`: the whole command line, before a hub, and before the API server of a member where no hub can be asked.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Explanation } from '../../core/api/explanation.js';
import type { KubeObject } from '../../core/api/resources.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { until } from '../lab/process.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';
import { serveCluster } from './servedCluster.js';
import { runCli } from './runCli.js';

let folder: string;
let world: FakeFederation;
let member: string;
let api: Awaited<ReturnType<typeof serveCluster>>;
let hub: Server;
let address: string;

const SOON_MS = 10_000;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-explain-'));
  member = 'west';
  world = createFakeFederation(['east', 'west'], { clock: systemClock });
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  api = await serveCluster(() => world.cluster(member));
  writeFileSync(join(folder, 'config'), api.kubeconfig());
  world.start();
  await until('the import', SOON_MS, () => world.cluster('west').objects.get('serviceimports/demo/web'));
  hub = createServer((request, response) => {
    const [, namespace = '', name = ''] = /^\/api\/v1\/services\/([^/]+)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    response.end(JSON.stringify(world.hub().explain(namespace, name)));
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  const bound = hub.address();
  address = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`;
});

afterEach(async () => {
  hub.closeAllConnections();
  hub.close();
  await world.end();
  await api.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: readonly string[]): ReturnType<typeof runCli> => runCli(folder, ['explain', 'service', ...argv]);

function label(id: string, labels: Readonly<Record<string, string>>): void {
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels } });
}

describe('by the hub', () => {
  test('it works: who, where, under which name, by which path, and 0', async () => {
    const { code, out } = await run('demo/web', '--hub', address);
    expect(code).toBe(0);
    expect(out).toMatch(/^demo\/web works in west\n/);
    expect(out).toMatch(/EXPORTED BY +EXPORTS[^]*east +yes +the annotation kilofed\.io\/export +ClusterIP +80\/TCP/);
    expect(out).toMatch(/IMPORTED IN +STATE[^]*west +works +web +web\.demo/);
    expect(out).toMatch(/FROM +TO +LINK[^]*west \(default\) +east \(default\) +up +n2/);
    expect((await run('demo/web', '--hub', address, '-o', 'wide')).out).toMatch(/west imports +10\.1\.0\.5 +east +ready/);
  });

  test('it is stopped: what stops it comes first, with what to do, and 1', async () => {
    label('west', { 'kilofed.io/import': 'none' });
    await until('the end', SOON_MS, () => (world.cluster('west').objects.has('services/demo/web') ? undefined : true));
    const { code, out } = await run('demo/web', '--hub', address);
    expect([code, out.split('\n').slice(0, 3)]).toEqual([
      1,
      [
        'demo/web is stopped: ImportDenied (west)',
        expect.stringMatching(/^ {2}.*namespace demo of west imports nothing/),
        expect.stringMatching(/^ {2}Do: .*kubectl label --overwrite namespace demo kilofed\.io\/import=east$/),
      ],
    ]);
    const { first, works } = JSON.parse((await run('demo/web', '--hub', address, '-o', 'json')).out) as Explanation;
    expect([works, first?.step, first?.reason]).toEqual([false, 'consent', 'ImportDenied']);
    expect((await run('demo/web', '--hub', address, '--in', 'nobody')).out).toMatch(/^demo\/web is stopped: NoMember\n/);
  });

  test('what is no Service, or no hub, ends with 2', async () => {
    const wrong = await run('web', '--hub', address);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/It must look like demo\/web/)]);
    hub.closeAllConnections();
    hub.close();
    const nobody = await run('demo/web', '--hub', address);
    expect([nobody.code, nobody.out, nobody.err]).toEqual([2, '', expect.stringMatching(/no answer from the hub/)]);
  });
});

describe('by the objects of a member', () => {
  test('in the importer: what stands there, and what is not seen', async () => {
    const { code, out } = await run('demo/web');
    expect([code, out]).toEqual([0, expect.stringMatching(/^demo\/web works here\n/)]);
    expect(out).toMatch(/here +works +web +web\.demo +.*1\/1 ready/);
    expect(out).toMatch(/NOT SEEN\n {2}the hub: [^]*what other members have of it: only the hub knows/);
  });

  test('in the importer: the endpoints are held back, since no link works', async () => {
    const slice = [...world.cluster('west').objects].find(([key]) => key.startsWith('endpointslices/demo/web-east'));
    await world.end();
    const [, object] = slice ?? [];
    if (object === undefined) throw new Error('no slice');
    const held = {
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, 'kilofed.io/withheld': '{"ready=true":["10.1.0.5"]}' },
      },
      endpoints: [{ addresses: ['10.1.0.5'], conditions: { ready: false, serving: false } }],
    };
    world.cluster('west').put(held);
    const found = world.cluster('west').objects.get('meshes/default');
    const link = { from: 'location:', to: 'east/x', member: 'east', state: 'down', since: '2026-01-01T00:00:00Z', reason: 'NoAnswer' };
    world.cluster('west').put({ ...(found as KubeObject), status: { links: [link] } });
    const { code, out } = await run('demo/web');
    expect([code, out.split('\n')[0]]).toEqual([1, 'demo/web is stopped: LinkDown (here)']);
    expect(out).toMatch(/10\.1\.0\.5 +east +held back: cut off/);
    expect(out).toMatch(/^here \(default\) +east x +down /m);
    world.start();
  });

  test('in the importer: its namespace is closed, or nothing of it is there', async () => {
    label('west', { 'kilofed.io/import': 'none' });
    await until('the end', SOON_MS, () => (world.cluster('west').objects.has('services/demo/web') ? undefined : true));
    expect((await run('demo/web')).out.split('\n')[0]).toBe('demo/web is stopped: ImportDenied (here)');
    expect((await run('demo/other')).code).toBe(1);
  });

  test('in the exporter: what it exports, and who does not import it', async () => {
    member = 'east';
    // The exporter is told when packets have their way, a moment later.
    let good = await run('demo/web');
    await until('the report', SOON_MS, async () => ((good = await run('demo/web')).code === 0 ? true : undefined)).catch(() => undefined);
    expect([good.code, good.out]).toEqual([0, expect.stringMatching(/here +yes +the annotation kilofed\.io\/export/)]);
    label('west', { 'kilofed.io/import': 'none' });
    await until(
      'the note',
      SOON_MS,
      () => world.cluster('east').objects.get('serviceexports/demo/web')?.metadata.annotations?.['blocked.kilofed.io/west'],
    );
    const blocked = await run('demo/web');
    expect([blocked.code, blocked.out]).toEqual([
      1,
      expect.stringMatching(/^demo\/web is stopped: Pending \(west\)\n {2}namespace demo of west/),
    ]);
    const service = world.cluster('east').objects.get('services/demo/web');
    world.cluster('east').put({ ...(service as KubeObject), metadata: { ...(service as KubeObject).metadata, annotations: {} } });
    await until('the end', SOON_MS, () => (world.cluster('east').objects.has('serviceexports/demo/web') ? undefined : true));
    expect((await run('demo/web')).out).toMatch(/^demo\/web is stopped: NotExported \(here\)\n[^]*Do: run there: kilofed export service/);
  });
});
