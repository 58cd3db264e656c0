import { expect, test } from '@jest/globals';
import type { SegmentLink } from '../../core/links/segmentLinks.js';
import { createHandClock, SILENT } from '../../test/host/handClock.js';
import type { Member } from '../members/member.js';
import { createReachability } from './reachability.js';

const link = (state: SegmentLink['state']): SegmentLink => ({ from: 'location:', to: 'east/lyon', state, planes: [] });
const PEER = {
  apiVersion: 'kilo.squat.ai/v1alpha1',
  kind: 'Peer',
  metadata: { name: 'east-lyon-0', labels: { 'kilofed.io/segment': 'lyon' } },
  spec: { allowedIPs: ['10.1.0.0/24'] },
};

test('timers that are early by a little lose nothing', async () => {
  const clock = createHandClock();
  let links: readonly SegmentLink[] = [link('up')];
  const told: string[] = [];
  const records = { peersOf: () => [PEER], reporters: () => ['w1'] };
  const reachability = createReachability({
    clock: { ...clock, after: (ms, run) => clock.after(ms > 1 ? ms - 0.5 : ms, run) },
    log: SILENT,
    federation: { known: () => ({ records }) as unknown as Member },
    links: { between: () => links },
    changed: (importer, exporter) =>
      void told.push(`${importer} ${exporter} ${JSON.stringify(reachability.of(importer, exporter)?.map(({ reached }) => reached))}`),
  });
  expect(reachability.of('west', 'east')).toBeUndefined();
  links = [link('down')];
  reachability.check('west', 'east');
  await clock.advance(600);
  links = [link('up')];
  reachability.check('west', 'east');
  await clock.advance(2_000);
  expect(told).toEqual(['west east [false]', 'west east undefined']);
});
