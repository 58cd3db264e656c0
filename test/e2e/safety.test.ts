/**
 * What nobody may read or reach, and what /healthz is worth: keys and tokens are in no log, metric, answer or object, whatever
 * goes wrong; a node listens to no more than it was told; an agent that cannot make its host match says so, and why.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { agree, privateKeyOf } from '../../node-agent/probe/keyring.js';
import { type BareNode, PROGRAM } from '../bare/cluster.js';
import { fetchText } from '../bare/fetchText.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { attempt, run, until } from '../lab/process.js';
import { signal } from '../lab/signal.js';
import { type Federation, startFederation, untilAllReach } from './federation.js';

const DIR = '/tmp/kilofed-e2e-safety';

let federation: Federation;
const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;
const healthy = (name: string): Promise<true> =>
  until(`${name} to be well`, 30_000, async () => ((await node(name).health()).trim() === 'matched' ? true : undefined));

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { a: 2 } },
      { name: 'west', index: 2, locations: { c: 1 } },
    ],
    { dir: DIR },
  );
  expect(await untilAllReach(federation)).toEqual([]);
}, 120_000);

afterAll(async () => {
  await federation.stop();
}, 30_000);

describe('/healthz', () => {
  interface Harm {
    spoil(node: BareNode): Promise<unknown>;
    mend(): Promise<unknown>;
    readonly reason: RegExp;
  }
  const inside = (argv: readonly string[], input?: string): Promise<string> =>
    node('east-a2').namespace.exec(argv, input === undefined ? {} : { input });
  let taken: Taken;

  test.each<[string, Harm]>([
    [
      "somebody else's kilo0",
      {
        // Held meanwhile: the agent mends what it sees within milliseconds.
        async spoil(victim) {
          signal(victim.agentPid(), 'SIGSTOP');
          await inside(['ip', '-batch', '-'], 'link add foreign type bridge\nlink delete kilo0\nlink set foreign name kilo0\n');
          signal(victim.agentPid(), 'SIGCONT');
        },
        mend: () => inside(['ip', 'link', 'delete', 'kilo0']),
        reason: /device kilo0 of another kind.*delete or rename it/s,
      },
    ],
    [
      'a port that somebody else has',
      {
        async spoil(victim) {
          await victim.killAgent('SIGKILL');
          await inside(['ip', 'link', 'delete', 'kilo0']);
          taken = await take(victim, 51_820);
          victim.startAgent();
        },
        mend: () => taken.release(),
        reason: /something else has UDP port 51820/,
      },
    ],
  ])(
    'fails with %s, says why, and is well again after it has gone',
    async (_what, { spoil, mend, reason }) => {
      await healthy('east-a2');
      await spoil(node('east-a2'));
      const text = await until('/healthz to fail', 30_000, async () => {
        const now = await node('east-a2').health();
        return now.includes('failing') ? now : undefined;
      });
      expect(text).toMatch(reason);
      await mend();
      await healthy('east-a2');
      expect(await untilAllReach(federation)).toEqual([]);
    },
    120_000,
  );
});

test('a port of probes that somebody else has is told in the MeshNode and the metrics, until it has gone', async () => {
  const victim = node('east-a2');
  const told = async (): Promise<string> => {
    const found = await federation.cluster('east').get<MeshNode & KubeObject>(RESOURCE.meshNode, 'east-a2');
    const missing = /^kilofed_node_probe_sockets_missing (\d+)$/m.exec(await victim.metrics().catch(() => ''))?.[1] ?? '';
    return [...(found?.spec.problems ?? []).map(({ reason, message }) => `${reason}: ${message}`), missing].join('; ');
  };
  await healthy('east-a2');
  await victim.killAgent('SIGKILL');
  const taken = await take(victim, 51_810);
  victim.startAgent();
  await until('it to be told', 20_000, async () =>
    /NoProbeSocket: .*UDP port 51810 cannot be had on .*something else has it.*; 1$/.test(await told()) ? true : undefined,
  );
  await taken.release();
  await until('it to be told no more', 10_000, async () => ((await told()) === '0' ? true : undefined));
  expect(await untilAllReach(federation)).toEqual([]);
}, 90_000);

interface Taken {
  release(): Promise<unknown>;
}

/** Lets something else have a UDP port of the node. */
async function take({ namespace }: BareNode, port: number): Promise<Taken> {
  const taker = namespace.spawn([
    process.execPath,
    '-e',
    `require('dgram').createSocket('udp4').bind(${port}, () => console.log('bound'))`,
  ]);
  await new Promise((resolve) => taker.stdout?.once('data', resolve));
  return { release: () => new Promise((resolve) => void (taker.once('exit', resolve), taker.kill('SIGKILL'))) };
}

test('a node listens for WireGuard and probes, and over TCP where it was told to', async () => {
  const { namespace, address } = node('east-a1');
  const listening = async (protocol: '-t' | '-u'): Promise<string[]> =>
    (await namespace.exec(['ss', '-Hln', protocol]))
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[3] ?? '')
      .toSorted();
  expect(await listening('-t')).toEqual([`${address}:9107`]);
  const ports = new Set((await listening('-u')).map((at) => Number(at.split(':').at(-1))));
  expect([...ports].filter((port) => port < 51_810 || port > 51_821)).toEqual([]);
  expect([...ports]).toEqual(expect.arrayContaining([51_810, 51_820, 51_821]));
}, 20_000);

const KINDS = ['meshes', 'meshnodes', 'peers', 'services', 'endpointslices', 'serviceexports', 'serviceimports', 'events', 'leases'];

describe('secrets', () => {
  let secrets: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const presharedKey = (await run(['wg', 'genpsk'])).trim();
    const publicKey = (await run(['wg', 'pubkey'], { input: await run(['wg', 'genkey']) })).trim();
    const [east, west] = [federation.cluster('east'), federation.cluster('west')];
    const peer = (name: string, secret: string): object => ({
      ...{ apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name } },
      spec: {
        allowedIPs: ['10.5.0.2/32'],
        publicKey,
        presharedKey: secret,
        endpoint: { dnsOrIP: { dns: 'nowhere.invalid' }, port: 51_820 },
      },
    });
    await east.apply(peer('router', presharedKey));
    await until('the preshared key at a gateway', 10_000, async () =>
      (await node('east-a1').namespace.exec(['wg', 'show', 'kilo0', 'preshared-keys'])).includes(presharedKey) ? true : undefined,
    );

    // A preshared key that is none, as Kilo's own CRD lets it in.
    const badPresharedKey = `${presharedKey.slice(0, 42)}B=`;
    await kubectl(
      'east',
      'patch',
      'crd',
      'peers.kilo.squat.ai',
      '--type=json',
      '-p',
      JSON.stringify([
        { op: 'remove', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/presharedKey/x-kubernetes-validations' },
      ]),
    );
    await until('a bad Peer to be let in', 10_000, async () => {
      await east.apply(peer('bad', badPresharedKey));
      return true;
    });
    await until('the agents to tell of it', 10_000, () =>
      /not valid and is ignored.*"bad"/.test(readFileSync(`${DIR}/east/log/node-agent-east-a1.log`, 'utf8')) ? true : undefined,
    );

    const keys = new Map(federation.nodes().map(({ name }) => [name, readFileSync(keyFile(name), 'utf8').trim()]));
    const keyOfA2 = keys.get('east-a2') ?? '';
    const spoiltKey = keyOfA2.slice(0, 40);
    const probed = await publicKeyOf('east-a2');
    secrets = new Map([
      ['preshared key', presharedKey],
      ['bad preshared key', badPresharedKey],
      ['spoilt key', spoiltKey],
      ...[...keys].map(([name, key]): [string, string] => [`key of ${name}`, key]),
      ...[...keys].map(([name, key]): [string, string] => [
        `probe key of ${name}`,
        agree(privateKeyOf(key), probed)?.toString('base64') ?? '',
      ]),
      ...[...federation.clusters.values()].map(({ name, api }): [string, string] => [`token of ${name}`, api.token('admin')]),
    ]);

    await node('east-a2').killAgent('SIGKILL');
    writeFileSync(keyFile('east-a2'), `${spoiltKey}\n`);
    node('east-a2').startAgent();
    await until('the agent to refuse', 10_000, () => (node('east-a2').agentPid() === undefined ? true : undefined));
    writeFileSync(keyFile('east-a2'), `${keyOfA2}\n`);
    node('east-a2').startAgent();

    // Half a kubeconfig, whose last whole line is that of the token, and one with a token that is wrong.
    const kubeconfig = west.api.kubeconfig('admin');
    federation.join('broken', kubeconfig.replace(/\}\}\]\s*$/, ''));
    federation.join('stranger', kubeconfig.replace(west.api.token('admin'), `${west.api.token('admin')}x`));
    await until('the hub to complain of both', 20_000, async () => {
      const reasons = (await federation.status()).members
        .filter(({ id }) => id === 'broken' || id === 'stranger')
        .map(({ reason }) => reason ?? '');
      return reasons.length === 2 && reasons.every((reason) => reason !== '') ? true : undefined;
    });
    await east.remove(RESOURCE.meshNode, 'east-a2');
    await healthy('east-a2');
  }, 90_000);

  test('are in no log, metric, answer or object', async () => {
    const places = await everythingSaid();
    expect(leaks(places)).toEqual([]);
    // What may be told is found there, so these are the places where the rest would be.
    const told = await publicKeyOf('east-a1');
    expect([...places].filter(([, text]) => text.includes(told)).map(([place]) => place)).toEqual(
      expect.arrayContaining([
        'east/log/node-agent-east-a1.log',
        'status as json',
        'status as yaml',
        'meshnodes of east',
        'peers of west',
        'plan of west-c1',
      ]),
    );
  }, 60_000);

  test('are in files that nobody else can read', () => {
    const files = readdirSync(DIR, { recursive: true, encoding: 'utf8' }).filter((file) => /nodes\/[^/]+\/(key|inputs\.json)$/.test(file));
    expect(files.length).toBeGreaterThanOrEqual(2 * federation.nodes().length);
    expect(files.filter((file) => (statSync(`${DIR}/${file}`).mode & 0o077) !== 0)).toEqual([]);
  });

  test('would be found, each in each of its spellings', () => {
    for (const [name, secret] of secrets) {
      for (const text of spellings(secret))
        expect(leaks(new Map([['a log', `{"level":"info","key":"${text}"}`]]))).toContain(`${name} in a log`);
    }
  });

  const kubectl = (cluster: string, ...args: readonly string[]): Promise<string> =>
    run([binaryPath('kubectl') ?? 'kubectl', '--kubeconfig', `${DIR}/${cluster}/admin.kubeconfig`, ...args]);

  async function publicKeyOf(name: string): Promise<string> {
    const found = await federation.cluster(name.split('-')[0] ?? '').get<MeshNode & KubeObject>(RESOURCE.meshNode, name);
    return found?.spec.publicKey ?? '';
  }

  function keyFile(name: string): string {
    return `${DIR}/${name.split('-')[0]}/nodes/${name}/key`;
  }

  function leaks(places: ReadonlyMap<string, string>): string[] {
    return [...places].flatMap(([place, text]) =>
      [...secrets].filter(([, secret]) => spellings(secret).some((each) => text.includes(each))).map(([name]) => `${name} in ${place}`),
    );
  }

  /** As it is, as WireGuard's own protocol has it, and as programs print bytes. */
  function spellings(secret: string): string[] {
    const bytes = Buffer.from(secret, 'base64');
    return [secret, ...(bytes.length === 32 ? [bytes.toString('hex'), bytes.toString('base64url'), [...bytes].join(',')] : [])];
  }

  async function everythingSaid(): Promise<Map<string, string>> {
    const logs = readdirSync(DIR, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /(node-agent-.*|cluster-agent|hub)\.log$/.test(file),
    );
    const said = new Map(logs.map((file) => [file, readFileSync(`${DIR}/${file}`, 'utf8')]));
    for (const each of federation.nodes()) {
      said.set(`metrics of ${each.name}`, await each.metrics());
      said.set(`health of ${each.name}`, await each.health());
    }
    const hub = 'http://172.16.0.1:9109';
    said.set('metrics of the hub', await fetchText('http://172.16.0.1:9110/metrics'));
    for (const format of ['json', 'yaml', 'wide']) {
      const { stdout, stderr } = await attempt([process.execPath, PROGRAM, 'status', '--hub', hub, '-o', format]);
      said.set(`status as ${format}`, `${stdout}${stderr}`);
    }
    for (const name of federation.clusters.keys()) {
      for (const kind of KINDS)
        said.set(`${kind} of ${name}`, (await kubectl(name, 'get', kind, '-A', '-o', 'json')).replace(/"presharedKey": "[^"]*"/g, ''));
    }
    // On a host that has nothing, so that there is everything to tell.
    for (const { name, namespace } of federation.nodes()) {
      const { stdout, stderr } = await attempt(
        namespace.inside([
          'unshare',
          '--net',
          process.execPath,
          PROGRAM,
          'node-agent',
          '--print-plan',
          '--log-level',
          'debug',
          '--node-name',
          name,
        ]),
      );
      said.set(`plan of ${name}`, `${stdout}${stderr}`);
    }
    const wrongKey = `${DIR}/wrong.key`;
    writeFileSync(wrongKey, `${secrets.get('key of west-c1')}x\n`);
    const refused = await attempt([
      process.execPath,
      PROGRAM,
      'node-agent',
      '--print-plan',
      '--log-level',
      'debug',
      '--node-name',
      'x',
      '--server',
      federation.cluster('east').api.server,
      '--key-file',
      wrongKey,
      '--token-file',
      `${DIR}/east/token`,
      '--ca-file',
      `${DIR}/east/ca.crt`,
    ]);
    expect(refused.code).not.toBe(0);
    said.set('refusal of a key', `${refused.stdout}${refused.stderr}`);
    return said;
  }
});
