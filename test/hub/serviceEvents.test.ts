/**
 * Events of exports and imports, in the whole hub: on the objects that they are about, once for each change, none at a restart, and few
 * of whoever changes its mind all the time.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putExport, putSlice } from './fakeFederation.js';

interface EventObject extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly namespace: string; readonly uid: string };
}

let world: FakeFederation;

const events = (id: string): readonly EventObject[] =>
  [...world.cluster(id).objects.values()].filter((object): object is EventObject => object.kind === 'Event');
/** By the kinds that they are about: `ServiceExport web: Normal Exported`. */
const told = (id: string): string[] =>
  events(id).map(({ regarding, type, reason }) => `${regarding.kind} ${regarding.name}: ${type} ${reason}`);
const endpoints = (addresses: readonly string[]): void => putSlice(world.cluster('east'), 'web', { addresses });

function consent(id: string, value: string): void {
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels: { 'kilofed.io/import': value } } });
}

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(20_000);
});

afterEach(() => world.end());

test('an export and an import begin, on the objects themselves', () => {
  expect(told('east').toSorted()).toEqual(['Service web: Normal Exported', 'ServiceExport web: Normal Exported']);
  expect(told('west')).toContain('Service web: Normal Imported');
  for (const id of ['east', 'west'])
    for (const { regarding } of events(id)) {
      const plural = `${regarding.kind.toLowerCase()}s`;
      expect(regarding.uid).toBe(world.cluster(id).objects.get(`${plural}/demo/${regarding.name}`)?.metadata.uid);
      expect(regarding.uid).toMatch(/./);
    }
});

test('a restart repeats none', async () => {
  const before = [told('east'), told('west')];
  await world.end();
  world.start();
  await world.clock.advance(30_000);
  expect([told('east'), told('west')]).toEqual(before);
});

test('the last endpoint goes and returns; that others come and go is not told', async () => {
  const before = told('west').length;
  endpoints(['10.1.0.5', '10.1.0.6']);
  await world.clock.advance(3_000);
  endpoints(['10.1.0.6']);
  await world.clock.advance(3_000);
  expect(told('west')).toHaveLength(before);
  endpoints([]);
  await world.clock.advance(3_000);
  expect(told('west').slice(before)).toEqual(expect.arrayContaining(['Service web: Warning ImportStopped']));
  endpoints(['10.1.0.5']);
  await world.clock.advance(3_000);
  expect(told('west').slice(before)).toEqual(expect.arrayContaining(['Service web: Normal ImportReturned']));
});

test('an importer withdraws its consent: the exporter is told why, and when it is back', async () => {
  const before = told('east').length;
  consent('west', 'none');
  await world.clock.advance(3_000);
  expect(told('east').slice(before).toSorted()).toEqual(['Service web: Warning ExportStopped', 'ServiceExport web: Warning ExportStopped']);
  expect(events('east').at(-1)?.note).toMatch(/west: namespace demo of west imports nothing/);
  consent('west', 'all');
  await world.clock.advance(3_000);
  expect(told('east').slice(-2).toSorted()).toEqual(['Service web: Normal Exported', 'ServiceExport web: Normal Exported']);
});

test('an export ends: on the Service that stays, and on the ServiceImport that went', async () => {
  const [atEast, atWest] = [told('east').length, told('west').length];
  const uid = world.cluster('west').objects.get('serviceimports/demo/web')?.metadata.uid;
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations: {} });
  await world.clock.advance(5_000);
  expect(told('east').slice(atEast)).toEqual(['Service web: Normal ExportEnded']);
  expect(told('west').slice(atWest)).toEqual(['ServiceImport web: Normal ImportEnded']);
  expect(world.cluster('west').objects.has('serviceimports/demo/web')).toBe(false);
  const last = events('west').at(-1);
  expect([last?.regarding.uid, last?.note]).toEqual([uid, 'it is not imported any more: no other member exports it to this one']);
  await world.end();
  world.start();
  await world.clock.advance(30_000);
  expect([told('east').length, told('west').length]).toEqual([atEast + 1, atWest + 1]);
});

test('an export by a ServiceExport ends: on the Service', async () => {
  exportService(world.cluster('east'), 'shop', { addresses: ['10.1.0.6'], annotations: {} });
  putExport(world.cluster('east'), 'shop');
  await world.clock.advance(5_000);
  const before = told('east').length;
  world.cluster('east').drop(RESOURCE.serviceExport, 'shop', 'demo');
  await world.clock.advance(5_000);
  expect(told('east').slice(before)).toEqual(['Service shop: Normal ExportEnded']);
  expect(told('west')).toContain('ServiceImport shop: Normal ImportEnded');
});

test('an import is refused: on its ServiceImport, with the reason', async () => {
  const before = told('west').length;
  consent('west', 'none');
  await world.clock.advance(5_000);
  expect(told('west').slice(before)).toEqual(['ServiceImport web: Normal ImportEnded']);
  expect(events('west').at(-1)?.note).toMatch(/^it is not imported any more: .*namespace demo of west imports nothing/);
});

test('exporters that differ are told, and that they agree again', async () => {
  const before = told('east').length;
  exportService(world.cluster('west'), 'web', { addresses: ['10.3.0.5'], ports: ['http', 'admin'] });
  await world.clock.advance(4_000);
  expect(told('east').slice(before)).toEqual(expect.arrayContaining(['ServiceExport web: Warning Conflict']));
  exportService(world.cluster('west'), 'web', { addresses: ['10.3.0.5'] });
  await world.clock.advance(4_000);
  expect(told('east').slice(before)).toEqual(expect.arrayContaining(['ServiceExport web: Normal ConflictOver']));
});

test('a hostile member that flaps makes no flood, and does not keep the news of others from being told', async () => {
  const before = told('west').length;
  for (let count = 0; count < 200; count += 1) {
    endpoints(count % 2 === 0 ? [] : ['10.1.0.5']);
    await world.clock.advance(500);
  }
  // Five at once and one in 30 s, each on two objects.
  expect(told('west').length - before).toBeLessThanOrEqual(2 * 9);
  exportService(world.cluster('north'), 'shop', { addresses: ['10.2.0.5'] });
  await world.clock.advance(4_000);
  expect(told('west')).toContain('Service shop: Normal Imported');
});
