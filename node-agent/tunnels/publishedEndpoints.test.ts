import { expect, test } from '@jest/globals';
import type { ObservedEndpoint } from '../../core/api/meshNode.js';
import { createHandClock } from '../../test/host/handClock.js';
import { createPublishedEndpoints } from './publishedEndpoints.js';

const at = (port: number): ObservedEndpoint => ({ publicKey: 'KEY', plane: 0, host: '203.0.113.9', port });

test('what is published of a gateway that keeps moving changes every five seconds', async () => {
  const clock = createHandClock();
  const published = createPublishedEndpoints(clock);
  expect(published([])).toEqual({ endpoints: [], isCurrent: true });
  expect(published([at(1)])).toEqual({ endpoints: [at(1)], isCurrent: true });
  await clock.advance(4_999);
  expect(published([at(2)])).toEqual({ endpoints: [at(1)], isCurrent: false });
  expect(published([at(1)])).toEqual({ endpoints: [at(1)], isCurrent: true });
  await clock.advance(1);
  expect(published([at(3)])).toEqual({ endpoints: [at(3)], isCurrent: true });
});
