import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { dump } from 'js-yaml';
import { createCertificate } from '../../test/contract/kube/certificate.js';
import { OF_THIS_MACHINE } from './fields.js';
import { loadKubeconfig, type LoadOptions } from './kubeconfig.js';
import { readKubeconfig } from './readKubeconfig.js';

const dir = mkdtempSync(join(tmpdir(), 'kilofed-kubeconfig-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const { cert, key } = createCertificate();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly rest?: object;
}

function kubeconfig(parts: Parts = {}): string {
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'east', cluster: { server: 'https://10.0.0.1:6443/', 'certificate-authority-data': base64(cert), ...parts.cluster } },
    ],
    users: [{ name: 'hub', user: parts.user ?? { token: 'hunter2' } }],
    contexts: [{ name: 'hub@east', context: { cluster: 'east', user: 'hub', ...parts.context } }],
    'current-context': 'hub@east',
    ...parts.rest,
  });
}

function load(text: string, options: Partial<LoadOptions> = {}) {
  return loadKubeconfig(text, { now: () => 0, rights: OF_THIS_MACHINE, ...options });
}

function connectionOf(text: string, options: Partial<LoadOptions> = {}) {
  const loaded = load(text, options);
  if (!loaded.ok) throw new Error(loaded.error);
  return loaded.value;
}

/** A program, and the number of times it was run. */
function program(name: string, body: string): { readonly path: string; readonly runs: () => number } {
  const path = join(dir, name);
  const log = `${path}.log`;
  writeFileSync(log, '');
  writeFileSync(path, `#!/bin/sh\necho run >> ${log}\n${body}\n`);
  chmodSync(path, 0o755);
  return { path, runs: () => readFileSync(log, 'utf8').split('\n').length - 1 };
}

const credential = (status: object): string =>
  `echo '${JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status })}'`;

describe('mistakes in a kubeconfig', () => {
  test.each<[string, string, string | RegExp]>([
    ['no YAML', 'a: [b', /^the kubeconfig is not valid YAML: /],
    ['nothing', '', 'the kubeconfig is empty, or not of kind Config'],
    ['a list', '- a', 'the kubeconfig is empty, or not of kind Config'],
    ['another kind', 'kind: Secret', 'this is of kind "Secret": a kubeconfig is of kind Config'],
    ['no current-context', kubeconfig({ rest: { 'current-context': undefined } }), 'the kubeconfig has no current-context: set one'],
    ['an unknown context', kubeconfig({ rest: { 'current-context': 'west' } }), 'the kubeconfig has no context west: it has hub@east'],
    ['no contexts', kubeconfig({ rest: { contexts: undefined } }), 'the kubeconfig has no context hub@east: it has none'],
    ['contexts that are no list', kubeconfig({ rest: { contexts: 3 } }), 'the kubeconfig has no context hub@east: it has none'],
    [
      'an unknown cluster',
      kubeconfig({ context: { cluster: 'x' } }),
      'context hub@east names cluster x, which the kubeconfig does not define',
    ],
    ['an unknown user', kubeconfig({ context: { user: 'x' } }), 'context hub@east names user x, which the kubeconfig does not define'],
    ['http', kubeconfig({ cluster: { server: 'http://10.0.0.1' } }), 'server "http://10.0.0.1" of cluster east must be an https:// URL'],
    [
      'a server without scheme',
      kubeconfig({ cluster: { server: '10.0.0.1:6443' } }),
      'server "10.0.0.1:6443" of cluster east must be an https:// URL',
    ],
    ['a number for a server', kubeconfig({ cluster: { server: 6443 } }), 'server of cluster east must be an https:// URL'],
    [
      'a proxy of another kind',
      kubeconfig({ cluster: { 'proxy-url': 'socks5://a:secret@p' } }),
      /^proxy-url of the kubeconfig must be an http:\/\/ URL/,
    ],
    ['no credentials', kubeconfig({ user: {} }), /^user hub has no credentials: give it a token/],
    [
      'an authority that is none',
      kubeconfig({ cluster: { 'certificate-authority-data': base64('x') } }),
      'certificate-authority-data of the kubeconfig is not a certificate in PEM form',
    ],
    [
      'an authority that is not there',
      kubeconfig({ cluster: { 'certificate-authority-data': undefined, 'certificate-authority': '/nowhere' } }),
      /^certificate-authority \/nowhere cannot be read: put/,
    ],
    [
      'a certificate that is none',
      kubeconfig({ user: { 'client-certificate-data': base64('x'), 'client-key-data': base64(key) } }),
      /not a certificate and its key in PEM form$/,
    ],
    [
      'the key of another certificate',
      kubeconfig({ user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(createCertificate().key) } }),
      /not a certificate and its key in PEM form$/,
    ],
  ])('%s', (_title, text, error) => {
    expect(load(text)).toEqual({ ok: false, error: typeof error === 'string' ? error : expect.stringMatching(error) });
  });

  test('are told without the secrets that stand beside them', () => {
    const loaded = load('users:\n- name: a\n  user:\n    token: hunter2\n   bad: 1\n');
    expect(loaded.ok).toBe(false);
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
  });

  test('in contexts that are not asked for do not matter', () => {
    const text = kubeconfig({ rest: { users: [{ name: 'hub', user: { token: 't' } }, { user: {} }, 3] } });
    expect(load(text)).toMatchObject({ ok: true });
  });
});

describe('a kubeconfig', () => {
  test('gives server and authority, in its current context', () => {
    expect(load(kubeconfig({}))).toMatchObject({ ok: true, value: { server: 'https://10.0.0.1:6443', ca: cert } });
    expect(readKubeconfig(kubeconfig({}), undefined, OF_THIS_MACHINE)).toMatchObject({ ok: true, value: { context: 'hub@east' } });
    expect(connectionOf(kubeconfig({ cluster: { 'insecure-skip-tls-verify': true, 'tls-server-name': 'api' } }))).toMatchObject({
      insecureSkipVerify: true,
      serverName: 'api',
    });
  });

  test('is read in the context that is asked for', () => {
    const text = kubeconfig({ rest: { contexts: [{ name: 'one', context: { cluster: 'east', user: 'hub' } }] } });
    expect(load(text, { context: 'one' })).toMatchObject({ ok: true });
    expect(readKubeconfig(text, 'one', OF_THIS_MACHINE)).toMatchObject({ ok: true, value: { context: 'one' } });
  });

  test.each<[string, object, object]>([
    ['a token', { token: 't' }, { headers: { authorization: 'Bearer t' } }],
    ['a name and password', { username: 'u', password: 'p' }, { headers: { authorization: `Basic ${base64('u:p')}` } }],
    ['a certificate', { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }, { headers: {}, cert, key }],
    ['a user to act as', { token: 't', as: 'other' }, { headers: { authorization: 'Bearer t', 'impersonate-user': 'other' } }],
  ])('with %s', async (_title, user, expected) => {
    expect(await connectionOf(kubeconfig({ user })).credentials.get()).toEqual(expected);
  });

  test('with files: relative to its own folder, and read again after a while or a refusal', async () => {
    writeFileSync(join(dir, 'ca.crt'), cert);
    writeFileSync(join(dir, 'token'), 'one\n');
    let now = 0;
    const text = kubeconfig({
      cluster: { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' },
      user: { token: 'ignored', tokenFile: 'token' },
    });
    const { ca, credentials } = connectionOf(text, { directory: dir, now: () => now });
    expect(ca).toBe(cert);
    expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer one' } });
    writeFileSync(join(dir, 'token'), 'two');
    expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer one' } });
    credentials.invalidate();
    expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer two' } });
    now = 1e9;
    expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer two' } });
  });

  test('whose token file is missing says so when credentials are asked for', async () => {
    const { credentials } = connectionOf(kubeconfig({ user: { tokenFile: '/nowhere/token' } }));
    await expect(credentials.get()).rejects.toThrow('/nowhere/token');
  });

  test('and another with equal user names do not share credentials', async () => {
    const [one, two] = [connectionOf(kubeconfig({ user: { token: '1' } })), connectionOf(kubeconfig({ user: { token: '2' } }))];
    expect(await one.credentials.get()).toEqual({ headers: { authorization: 'Bearer 1' } });
    expect(await two.credentials.get()).toEqual({ headers: { authorization: 'Bearer 2' } });
  });
});

describe('a program that gives credentials', () => {
  const exec = (command: string, more: object = {}): string =>
    kubeconfig({ user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, ...more } } });

  test('gives a token, and gets arguments, environment and what Kubernetes tells it', async () => {
    const asked = `[ "$1" = give ] && [ "$COLOUR" = red ] && echo "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false'`;
    const { path } = program('env', `${asked} && ${credential({ token: 'x' })}`);
    const { credentials } = connectionOf(exec(path, { args: ['give'], env: [{ name: 'COLOUR', value: 'red' }] }));
    expect(await credentials.get()).toEqual({ headers: { authorization: 'Bearer x' } });
  });

  test('is told of the cluster where it wants to know', async () => {
    const { path } = program('cluster', `echo "$KUBERNETES_EXEC_INFO" | grep -q 'https://10.0.0.1:6443' && ${credential({ token: 'x' })}`);
    await expect(connectionOf(exec(path)).credentials.get()).rejects.toThrow('failed with 1');
    expect(await connectionOf(exec(path, { provideClusterInfo: true })).credentials.get()).toMatchObject({
      headers: { authorization: 'Bearer x' },
    });
  });

  test('may give a certificate', async () => {
    const { path } = program('certificate', credential({ clientCertificateData: 'CERT', clientKeyData: 'KEY' }));
    expect(await connectionOf(exec(path)).credentials.get()).toEqual({ headers: {}, cert: 'CERT', key: 'KEY' });
  });

  test('is run again when its credentials end, or were refused, and not before', async () => {
    const { path, runs } = program('expires', credential({ token: 'x', expirationTimestamp: '2030-01-01T01:00:00Z' }));
    let wall = Date.parse('2030-01-01T00:00:00Z');
    let now = 0;
    const { credentials } = connectionOf(exec(path), { wall: () => wall, now: () => now });
    await credentials.get();
    now += 60_000;
    await credentials.get();
    expect(runs()).toBe(1);
    wall += 3_600_000 - 5_000;
    now += 3_600_000;
    await credentials.get();
    expect(runs()).toBe(2);
    credentials.invalidate();
    await credentials.get();
    expect(runs()).toBe(3);
  });

  test('is run once for all that ask at the same time', async () => {
    const { path, runs } = program('once', credential({ token: 'x' }));
    const { credentials } = connectionOf(exec(path));
    await Promise.all([credentials.get(), credentials.get(), credentials.get()]);
    expect(runs()).toBe(1);
  });

  test.each<[string, () => string, RegExp]>([
    [
      'is not installed',
      () => exec('/no/such/program', { installHint: 'Install it from example.com\nand so on' }),
      /program \/no\/such\/program is not installed: Install it from example.com$/,
    ],
    ['fails', () => exec(program('fails', 'echo "log in first" >&2; exit 3').path), /failed with 3: log in first$/],
    ['prints something else', () => exec(program('other', 'echo hunter2').path), /printed no ExecCredential with a token/],
  ])('that %s', async (_title, text, error) => {
    await expect(connectionOf(text()).credentials.get()).rejects.toThrow(error);
  });
});
