import { expect, test } from '@jest/globals';
import { emptyPlan } from '../host/emptyPlan.js';
import { failoverConfig } from './config.js';
import { DEFAULT_SETTINGS } from './settings.js';

test.each<[string, Parameters<typeof failoverConfig>[1], Partial<typeof DEFAULT_SETTINGS>]>([
  ['nothing', undefined, {}],
  ['a pace of lan paths', { lan: { periodMilliseconds: 50, failureThreshold: 5 } }, { lan: { periodMs: 50, failureThreshold: 5 } }],
  [
    'half a pace of tunnels, which relay paths have as well',
    { tunnel: { failureThreshold: 7 } },
    { tunnel: { ...DEFAULT_SETTINGS.tunnel, failureThreshold: 7 }, relay: { ...DEFAULT_SETTINGS.relay, failureThreshold: 7 } },
  ],
  ['a failback delay', { failbackDelaySeconds: 3 }, { failbackDelayMs: 3000 }],
])('settings of a Mesh that says %s', (_what, probes, expected) => {
  expect(failoverConfig(emptyPlan('a'), probes).settings).toEqual({ ...DEFAULT_SETTINGS, ...expected });
});
