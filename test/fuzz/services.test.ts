/**
 * Whatever people of several members do with Services, exports, namespaces and mirrors, in whatever order, with the hub away or a member
 * cut off meanwhile: what stands in the end is what a hub makes that sees it all for the first time. No object of a person has changed, a
 * hub that starts again writes nothing, and when nothing is exported any more, nothing of the hub's is left.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FUZZ_MS, fuzz } from './runs.js';
import { anew, done, ending, type Happening, restarted, tellStory } from '../hub/people/story.js';

const member = fc.constantFrom('east', 'north', 'west');
const name = fc.constantFrom('web', 'db');
const annotations = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { 'kilofed.io/export': 'true' },
  { 'kilofed.io/export': 'true', 'kilofed.io/affinity': 'local' },
  { 'kilofed.io/export': 'true', 'kilofed.io/affinity': 'none', 'kilofed.io/weights': 'east=3,north=1,nobody=7' },
  { 'kilofed.io/export': 'true', 'kilofed.io/affinity': 'remote', 'kilofed.io/prefer': 'west,east,west' },
  { 'kilofed.io/export': 'true', 'kilofed.io/prefer': 'region=eu,north' },
  { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' },
  { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'east,nobody', 'kilofed.io/own-name': 'false' },
  { 'kilofed.io/export': 'false' },
  { 'kilofed.io/own-name': 'true', 'kilofed.io/affinity': 'local' },
  { 'kilofed.io/export': 'yes' },
);
const asks = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { 'kilofed.io/own-name': 'true' },
  { 'kilofed.io/export-to': 'north' },
  { 'kilofed.io/prefer': 'north', 'kilofed.io/affinity': 'local' },
);
const texts = fc.constantFrom({}, { exportedLabels: { tier: 'a' } }, { exportedAnnotations: { note: 'b' }, exportedLabels: { tier: 'b' } });
const shape = fc.constantFrom<Readonly<Record<string, unknown>>>(
  {},
  {},
  { ports: ['http', 'admin'] },
  { ports: ['other'] },
  { headless: true },
  { sessionAffinity: 'ClientIP' },
  { internalTrafficPolicy: 'Local' },
  { ipFamilies: ['IPv6'] },
  { type: 'ExternalName' },
);
const namespace = fc.constantFrom<{ labels?: Readonly<Record<string, string>>; annotations?: Readonly<Record<string, string>> }>(
  {},
  { labels: { 'kilofed.io/import': 'east' } },
  { labels: { 'kilofed.io/import': 'none' } },
  { labels: { 'kilofed.io/own-names': 'false' } },
  { annotations: { 'kilofed.io/export': 'true' } },
  { annotations: { 'kilofed.io/export-selector': 'app=web', 'kilofed.io/export-to': 'west' } },
  { annotations: { 'kilofed.io/import-hostnames': 'true' } },
);
const terms = fc.constantFrom({}, { drained: true as const }, { cordoned: true as const }, { labels: { region: 'eu' } });
const addresses = fc.subarray([5, 6, 7]);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('service' as const), member, name, annotations, shape }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('endpoints' as const), member, name, addresses, ready: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('no service' as const), member, name }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('export' as const), member, name, annotations: asks, texts }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('no export' as const), member, name }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('namespace' as const), member, namespace }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('no namespace' as const), member }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('terms' as const), member, terms }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('cut off' as const), member }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('back' as const), member }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('delete mirror' as const), member, which: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('links' as const), member, up: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ what: 'hub restarts' as const }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('time' as const), ms: fc.constantFrom(0, 50, 1_000, 4_000, 70_000) }) },
);

test(
  'what stands in the end does not depend on how it came about',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 2, maxLength: 18 }), async (story) => {
        const world = await tellStory(story);
        try {
          await ending(world);
          expect(await restarted(world)).toEqual([]);
          const { now, fresh } = await anew(world);
          expect(now).toEqual(fresh);
          expect(await done(world)).toEqual({ left: [], changed: [], errors: [] });
        } finally {
          await world.federation.end();
        }
      }),
      fuzz(0.02),
    );
  },
  10 * FUZZ_MS,
);
