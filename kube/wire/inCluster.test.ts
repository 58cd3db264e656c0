import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { fileConnection, inClusterFiles } from './inCluster.js';

const dir = mkdtempSync(join(tmpdir(), 'kilofed-account-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a pod knows its API server by its environment', () => {
  expect(inClusterFiles({})).toBeUndefined();
  expect(inClusterFiles({ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' })?.server).toBe('https://10.96.0.1:443');
  expect(inClusterFiles({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' })).toEqual({
    server: 'https://[fd00::1]:443',
    tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
  });
});

test('the token is read again when its file was replaced', async () => {
  const tokenFile = join(dir, 'token');
  const caFile = join(dir, 'ca.crt');
  writeFileSync(caFile, 'CA');
  const { ca, credentials } = fileConnection({ server: 'https://x', tokenFile, caFile });
  expect(ca).toBe('CA');
  await expect(credentials.get()).rejects.toThrow(tokenFile);
  writeFileSync(tokenFile, 'one\n');
  expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer one' } });
  writeFileSync(tokenFile, 'two');
  utimesSync(tokenFile, 2_000_000_000, 2_000_000_000);
  expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer two' } });
  writeFileSync(tokenFile, 'six');
  utimesSync(tokenFile, 2_000_000_000, 2_000_000_000);
  credentials.invalidate();
  expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer six' } });
  expect(() => fileConnection({ server: 'https://x', tokenFile, caFile: join(dir, 'none') })).toThrow('none');
});
