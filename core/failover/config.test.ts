import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import { failoverConfig } from './config.js';
import { DEFAULT_SETTINGS } from './settings.js';

test.each<[string, Parameters<typeof failoverConfig>[1], Partial<typeof DEFAULT_SETTINGS>]>([
  ['nothing', undefined, {}],
  ['a pace of near', { near: { intervalMilliseconds: 50, misses: 5 } }, { near: { intervalMs: 50, misses: 5 } }],
  ['half a pace of tunnel, which through has as well', { tunnel: { misses: 7 } }, { tunnel: { ...DEFAULT_SETTINGS.tunnel, misses: 7 }, through: { ...DEFAULT_SETTINGS.through, misses: 7 } }],
  ['a time to return', { returnSeconds: 3 }, { returnMs: 3000 }],
])('settings of a Mesh that says %s', (_what, probes, expected) => {
  expect(failoverConfig(emptyPlan('a'), probes).settings).toEqual({ ...DEFAULT_SETTINGS, ...expected });
});
