/**
 * `kilofed export|unexport service`: the whole command line, before the API server of a member, and a hub that follows it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { until } from '../lab/process.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';
import { serveCluster } from './servedCluster.js';
import { runCli } from './runCli.js';

let folder: string;
let world: FakeFederation;
let api: Awaited<ReturnType<typeof serveCluster>>;

const SOON_MS = 10_000;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-export-'));
  world = createFakeFederation(['east', 'north', 'west'], { clock: systemClock });
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  annotate({});
  api = await serveCluster(() => world.cluster('east'));
  writeFileSync(join(folder, 'config'), api.kubeconfig());
  world.start();
});

afterEach(async () => {
  await world.end();
  await api.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: readonly string[]): ReturnType<typeof runCli> => runCli(folder, argv);

function annotate(annotations: Readonly<Record<string, string>>): void {
  const service = objectIn('east', 'services/demo/web');
  world.cluster('east').put({ ...service, metadata: { ...service.metadata, annotations } });
}

function objectIn(id: string, key: string): KubeObject & Readonly<Record<string, unknown>> {
  const found = world.cluster(id).objects.get(key);
  if (found === undefined) throw new Error(`no ${key}`);
  return { ...found };
}

const words = (): Readonly<Record<string, string>> | undefined => objectIn('east', 'services/demo/web').metadata.annotations;
const imported = (id: string): boolean => world.cluster(id).objects.has('services/demo/web');

test('export writes the annotation, and waits until it is exported; unexport takes it off, and waits until it is not', async () => {
  expect(await run('export', 'service', 'demo/web', '--to', 'west')).toEqual({ code: 0, out: 'demo/web is exported\n', err: '' });
  expect(words()).toEqual({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' });
  await until('the import', SOON_MS, () => (imported('west') ? true : undefined));
  expect(imported('north')).toBe(false);
  const again = await run('export', 'service', 'demo/web', '--to', '', '--prefer', 'east', '-o', 'json');
  expect([again.code, JSON.parse(again.out)]).toEqual([
    0,
    {
      service: 'demo/web',
      by: 'annotation',
      annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': null, 'kilofed.io/prefer': 'east' },
      ready: true,
      message: '',
    },
  ]);
  await until('the import', SOON_MS, () => (imported('north') ? true : undefined));
  expect(await run('unexport', 'service', 'demo/web')).toEqual({
    code: 0,
    out: 'demo/web is not exported any more: the annotation kilofed.io/export was taken away\n',
    err: '',
  });
  expect(words()).toEqual({ 'kilofed.io/prefer': 'east' });
  await until('the end', SOON_MS, () => (imported('west') || imported('north') ? undefined : true));
}, 30_000);

test('what keeps nobody from importing it is told all the same', async () => {
  expect(await run('export', 'service', 'demo/web', '--prefer', 'east,nowhere')).toEqual({
    code: 0,
    out: expect.stringMatching(/^demo\/web is exported: annotation kilofed\.io\/prefer names "nowhere", which is no member now/),
    err: '',
  });
}, 20_000);

test('what does not become exported says why, and ends with 1', async () => {
  for (const id of ['north', 'west'])
    world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels: { 'kilofed.io/import': 'none' } } });
  const { code, out, err } = await run('export', 'service', 'demo/web', '--timeout', '3s');
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/demo\/web is not exported as it asks yet: Pending: north: namespace demo of north imports nothing.*; west: /);
}, 20_000);

test.each<[string, readonly string[], RegExp]>([
  ['a member that cannot be one', ['--to', 'west,No one'], /kilofed\.io\/export-to names "No one"/],
  ['weights that are none', ['--weights', 'east=lots'], /kilofed\.io\/weights is ignored/],
  ['an affinity that is none', ['--affinity', 'near'], /Allowed choices are local, none, remote, or "" to take it away/],
  ['a name that is none', ['--to', ','], /names no member/],
])('%s is refused before anything is written', async (_name, flags, message) => {
  const { code, err } = await run('export', 'service', 'demo/web', ...flags);
  expect([code, words()]).toEqual([2, {}]);
  expect(err).toMatch(message);
});

test('what cannot be exported is not: no Service, a mirror, a name that is none', async () => {
  const refused = async (...argv: readonly string[]): Promise<string> => {
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    return err;
  };
  expect(await refused('export', 'service', 'demo/none')).toMatch(/there is no Service demo\/none here/);
  expect(await refused('export', 'service', 'web')).toMatch(/It must look like demo\/web/);
  expect(await refused('unexport', 'service', 'demo/web')).toMatch(/demo\/web is not exported here/);
  exportService(world.cluster('west'), 'shop', { addresses: ['10.3.0.5'] });
  await until('the mirror', SOON_MS, () => world.cluster('east').objects.get('services/demo/shop'));
  expect(await refused('export', 'service', 'demo/shop')).toMatch(/demo\/shop is a mirror of what another member exports/);
}, 20_000);

test('a dry run asks the API server, and changes nothing', async () => {
  expect(await run('export', 'service', 'demo/web', '--dry-run')).toEqual({ code: 0, out: 'demo/web could be exported\n', err: '' });
  expect(words()).toEqual({});
  annotate({ 'kilofed.io/export': 'true' });
  expect(await run('unexport', 'service', 'demo/web', '--dry-run')).toEqual({
    code: 0,
    out: 'the API server would take away the annotation kilofed.io/export of demo/web\n',
    err: '',
  });
  expect(words()).toEqual({ 'kilofed.io/export': 'true' });
});

test('--mcs writes a ServiceExport with what the flags ask for, which unexport deletes', async () => {
  expect((await run('export', 'service', 'demo/web', '--mcs', '--own-name', 'true', '--no-wait')).code).toBe(0);
  expect(words()).toEqual({});
  const made = objectIn('east', 'serviceexports/demo/web');
  expect([made.metadata.annotations, made.metadata.labels]).toEqual([{ 'kilofed.io/own-name': 'true' }, undefined]);
  expect((await run('export', 'service', 'demo/web', '--mcs', '--own-name', '', '--to', 'west', '--no-wait')).code).toBe(0);
  expect(objectIn('east', 'serviceexports/demo/web').metadata.annotations).toEqual({ 'kilofed.io/export-to': 'west' });
  expect(await run('unexport', 'service', 'demo/web')).toEqual({
    code: 0,
    out: 'demo/web is not exported any more: its ServiceExport was taken away\n',
    err: '',
  });
  annotate({ 'kilofed.io/export': 'true' });
  const refused = await run('export', 'service', 'demo/web', '--mcs');
  expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/counts before a ServiceExport: kilofed unexport/)]);
}, 20_000);
