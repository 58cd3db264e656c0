import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { kiloRuns } from './running.js';

const NOBODY = 'http://127.0.0.1:1/metrics';
let proc = '';
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'kilofed-proc-'));
  processAt('self', 'node', 'host');
});
afterEach(() => rmSync(proc, { recursive: true }));

function processAt(pid: string, comm: string, ...[network, line = comm]: readonly [string, string?]): void {
  mkdirSync(join(proc, pid, 'ns'), { recursive: true });
  writeFileSync(join(proc, pid, 'comm'), `${comm}\n`);
  writeFileSync(join(proc, pid, 'cmdline'), line.replaceAll(' ', '\0'));
  symlinkSync(network, join(proc, pid, 'ns/net'));
}

test.each<[string, string, string, string, string | undefined]>([
  ['kg on the host', 'kg', 'host', '/opt/bin/kg --hostname=a', 'process 77, kg'],
  ['kg of another network: another node, or a look-alike in a pod', 'kg', 'pod', 'kg', undefined],
  ['its webhook', 'kg', 'host', '/opt/bin/kg webhook --cert-file=x', undefined],
  ['another program', 'kgctl', 'host', 'kgctl graph', undefined],
])('%s', async (_what, ...[comm, network, line, expected]) => {
  processAt('77', comm, network, line);
  expect(await kiloRuns(proc, NOBODY)).toBe(expected);
});

test.each([
  ['kilo_nodes 3\n', /^its metrics answer on http/],
  ['other_metric 1\n', /^undefined$/],
])('metrics that say %p', async (body, expected) => {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  expect(String(await kiloRuns(proc, `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`))).toMatch(expected);
  server.close();
});
