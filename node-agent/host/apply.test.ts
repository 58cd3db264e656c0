import { expect, test } from '@jest/globals';
import type { Change } from '../../core/host/change.js';
import { createHostModel } from '../../core/host/hostModel.js';
import { planChanges } from '../../core/host/planChanges.js';
import type { HostState } from '../../core/host/state.js';
import { EMPTY_HOST } from '../../test/host/emptyHost.js';
import { gatewayPlan, keyOf } from '../../test/host/plans.js';
import { applyChanges, type ApplyDeps } from './apply.js';

const PLAN = gatewayPlan({ remotes: [{ name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '192.0.2.1:51820' }] });
const OK = { ok: true, stdout: '' } as const;

/** Everything works at once, except what `over` does otherwise. `log`: what was asked of the host. */
function depsWith(log: string[], over: Partial<ApplyDeps>): ApplyDeps {
  const batch = {
    run: (lines: readonly string[]) => (log.push(...lines), Promise.resolve(lines.map(() => undefined))),
    renew: () => undefined,
    close: () => undefined,
  };
  const fine = (): Promise<undefined> => Promise.resolve(undefined);
  return {
    batches: { ip: batch, ip6: batch, bridge: batch },
    runner: { run: (argv) => (log.push(argv.slice(0, 4).join(' ')), Promise.resolve(OK)) },
    devices: { add: (name) => (log.push(`add ${name}`), fine()) },
    sysctls: { read: () => Promise.resolve(new Map()), write: fine },
    conntrack: { forget: () => undefined },
    cni: { read: fine, write: fine, delete: fine, disable: fine, restore: fine, watch: () => () => undefined },
    forward: { read: () => Promise.resolve(new Map()), add: fine, delete: fine },
    keyFile: '/key',
    secretDir: '/secret',
    ...over,
  };
}

function toPlan(observed: HostState): readonly Change[] {
  return planChanges({ desired: PLAN, observed, prior: new Map(), publicKey: keyOf('own') });
}

/** Answers those who wait once `count` wait. */
function meeting(count: number): () => Promise<void> {
  let wake = (): void => undefined;
  const all = new Promise<void>((resolve) => (wake = resolve));
  let waiting = 0;
  return () => {
    waiting += 1;
    if (waiting === count) wake();
    return all;
  };
}

test('on an empty host no device waits for another, and no peers for routes', async () => {
  const devices = meeting(2);
  // Both interfaces' peers by the runner, the routing by the batch.
  const contents = meeting(3);
  const log: string[] = [];
  const plain = depsWith(log, {});
  const peers = (argv: readonly string[]): boolean => argv[3] === 'peer';
  const routes = (lines: readonly string[]): boolean => lines.some((line) => line.startsWith('route replace'));
  const deps = depsWith(log, {
    devices: { ...plain.devices, add: (name, signal) => devices().then(() => plain.devices.add(name, signal)) },
    runner: { run: (argv) => (peers(argv) ? contents() : Promise.resolve()).then(() => plain.runner.run(argv)) },
    batches: {
      ...plain.batches,
      ip: { ...plain.batches.ip, run: (lines) => (routes(lines) ? contents() : Promise.resolve()).then(() => plain.batches.ip.run(lines)) },
    },
  });
  const model = createHostModel(EMPTY_HOST);
  expect((await applyChanges(deps, model, toPlan(EMPTY_HOST), new AbortController().signal)).failures).toEqual([]);
  expect(log.filter((text) => text.startsWith('add '))).toEqual(['add kilo0', 'add kilo1']);
  expect(toPlan(model.state())).toEqual([]);
});

test('what fails stops only what stands on it, on whichever track', async () => {
  const deps = depsWith([], {
    devices: { add: (name) => Promise.resolve(name === 'kilo1' ? 'File exists' : undefined) },
  });
  const model = createHostModel(EMPTY_HOST);
  const { failures } = await applyChanges(deps, model, toPlan(EMPTY_HOST), new AbortController().signal);
  expect(failures.map(({ change, reason }) => `${change.kind}: ${reason}`)).toEqual([
    'wireguard.add: File exists',
    ...['wireguard.configure', 'link.set', 'peer.set', 'address.add', 'nexthop.set'].map((kind) => `${kind}: device kilo1 is missing`),
  ]);
  expect([...model.state().routes.keys()]).toHaveLength(2);
});

test('a track that throws waits for the others of its stage: none goes on beside the next pass', async () => {
  const log: string[] = [];
  const plain = depsWith(log, {});
  const deps = depsWith(log, {
    devices: {
      ...plain.devices,
      async add(name, signal) {
        if (name === 'kilo0') throw new Error('out of file descriptors');
        await new Promise((resolve) => setTimeout(resolve, 20));
        return plain.devices.add(name, signal);
      },
    },
  });
  await expect(applyChanges(deps, createHostModel(EMPTY_HOST), toPlan(EMPTY_HOST), new AbortController().signal)).rejects.toThrow(
    'out of file descriptors',
  );
  const then = [...log];
  expect(then.slice(0, 2)).toEqual(['nft -f -', 'add kilo1']);
  expect(then.at(-1)).toBe('link set kilo1 mtu 1420 up');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(log).toEqual(then);
});
