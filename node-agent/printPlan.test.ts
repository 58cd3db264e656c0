import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { planNode } from '../core/mesh/planNode.js';
import { cluster, defaults } from '../test/fakes/mesh.js';
import { createFakeHost } from '../test/host/fakeHost.js';
import { createHandClock, SILENT } from '../test/host/handClock.js';
import { keyOf } from '../test/host/plans.js';
import { type Options, parseOptions } from './options.js';
import { printPlan } from './printPlan.js';
import type { ProgramDeps } from './program.js';
import { createStateFiles } from './stateFiles.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kilofed-program-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NODES = cluster(
  [
    { name: 'a', location: 'eu', internalIP: '10.0.0.2/24', podCIDR: '10.42.0.0/24' },
    { name: 'b', location: 'us', internalIP: '10.0.1.2/24', podCIDR: '10.42.1.0/24' },
  ],
  '10.4.0.0/16',
);

/** `--print-plan` on a host that has nothing, without an API server. */
async function print(...flags: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const argv = ['--print-plan', ...flags, '--node-name', 'a', '--state-dir', folder, '--kilo-key-file', join(folder, 'kilo')];
  const parsed = parseOptions(argv, { env: {}, hostname: 'box' });
  const [said, errors]: [string[], string[]] = [[], []];
  const unused = (): never => {
    throw new Error('a plan that is printed needs none of that');
  };
  const deps: ProgramDeps = {
    clock: createHandClock(),
    random: () => 0,
    log: { ...SILENT, error: (_message, data) => void errors.push(JSON.stringify(data)) },
    host: {
      observe: () => Promise.resolve({ state: createFakeHost().state(), addresses: [] }),
      paths: () => Promise.resolve(new Map()),
      apply: unused,
      switchGroups: unused,
      watch: unused,
      tunnels: unused,
      othersTables: () => Promise.resolve([]),
      counters: () => Promise.resolve(new Map()),
      close: unused,
    },
    kilo: {
      runs: () => Promise.resolve(undefined),
      read: () => Promise.resolve({ addresses: '', routes: '', rules: { inet: '', inet6: '' }, saved: {} }),
      remove: unused,
    },
    files: createStateFiles(folder, SILENT),
    client: undefined,
    out: (text) => void said.push(text),
    lookup: unused,
    planNode,
    sockets: { open: unused } as unknown as ProgramDeps['sockets'],
  };
  const { options } = parsed as { readonly options: Options };
  return { code: await printPlan(options, deps, new AbortController().signal), out: said.join(''), errors: errors.join('') };
}

function save(): void {
  const mesh = { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: defaults };
  writeFileSync(join(folder, 'inputs.json'), JSON.stringify({ inputs: { mesh, meshNodes: NODES, peers: [] }, resolved: {} }));
}

test.each([
  ['a new key', undefined, /^A WireGuard key would be made in .*\/key\.\n/],
  ["Kilo's key", `${keyOf('kilo')}\n`, /^Kilo's WireGuard key would be taken over into .*\/key\.\n/],
])('a plan that is printed writes nothing, with %s', async (_what, kilo, first) => {
  save();
  if (kilo !== undefined) writeFileSync(join(folder, 'kilo'), kilo);
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
  const { code, out } = await print();
  expect(code).toBe(0);
  expect(out).toMatch(first);
  expect(out).toMatch(/\nip link add kilo0 type wireguard\n[^]*\n\d+ changes\.\n$/);
  expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual(before);
});

test('without an API server and without saved inputs there is no plan, and why', async () => {
  const { code, out, errors } = await print();
  expect([code, out, JSON.parse(errors)]).toEqual([
    1,
    '',
    { reason: `no API server is known (--server), and nothing is saved in ${folder}` },
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test('the whole plan as tables, and nothing else', async () => {
  save();
  const { code, out } = await print('-o', 'plan');
  expect(code).toBe(0);
  expect(out).toMatch(/^node a: gateway in slot 0, mesh address \S+\n\nkilo0: WireGuard, port 51820, MTU \d+\n/);
  expect(out).toMatch(/\n {2}gateway b .*10\.42\.1\.0\/24/);
});

test('the whole plan for programs, without preshared keys', async () => {
  save();
  const { code, out } = await print('-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    node: 'a',
    interfaces: [
      { name: 'kilo0', peers: [{ allowedIPs: expect.arrayContaining(['10.42.1.0/24']) }] },
      { name: 'kilo1', peers: [] },
    ],
  });
});
