import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EMPTY, HEALTHY, REFUSED_PAIR, UNREACHABLE_MEMBER } from '../test/fakes/federationStatus.js';
import { commandLine, runCommand } from './commands.js';
import { VERSION } from '../core/api/version.js';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...argv: readonly string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const code = await runCommand(argv, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    kubeconfigs: ['/nowhere/kubeconfig'],
  });
  return { code, out, err };
}

/** Path prefix -> what the hub there answers. */
const HUBS: Readonly<Record<string, { readonly code: number; readonly body: string }>> = {
  healthy: { code: 200, body: JSON.stringify(HEALTHY) },
  refused: { code: 200, body: JSON.stringify(REFUSED_PAIR) },
  unreachable: { code: 200, body: JSON.stringify(UNREACHABLE_MEMBER) },
  empty: { code: 200, body: JSON.stringify(EMPTY) },
  newer: { code: 200, body: JSON.stringify({ ...HEALTHY, added: 'by a later hub' }) },
  other: { code: 200, body: JSON.stringify({ ...HEALTHY, pairs: 'many' }) },
  text: { code: 200, body: '<html>' },
  starting: { code: 503, body: 'not yet' },
};

let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, name, ...rest] = (request.url ?? '').split('/');
    const hub = rest.join('/') === 'api/v1/status' ? HUBS[name ?? ''] : undefined;
    response.writeHead(hub?.code ?? 404).end(hub?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('status ends with', () => {
  test.each([
    ['healthy', 0],
    ['empty', 0],
    ['newer', 0],
    ['refused', 1],
    ['unreachable', 1],
    ['other', 2],
    ['text', 2],
    ['starting', 2],
    ['missing', 2],
  ])('%s: %d', async (name, code) => {
    const ended = await run('status', '--hub', `${base}/${name}/`);
    expect(ended.code).toBe(code);
    expect(code === 2 ? ended.out : ended.err).toBe('');
  });

  test.each([
    ['an answer of another version', ['--hub', 'BASE/other'], /pairs: .*Use the kilofed of the hub's version/],
    ['no JSON', ['--hub', 'BASE/text'], /does not understand/],
    ['an error of the hub', ['--hub', 'BASE/starting'], /answered 503.*Is it a kilofed hub/],
    ['nobody there', ['--hub', 'http://127.0.0.1:1'], /ECONNREFUSED.*Is the hub running/],
    ['no kubeconfig', [], /\/nowhere\/kubeconfig does not exist.*--kubeconfig.*--hub/],
    ['a kubeconfig that is none', ['--kubeconfig', '/dev/null'], /could not reach service kilofed\/kilofed-hub with \/dev\/null.*--context/],
  ])('%s: 2, and says what to do', async (_name, argv, message) => {
    const ended = await run('status', ...argv.map((arg) => arg.replace('BASE', base)));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toMatch(message);
    // A busy machine may be told that it takes a while.
    expect(ended.err.trimEnd().split('\n').filter((line) => !line.includes('still waiting'))).toHaveLength(1);
  });
});

describe('output', () => {
  test('json is what the hub told', async () => {
    expect(JSON.parse((await run('status', '--hub', `${base}/refused`, '-o', 'json')).out)).toEqual(REFUSED_PAIR);
  });

  test('yaml is the same', async () => {
    expect((await run('status', '--hub', `${base}/empty`, '-o', 'yaml')).out).toBe(`hub:
  version: 0.1.0
  uptimeSeconds: 5
  queue:
    kind: memory
members: []
pairs: []
services: []
problems: []
`);
  });

  test('table is for people', async () => {
    expect((await run('status', '--hub', `${base}/healthy`)).out).toMatch(/^2 members, 4 nodes, 1 exported service: all is well\n/);
  });

  test.each([
    ['dot', /^graph kilofed {\n[^]*}\n$/],
    ['mermaid', /^graph LR\n[^]*\n$/],
    ['json', /^{\n {2}"members"/],
  ])('graph --format %s', async (format, start) => {
    const ended = await run('graph', '--hub', `${base}/healthy`, '--format', format);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(start);
  });

  test('version', async () => {
    expect(await run('version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });
});

describe('a mistake is told with what to do, and ends with 2', () => {
  test.each([
    [['statu'], /unknown command 'statu'\n\(Did you mean status\?\)/],
    [['node-agnt'], /Did you mean node-agent\?/],
    [['status', '--outptu', 'wide'], /unknown option '--outptu'\n\(Did you mean --output\?\)/],
    [['status', '-o', 'xml'], /Allowed choices are table, wide, json, yaml/],
    [['status', 'now'], /too many arguments/],
    [['status', '--hub', 'localhost:8080'], /must look like http:\/\/localhost:8080/],
    [['status', '--hub', 'http://a', '--context', 'b'], /cannot be used with option '--context <name>'/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  ])('%j', async (argv, message) => {
    const ended = await run(...argv);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toMatch(message);
    expect(ended.err).toContain('--help');
    expect(ended.err).not.toMatch(/^ {4}at /m);
  });
});

describe('help', () => {
  const verbs = commandLine({ out: () => undefined, err: () => undefined, end: () => undefined, kubeconfigs: [] })
    .commands.map((command) => command.name())
    .filter((name) => !['hub', 'cluster-agent', 'node-agent'].includes(name));

  test('verbs', () => {
    expect(verbs).toEqual(['status', 'graph', 'showconf', 'version', 'completion']);
  });

  test.each(verbs)('of %s has an example', async (verb) => {
    const { code, out } = await run(verb, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`\nExamples:\n(.*\n)*? *.*kilofed ${verb}`));
  });

  test.each([[[]], [['--help']], [['-h']]])('kilofed %j lists every command and the exit codes', async (argv) => {
    const { code, out, err } = await run(...argv);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of [...verbs, 'hub', 'cluster-agent', 'node-agent', 'Exit codes:']) expect(out).toContain(name);
  });

  test.each(['status', 'graph'])('of %s tells its exit codes', async (verb) => {
    expect((await run(verb, '--help')).out).toContain('Exit codes:');
  });
});
