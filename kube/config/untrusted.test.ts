/**
 * Kubeconfigs whose writer has no rights on this machine: whoever may write one Secret of the hub's namespace.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { dump } from 'js-yaml';
import { createCertificate } from '../../test/contract/kube/certificate.js';
import { programEnvironment } from './execCredentials.js';
import { INLINE_ONLY, OF_THIS_MACHINE } from './fields.js';
import { loadKubeconfig, type LoadOptions } from './kubeconfig.js';

const dir = mkdtempSync(join(tmpdir(), 'kilofed-untrusted-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const { cert, key } = createCertificate();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const CA = { 'certificate-authority-data': base64(cert) };
const [SERVER, TOKEN] = [{ server: 'https://10.0.0.1:6443' }, { token: 't' }];

function kubeconfig(cluster: object, user: object, more: object = {}): string {
  return dump({
    clusters: [{ name: 'c', cluster: { ...SERVER, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  });
}

function errorOf(text: string, options: Partial<LoadOptions> = {}): string {
  const loaded = loadKubeconfig(text, { now: () => 0, ...options });
  return loaded.ok ? 'accepted' : loaded.error;
}

describe('H4: a kubeconfig in a Secret is inline data', () => {
  test.each<[string, object, object]>([
    ['a token', {}, TOKEN],
    ['an authority and the name in its certificate', { ...CA, 'tls-server-name': 'api.east' }, TOKEN],
    ['a client certificate', CA, { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }],
    ['a name and password', CA, { username: 'u', password: 'p' }],
    [
      'what kubectl leaves empty',
      { 'certificate-authority': '', 'insecure-skip-tls-verify': false },
      { ...TOKEN, tokenFile: '', exec: null },
    ],
    ['what tools write for themselves', { extensions: [{ name: 'e', extension: {} }], 'disable-compression': true }, TOKEN],
  ])('%s is accepted', (_title, cluster, user) => {
    expect(errorOf(kubeconfig(cluster, user))).toBe('accepted');
  });

  const file = 'which is a file on the machine that reads it; a kubeconfig in a Secret may not:';
  const instead = 'put a token into the field token, or start the hub with --allow-kubeconfig-exec';
  test.each<[string, object, object, string]>([
    [
      'tokenFile',
      {},
      { tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
      `user u has tokenFile, ${file} put the token itself into`,
    ],
    ['tokenFile beside a token', {}, { ...TOKEN, tokenFile: '/t' }, `user u has tokenFile, ${file}`],
    ['tokenFile of no text', {}, { ...TOKEN, tokenFile: ['/t'] }, `user u has tokenFile, ${file}`],
    [
      'client-certificate',
      {},
      { 'client-certificate': '/c' },
      `user u has client-certificate, ${file} put the certificate itself, in base64, into client-certificate-data`,
    ],
    [
      'client-key',
      {},
      { 'client-certificate-data': base64(cert), 'client-key': '/k' },
      `user u has client-key, ${file} put the key itself`,
    ],
    [
      'certificate-authority',
      { 'certificate-authority': '/etc/shadow' },
      TOKEN,
      `cluster c has certificate-authority, ${file} put the certificate itself`,
    ],
    [
      'exec',
      {},
      { exec: { command: 'sh', args: ['-c', 'id'] } },
      `user u has exec, which is a program to run; a kubeconfig in a Secret may not: ${instead}`,
    ],
    ['exec beside a token', {}, { ...TOKEN, exec: { command: 'sh' } }, 'user u has exec, '],
    ['exec that is empty', {}, { ...TOKEN, exec: {} }, 'user u has exec, '],
    [
      'auth-provider',
      {},
      { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/sh' } } },
      `user u has auth-provider, which reads files and runs programs; a kubeconfig in a Secret may not: ${instead}`,
    ],
    [
      'insecure-skip-tls-verify',
      { 'insecure-skip-tls-verify': true },
      TOKEN,
      'cluster c has insecure-skip-tls-verify, so that anybody on the way could take the credentials; a kubeconfig in a Secret may not: ' +
        'put the authority of the API server',
    ],
    ['insecure-skip-tls-verify as text', { 'insecure-skip-tls-verify': 'true' }, TOKEN, 'cluster c has insecure-skip-tls-verify, '],
    [
      'proxy-url',
      { 'proxy-url': 'http://10.0.0.9:3128' },
      TOKEN,
      'cluster c has proxy-url, which is a machine that the reader is to ask for a way; a kubeconfig in a Secret may not: ' +
        'give an address that is reached directly',
    ],
    [
      'as',
      {},
      { ...TOKEN, as: 'system:admin' },
      'user u has as, which acts as another user; a kubeconfig in a Secret may not: give the credentials of an account',
    ],
    [
      'as-groups',
      {},
      { ...TOKEN, 'as-groups': ['system:masters'] },
      'user u has as-groups, which is not supported: give the credentials of an account',
    ],
    ['as-uid', {}, { ...TOKEN, 'as-uid': '1' }, 'user u has as-uid, '],
    ['as-user-extra', {}, { ...TOKEN, 'as-user-extra': { a: ['b'] } }, 'user u has as-user-extra, '],
    [
      'a field of some library',
      {},
      { ...TOKEN, 'token-file': '/t' },
      'user u has token-file, which is no field that a kubeconfig in a Secret may have: remove it',
    ],
    ['a field that nobody knows', { keyFile: '/k' }, TOKEN, 'cluster c has keyFile, which is no field'],
    ['an inherited name', {}, { ...TOKEN, constructor: '/k' }, 'user u has constructor, which is no field'],
  ])('%s is refused, and the sentence says what to write', (_title, cluster, user, sentence) => {
    expect(errorOf(kubeconfig({ ...CA, ...cluster }, user)).slice(0, sentence.length)).toBe(sentence);
  });

  test.each(['/etc/passwd', '/nowhere', '/dev/zero', 'ca.crt'])('%s: whether a file is there is not told, nor is it opened', (path) => {
    const texts = [kubeconfig({ 'certificate-authority': path }, TOKEN), kubeconfig({}, { tokenFile: path })];
    expect(texts.map((text) => errorOf(text).includes(path))).toEqual([false, false]);
  });

  test('the flags of the hub allow what they say, and no more', () => {
    const [exec, insecure] = [kubeconfig(CA, { exec: { command: 'sh' } }), kubeconfig({ 'insecure-skip-tls-verify': true }, TOKEN)];
    const tokenFile = kubeconfig(CA, { tokenFile: '/t' });
    const tried = (more: object): boolean[] =>
      [exec, insecure, tokenFile].map((text) => errorOf(text, { rights: { ...INLINE_ONLY, ...more } }) === 'accepted');
    expect(tried({})).toEqual([false, false, false]);
    expect(tried({ programs: true })).toEqual([true, false, false]);
    expect(tried({ insecureTls: true })).toEqual([false, true, false]);
  });

  test('what lies on the machine may have files and programs, from its own folder', async () => {
    mkdirSync(join(dir, 'members'));
    writeFileSync(join(dir, 'members', 'ca.crt'), cert);
    writeFileSync(join(dir, 'members', 'login'), `#!/bin/sh\necho '{"status": {"token": "given"}}'\n`);
    chmodSync(join(dir, 'members', 'login'), 0o755);
    const loaded = loadKubeconfig(kubeconfig({ 'certificate-authority': 'ca.crt' }, { exec: { command: './login' } }), {
      now: () => 0,
      rights: OF_THIS_MACHINE,
      directory: join(dir, 'members'),
    });
    if (!loaded.ok) throw new Error(loaded.error);
    expect(loaded.value.ca).toBe(cert);
    expect(await loaded.value.credentials.get()).toEqual({ headers: { authorization: 'Bearer given' } });
  });

  test('a program finds PATH, HOME, proxies and its own settings in its environment, and nothing of the hub', async () => {
    const log = join(dir, 'environment');
    const program = join(dir, 'print-environment');
    writeFileSync(program, `#!/bin/sh\nenv > ${log}\necho '{"status": {"token": "x"}}'\n`);
    chmodSync(program, 0o755);
    const own = {
      PATH: '/usr/bin:/bin',
      HOME: '/',
      HTTPS_PROXY: 'http://p',
      REDIS_URL: 'redis://:secret@r',
      AWS_SECRET_ACCESS_KEY: 's',
      NODE_OPTIONS: '-r x',
    };
    const loaded = loadKubeconfig(kubeconfig(CA, { exec: { command: program, env: [{ name: 'COLOUR', value: 'red' }] } }), {
      now: () => 0,
      rights: { ...INLINE_ONLY, programs: true },
      environment: programEnvironment(own),
    });
    if (!loaded.ok) throw new Error(loaded.error);
    await loaded.value.credentials.get();
    const names = readFileSync(log, 'utf8').match(/^[A-Za-z_]+(?==)/gm);
    // PWD is the shell's own.
    expect(names?.filter((name) => !['PWD', '_', 'SHLVL', 'OLDPWD'].includes(name)).toSorted()).toEqual([
      'COLOUR',
      'HOME',
      'HTTPS_PROXY',
      'KUBERNETES_EXEC_INFO',
      'PATH',
    ]);
  });
});

describe('M2: no kubeconfig does more than fail', () => {
  const laughs = (depth: number): string =>
    Array.from(
      { length: depth },
      (_, at) =>
        `a${at}: &a${at} [${Array(9)
          .fill(at === 0 ? 'ha' : `*a${at - 1}`)
          .join(', ')}]`,
    ).join('\n');
  const exec = (more: object): string => kubeconfig(CA, { exec: { command: 'sh', ...more } });

  test.each<[string, string, string | RegExp]>([
    [
      'a circular alias',
      'clusters: [{name: c, cluster: {server: &a [*a]}}]',
      /not valid YAML: it has an alias \(\*\): write out what stands at its anchor \(&\) \(line 1\)$/,
    ],
    ['a circular kind', 'kind: &a [*a]', /it has an alias/],
    ['aliases that expand to gigabytes', laughs(9), /it has an alias/],
    ['a merge', `${kubeconfig({}, TOKEN)}\n<<: &a {a: 1}\nb: {<<: *a}`, /it has an alias/],
    [
      'a cluster that is no text',
      kubeconfig({}, TOKEN, { contexts: [{ name: 'x', context: { cluster: { toString: 1 }, user: 'u' } }] }),
      'context x must name a cluster and a user',
    ],
    ['a kind that is no text', 'kind: {toString: 1}', 'the kubeconfig has no current-context: set one'],
    ['a server that is no text', kubeconfig({ server: { toString: 1 } }, TOKEN), 'server of cluster c must be an https:// URL'],
    ['brackets without end', '['.repeat(3_000), /not valid YAML: nesting exceeded maxDepth/],
    ['lists without end', '- a:\n'.repeat(10_000), 'the kubeconfig has more than 4000 lines and fields: leave only one context in it'],
    ['a long text', 'a'.repeat((1 << 20) + 1), `the kubeconfig is longer than ${1 << 20} characters`],
    [
      'a name of the prototype',
      kubeconfig({}, TOKEN, { 'current-context': '__proto__' }),
      'the kubeconfig has no context __proto__: it has x',
    ],
    ['a token of no text', kubeconfig({}, { token: 5 }), 'token of user u must be text'],
    ['a token that breaks the header', kubeconfig({}, { token: 'a\r\nimpersonate-user: b' }), /^token of user u must/],
    ['a token beyond all size', kubeconfig({}, { token: 'a'.repeat(20_000) }), 'token of user u must be at most 16384 characters long'],
    ['a name that is no host', kubeconfig({ 'tls-server-name': 'a b' }, TOKEN), 'tls-server-name of cluster c must be a host name'],
    ['data of no text', kubeconfig({ 'certificate-authority-data': [1] }, TOKEN), 'certificate-authority-data of cluster c must be text'],
    ['a hint that is a number', exec({ installHint: 5 }), 'exec.installHint of user u must be text'],
    ['arguments that are text', exec({ args: 'x' }), 'exec.args of user u must be a list'],
    ['an argument that is none', exec({ args: [{}] }), 'exec.args.0 of user u must be text'],
    ['an argument with a NUL', exec({ args: ['a\0b'] }), 'exec.args.0 of user u must not hold control characters'],
    ['a setting without a name', exec({ env: [{ value: 'x' }] }), 'exec.env.0.name of user u must be text'],
    ['a setting that is two', exec({ env: [{ name: 'a=b', value: 'x' }] }), 'exec.env.0.name of user u must be a name'],
    [
      'settings without number',
      exec({ env: Array.from({ length: 101 }, () => ({ name: 'a', value: 'b' })) }),
      'exec.env of user u must have at most 100 entries',
    ],
    ['a program that is none', kubeconfig(CA, { exec: 'sh' }), 'exec of user u must be a mapping'],
    ['a program without a command', kubeconfig(CA, { exec: { args: [] } }), 'exec.command of user u must be text'],
    [
      'a tag that quotes',
      kubeconfig({}, TOKEN).replace('token: t', 'token: !hunter2 x'),
      /^the kubeconfig is not valid YAML: unknown scalar tag \(line \d+\)$/,
    ],
    [
      'an address with a password',
      kubeconfig({ server: 'https://u:hunter2@10.0.0.1' }, TOKEN),
      'server of cluster c must not hold a name and password: put credentials into the user',
    ],
    [
      'an address with a password, malformed',
      kubeconfig({ server: 'http:/u:hunter2@10.0.0.1' }, TOKEN),
      /must not hold a name and password/,
    ],
    [
      'an address with a query',
      kubeconfig({ server: 'https://10.0.0.1/?a=b' }, TOKEN),
      'server of cluster c must be an https:// URL without "?" and "#"',
    ],
    [
      'an address beyond all size',
      kubeconfig({ server: `https://a/${'b'.repeat(4_000)}` }, TOKEN),
      'server of cluster c must be an https:// URL',
    ],
    [
      'names that write on a terminal',
      kubeconfig({}, TOKEN, { 'current-context': '\u001b[2K\u202ex' }),
      'the kubeconfig has no context \\u001b[2K\\u202ex: it has x',
    ],
  ])('%s', (_title, text, error) => {
    const found = errorOf(text, { rights: { ...INLINE_ONLY, programs: true } });
    expect(found).toEqual(typeof error === 'string' ? error : expect.stringMatching(error));
    expect(found).not.toContain('hunter2');
    expect(found.length).toBeLessThan(600);
  });

  test('slashes at the end of an address go, however many, in linear work', () => {
    const loaded = loadKubeconfig(kubeconfig({ server: `https://10.0.0.1:6443/k8s${'/'.repeat(1_500)}` }, TOKEN), { now: () => 0 });
    expect(loaded).toMatchObject({ ok: true, value: { server: 'https://10.0.0.1:6443/k8s' } });
    expect(errorOf(kubeconfig({ server: `https://10.0.0.1${'/'.repeat(80_000)}` }, TOKEN))).toMatch(/^server of cluster c must be/);
  });

  test('whatever stands in any field: an answer, never a throw', () => {
    const fields = ['token', 'tokenFile', 'exec', 'auth-provider', 'client-key-data', 'as', 'username', 'client-certificate-data'];
    const odd = fc.oneof(fc.anything({ maxDepth: 2 }), fc.string(), fc.constantFrom('', null, {}, [], 0, '__proto__'));
    const anything = fc.record({
      cluster: fc.dictionary(
        fc.constantFrom('server', 'certificate-authority-data', 'tls-server-name', 'insecure-skip-tls-verify', 'x'),
        odd,
      ),
      user: fc.dictionary(fc.constantFrom(...fields), odd),
      more: fc.dictionary(fc.constantFrom('kind', 'clusters', 'users', 'contexts', 'current-context'), odd, { maxKeys: 1 }),
    });
    fc.assert(
      fc.property(anything, fc.boolean(), ({ cluster, user, more }, programs) => {
        const text = dump(
          plain({
            clusters: [{ name: 'c', cluster: { ...SERVER, ...cluster } }],
            users: [{ name: 'u', user }],
            contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
            'current-context': 'x',
            ...more,
          }),
        );
        for (const rights of [{ ...INLINE_ONLY, programs }, OF_THIS_MACHINE]) expect(typeof errorOf(text, { rights })).toBe('string');
      }),
      { numRuns: 500 },
    );
  });

  test('whatever the text: an answer, never a throw', () => {
    const words = ['&a ', '*a', '[', ']', '{', '}', ': ', '\n', '- ', '!', '"', 'clusters', 'name', '? ', '|', '---', '<<', ' '];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 4 })), { maxLength: 60 }), (parts) => {
        expect(typeof errorOf(parts.join(''))).toBe('string');
      }),
      { numRuns: 500 },
    );
  });
});

/** As YAML can hold it. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' || typeof each === 'symbol' ? String(each) : each)),
  );
}
