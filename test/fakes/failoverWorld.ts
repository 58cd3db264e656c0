/**
 * Simulations of failover: a node in simulated time, on a network that a test makes up.
 */
import type { FailoverConfig } from '../../core/failover/config.js';
import type { Probe, Switch } from '../../core/failover/effects.js';
import { createFailover, type Failover } from '../../core/failover/failover.js';
import { HEALTHY, type Report } from '../../core/failover/report.js';
import { DEFAULT_SETTINGS } from '../../core/failover/settings.js';
import type { ProbePath } from '../../core/mesh/probing.js';
import { target } from './probedPaths.js';

/** A gateway with two planes to `far` (gateways f0, f1), and a sibling `sib`. */
export const GATEWAY: FailoverConfig = {
  settings: DEFAULT_SETTINGS,
  isGateway: true,
  segmentPeers: [target('sib')],
  paths: [
    { name: 'lan/sib', kind: 'lan', slot: 1, node: 'sib', from: 1, targets: [target('sib')] },
    {
      name: 'relay/sib',
      kind: 'relay',
      slot: 1,
      node: 'sib',
      from: 2,
      answerVia: 1,
      targets: [target('f0', 'far'), target('f1', 'far')],
    },
    { name: 'tunnel/0/far', kind: 'tunnel', slot: 0, segment: 'far', from: 3, answerVia: 0, targets: [target('f0', 'far')] },
    { name: 'tunnel/1/far', kind: 'tunnel', slot: 1, segment: 'far', from: 4, answerVia: 0, targets: [target('f1', 'far')] },
  ],
  segments: new Map([
    [
      'far',
      {
        spread: false,
        paths: [
          { name: 'plane/0', kind: 'plane', slot: 0, probe: 'tunnel/0/far' },
          { name: 'plane/1', kind: 'plane', slot: 1, probe: 'tunnel/1/far' },
          { name: 'node/sib', kind: 'node', node: 'sib', probe: 'lan/sib' },
        ],
      },
    ],
  ]),
};

/** A node that goes by gateways g0 and g1. */
export const MEMBER: FailoverConfig = {
  settings: DEFAULT_SETTINGS,
  isGateway: false,
  segmentPeers: [target('g0'), target('g1')],
  paths: [0, 1].flatMap((slot): ProbePath[] => [
    { name: `lan/g${slot}`, kind: 'lan', slot, node: `g${slot}`, from: 1, targets: [target(`g${slot}`)] },
    {
      name: `relay/g${slot}`,
      kind: 'relay',
      slot,
      node: `g${slot}`,
      from: 2 + slot,
      answerVia: slot,
      targets: [target('f0', 'far'), target('f1', 'far')],
    },
  ]),
  segments: new Map([
    [
      'far',
      {
        spread: false,
        paths: [
          { name: 'node/g0', kind: 'node', node: 'g0', probe: 'lan/g0' },
          { name: 'node/g1', kind: 'node', node: 'g1', probe: 'lan/g1' },
        ],
      },
    ],
  ]),
};

/** Of a request that came by no tunnel. */
export const ALONE = { plane: undefined, vouches: undefined, relies: true } as const;

/** What the network does with a probe at a time: an answer after some milliseconds, or none. */
export type Network = (probe: Probe, at: number) => { readonly afterMs: number; readonly report?: Partial<Report> } | undefined;

export interface World {
  readonly failover: Failover;
  readonly switches: (Switch & { readonly at: number })[];
  /** Probes sent, by path. */
  readonly sent: Map<string, number>;
  /** Runs `seconds` of simulated time. */
  run(seconds: number, network: Network): void;
  used(): string;
  now(): number;
}

/** `isTransit`: traffic of others takes the node. */
export function world(config: FailoverConfig, isTransit = true): World {
  const failover = createFailover();
  const switches: (Switch & { at: number })[] = [];
  const sent = new Map<string, number>();
  let now = 0;
  failover.configure(config, now);
  return {
    failover,
    switches,
    sent,
    run(seconds, network) {
      const answers: { readonly at: number; readonly probe: Probe; readonly report: Report }[] = [];
      for (const end = now + seconds * 1000; now < end; now += 5) {
        for (const { probe, report } of answers.splice(0).filter((answer) => answer.at <= now || (answers.push(answer), false))) {
          switches.push(
            ...failover.onAnswer(probe.path.name, probe.nonce, { report, inUse: false }, now).switches.map((one) => ({ ...one, at: now })),
          );
        }
        if (isTransit && now % 1000 === 0) failover.onProbe({ key: 'key-user', inUse: true, forwards: 'unknown', ...ALONE }, now);
        if (failover.next() > now) continue;
        const effects = failover.tick(now);
        switches.push(...effects.switches.map((one) => ({ ...one, at: now })));
        for (const probe of effects.probes) {
          sent.set(probe.path.name, (sent.get(probe.path.name) ?? 0) + 1);
          const answer = network(probe, now);
          if (answer !== undefined) answers.push({ at: now + answer.afterMs, probe, report: { ...HEALTHY, ...answer.report } });
        }
      }
    },
    now: () => now,
    used: () => failover.choices().get('far')?.join() ?? '',
  };
}

export const good: Network = () => ({ afterMs: 10 });
export const without =
  (...silent: string[]): Network =>
  ({ path }) =>
    silent.includes(path.name) ? undefined : { afterMs: 10 };
