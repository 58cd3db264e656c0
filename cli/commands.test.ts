import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BROKEN_LINK, EMPTY, HEALTHY, REFUSED_PAIR, UNREACHABLE_MEMBER } from '../test/fakes/federationStatus.js';
import type { FederationStatus } from '../core/api/status.js';
import { commandLine, runCommand } from './commands.js';
import { VERSION } from '../core/api/version.js';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Ends watches. */
let watching = new AbortController();

async function run(...argv: readonly string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const code = await runCommand(argv, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    kubeconfigs: ['/nowhere/kubeconfig'],
    environment: {},
    signal: watching.signal,
  });
  // What it says meanwhile depends on how slow the machine is.
  return { code, out, err: err.replace(/^kilofed: still waiting for .*\n/gm, '') };
}

/** What nobody means: a line break, a command to the terminal in two encodings, a change of direction, a space of no width. */
const TRICK = 'x\n\x1b]52;c;Zm9v\x07\x9b2J\u202e\u2028\u200b';
/** A federation in which every text that a member chooses has it. */
const HOSTILE: FederationStatus = {
  ...REFUSED_PAIR,
  members: REFUSED_PAIR.members.map((member) => ({
    ...member,
    reason: TRICK,
    kubernetesVersion: TRICK,
    server: TRICK,
    segments: member.segments.map((segment) => ({
      ...segment,
      location: TRICK,
      nodes: [TRICK],
      allowedIPs: [TRICK],
      gateways: segment.gateways.map(({ slot }) => ({ slot, node: TRICK, endpoint: TRICK, publicKey: TRICK })),
    })),
  })),
  pairs: REFUSED_PAIR.pairs.map((pair) => ({ ...pair, reason: TRICK })),
  links: [
    {
      from: { member: TRICK, segment: TRICK },
      to: { member: TRICK, segment: `location:${TRICK}` },
      state: 'down',
      since: TRICK,
      reason: TRICK,
      planes: [{ slot: 0, node: TRICK, peer: TRICK, endpoint: TRICK, state: 'down', inUse: true, since: TRICK, reason: TRICK }],
    },
  ],
  services: [
    {
      namespace: TRICK,
      name: TRICK,
      exporters: [{ cluster: TRICK, endpoints: 1, ready: 1 }],
      importers: [{ cluster: TRICK, state: 'refused', service: TRICK, reason: TRICK }],
    },
  ],
  problems: [
    { cluster: TRICK, subject: { kind: 'service', name: TRICK }, reason: 'InvalidAnnotation', message: `annotation is "${TRICK}"` },
    { subject: { kind: 'object', type: TRICK, key: TRICK }, reason: 'BadMeshNode', message: TRICK },
  ],
};

/** Path prefix -> what the hub there answers. */
const HUBS: Readonly<Record<string, { readonly code: number; readonly body: string }>> = {
  healthy: { code: 200, body: JSON.stringify(HEALTHY) },
  refused: { code: 200, body: JSON.stringify(REFUSED_PAIR) },
  unreachable: { code: 200, body: JSON.stringify(UNREACHABLE_MEMBER) },
  broken: { code: 200, body: JSON.stringify(BROKEN_LINK) },
  empty: { code: 200, body: JSON.stringify(EMPTY) },
  newer: { code: 200, body: JSON.stringify({ ...HEALTHY, added: 'by a later hub' }) },
  other: { code: 200, body: JSON.stringify({ ...HEALTHY, pairs: 'many' }) },
  hostile: { code: 200, body: JSON.stringify(HOSTILE) },
  text: { code: 200, body: '<html>' },
  starting: { code: 503, body: 'not yet' },
};

/** What the hub that changes answers, one after the other. The last one ends the watch. */
let answers: FederationStatus[] = [];

function nextAnswer(): { readonly code: number; readonly body: string } {
  const [next = EMPTY, ...rest] = answers;
  answers = rest;
  if (rest.length === 0) watching.abort();
  return { code: 200, body: JSON.stringify(next) };
}

let server: Server;
let base: string;

/** Answers to DELETE, by path. */
const FORGETTING: Readonly<Record<string, readonly [number, string]>> = {
  'healthy/api/v1/members/east': [200, '{"forgotten":"east"}'],
  'healthy/api/v1/members/esat': [404, '{"error":"nobody knows a member esat: kilofed status names those that there are"}'],
  'healthy/api/v1/members/north': [409, '{"error":"north is declared by secret kilofed/north: delete that first"}'],
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, name, ...rest] = (request.url ?? '').split('/');
    if (request.method === 'DELETE') {
      const [code, body] = FORGETTING[`${name}/${rest.join('/')}`] ?? [404, 'not found\n'];
      response.writeHead(code).end(body);
      return;
    }
    const hub = rest.join('/') !== 'api/v1/status' ? undefined : name === 'changing' ? nextAnswer() : HUBS[name ?? ''];
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

test.each([
  ['healthy', 'east', 0, /^east is forgotten: /],
  ['healthy', 'north', 2, /^kilofed: north is declared by secret kilofed\/north: delete that first\n$/],
  ['healthy', 'esat', 1, /^kilofed: nobody knows a member esat: kilofed status names those that there are\n$/],
  ['older', 'north', 2, /^kilofed: the hub answered 404: /],
])('I2: forget member, of a hub that is %s: %s', async (hub, name, code, said) => {
  const ended = await run('forget', 'member', name, '--hub', `${base}/${hub}`);
  expect([ended.code, `${ended.out}${ended.err}`]).toEqual([code, expect.stringMatching(said)]);
});

test.each(['status', 'enable', 'disable'])('dns %s asks no hub, and says which cluster it lacks', async (action) => {
  const ended = await run('dns', action);
  expect(ended).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/\/nowhere\/kubeconfig does not exist.*--kubeconfig and --context/),
  });
});

test('forget takes a member, and nothing else', async () => {
  const ended = await run('forget', 'service', 'demo/web');
  expect([ended.code, ended.err]).toEqual([2, expect.stringMatching(/Allowed choices are member/)]);
});

describe('I1, I14: status ends with', () => {
  test.each([
    ['healthy', 0],
    ['empty', 1],
    ['broken', 1],
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
    ['a kubeconfig that is a folder', ['--kubeconfig', '/tmp'], /no kubeconfig: \/tmp: EISDIR.*--kubeconfig/],
    ['no kubeconfig', [], /\/nowhere\/kubeconfig does not exist.*--kubeconfig.*--hub/],
    ['a kubeconfig that is none', ['--kubeconfig', '/dev/null'], /\/dev\/null: the kubeconfig is empty.*--kubeconfig and --context.*--hub/],
  ])('%s: 2, and says what to do', async (_name, argv, message) => {
    const ended = await run('status', ...argv.map((arg) => arg.replace('BASE', base)));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toMatch(message);
    expect(ended.err.trimEnd().split('\n')).toHaveLength(1);
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
links: []
services: []
problems:
  - subject:
      kind: member
    reason: NoMembers
    message: no member is declared
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

  test.each(['version', '--version'])('I14: %s', async (word) => {
    expect(await run(word)).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });
});

describe('links', () => {
  test('one line for each direction between two segments', async () => {
    expect(await run('links', '--hub', `${base}/broken`)).toEqual({
      code: 1,
      err: '',
      out: `\
FROM            TO              STATE  SLOTS IN USE  RTT    LOSS  SINCE                 REASON
east lyon       west (default)  up     0             12 ms  0 %   2026-12-01T00:00:00Z
east oslo       west (default)  up     0             12 ms  0 %   2026-12-01T00:00:00Z
west (default)  east lyon       down   -             -      -     2026-12-01T00:00:00Z  NoAnswer
west (default)  east oslo       up     0             12 ms  0 %   2026-12-01T00:00:00Z
`,
    });
  });

  test('wide: one line for each tunnel', async () => {
    expect((await run('links', '--hub', `${base}/healthy`, '-o', 'wide')).out).toBe(`\
FROM            TO              SLOT  GATEWAY  PEER              ENDPOINT          STATE  IN USE  RTT    LOSS  SINCE                 REASON
east lyon       west (default)  0     east-a1  west-x0a1b2c3d-0  192.0.2.21:51820  up     yes     12 ms  0 %   2026-12-01T00:00:00Z
east oslo       west (default)  0     east-b1  west-x0a1b2c3d-0  192.0.2.21:51820  up     yes     12 ms  0 %   2026-12-01T00:00:00Z
west (default)  east lyon       0     west-a1  east-lyon-0       192.0.2.11:51820  up     yes     12 ms  0 %   2026-12-01T00:00:00Z
west (default)  east oslo       0     west-a1  east-oslo-0       dials us          up     yes     12 ms  0 %   2026-12-01T00:00:00Z
`);
  });

  test.each([
    ['healthy', 0],
    ['broken', 1],
    ['empty', 1],
    ['text', 2],
  ])('of %s end with %d', async (name, code) => {
    expect((await run('links', '--hub', `${base}/${name}`)).code).toBe(code);
  });

  test('json is what the hub told', async () => {
    expect(JSON.parse((await run('links', '--hub', `${base}/healthy`, '-o', 'json')).out)).toEqual(HEALTHY.links);
  });

  test('watched, they are printed again when they change, until the watch is ended', async () => {
    answers = [HEALTHY, HEALTHY, BROKEN_LINK, BROKEN_LINK];
    const watch = await run('links', '--hub', `${base}/changing`, '--watch');
    watching = new AbortController();
    expect(watch).toMatchObject({ code: 0, err: '' });
    expect([...watch.out.matchAll(/^west \(default\) +east lyon +(\w+)/gm)].map(([, state]) => state)).toEqual(['up', 'down']);
  }, 20_000);
});

describe('M8: no text of a member commands the terminal', () => {
  test.each([
    ['status', '-o', 'table'],
    ['status', '-o', 'wide'],
    ['status', '-o', 'json'],
    ['status', '-o', 'yaml'],
    ['links', '-o', 'table'],
    ['links', '-o', 'wide'],
    ['links', '-o', 'json'],
    ['links', '-o', 'yaml'],
    ['graph', '-f', 'dot'],
    ['graph', '-f', 'mermaid'],
    ['graph', '-f', 'json'],
  ])('%s %s %s', async (verb, flag, format) => {
    const { out } = await run(verb, '--hub', `${base}/hostile`, flag, format);
    expect(out).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
    expect(out).toContain(String.raw`\u202e`);
    const told = { status: HOSTILE, links: HOSTILE.links, graph: { members: HOSTILE.members } }[verb];
    if (format === 'json') expect(JSON.parse(out)).toMatchObject(told ?? {});
  });

  test.each(['table', 'wide'])('nor begins a line of the %s', async (format) => {
    const [hostile, honest] = [(await run('status', '--hub', `${base}/hostile`, '-o', format)).out, HOSTILE];
    expect(hostile.split('\n').filter((line) => line.startsWith('\\u001b'))).toEqual([]);
    expect(hostile.match(/^ {2}\S.*: (InvalidAnnotation|BadMeshNode)$/gm)).toHaveLength(honest.problems.length);
  });

  test('nor by an error', async () => {
    const { err } = await run('status', '--hub', `http://127.0.0.1:1/${encodeURIComponent('a')}\x1b[2J`);
    expect(err).toMatch(/\\u001b\[2J/);
    expect(err).not.toMatch(/[^\P{C}\n]/u);
  });
});

describe('a mistake is told with what to do, and ends with 2', () => {
  test.each([
    [['statu'], /unknown command 'statu'\n\(Did you mean status\?\)/],
    [['node-agnt'], /Did you mean node-agent\?/],
    [['statu', '--help'], /unknown command 'statu'\n\(Did you mean status\?\)/],
    [['status', '--outptu', 'wide'], /unknown option '--outptu'\n\(Did you mean --output\?\)\nSee kilofed status --help\./],
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
  const verbs = commandLine({
    out: () => undefined,
    err: () => undefined,
    end: () => undefined,
    kubeconfigs: [],
    environment: {},
    signal: watching.signal,
  })
    .commands.map((command) => command.name())
    .filter((name) => !['hub', 'cluster-agent', 'node-agent'].includes(name));

  test('verbs', () => {
    expect(verbs).toEqual([
      'status',
      'explain',
      'export',
      'unexport',
      'links',
      'graph',
      'drain',
      'cordon',
      'uncordon',
      'forget',
      'dns',
      'showconf',
      'uninstall',
      'version',
      'completion',
    ]);
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

  test.each(['status', 'explain', 'export', 'unexport', 'links', 'graph'])('of %s tells its exit codes', async (verb) => {
    expect((await run(verb, '--help')).out).toContain('Exit codes:');
  });
});
