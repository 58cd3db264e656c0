import { expect, test } from '@jest/globals';
import type { Heard } from '../core/api/meshNode.js';
import { createHandClock } from '../test/host/handClock.js';
import { createHeardNews } from './heardNews.js';

const at = (port: number): Heard => ({ publicKey: 'KEY', plane: 0, host: '203.0.113.9', port });

test('a gateway that moves all the time is news every five seconds', async () => {
  const clock = createHandClock();
  const news = createHeardNews(clock);
  expect(news([])).toEqual({ heard: [], settled: true });
  expect(news([at(1)])).toEqual({ heard: [at(1)], settled: true });
  await clock.advance(4_999);
  expect(news([at(2)])).toEqual({ heard: [at(1)], settled: false });
  expect(news([at(1)])).toEqual({ heard: [at(1)], settled: true });
  await clock.advance(1);
  expect(news([at(3)])).toEqual({ heard: [at(3)], settled: true });
});
