/**
 * What nobody may read, and what /healthz is worth: keys and tokens are in no log, metric, answer or object, whatever goes wrong;
 * an agent that cannot make its host match says so, and why.
 */
import { type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BareNode, PROGRAM } from '../bare/cluster.js';
import { fetchText } from '../bare/fetchText.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { attempt, run, until } from '../lab/process.js';
import { type Federation, startFederation, untilAllReach } from './federation.js';

const DIR = '/tmp/kilofed-e2e-safety';

let federation: Federation;
const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;
const healthy = (name: string): Promise<true> => until(`${name} to be well`, 30_000, async () => ((await node(name).health()).trim() === 'matched' ? true : undefined));

beforeAll(async () => {
  federation = await startFederation([{ name: 'east', index: 1, locations: { a: 2 } }, { name: 'west', index: 2, locations: { c: 1 } }], { dir: DIR });
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
  const inside = (argv: readonly string[], input?: string): Promise<string> => node('east-a2').namespace.exec(argv, input === undefined ? {} : { input });
  let taker: ChildProcess;

  test.each<[string, Harm]>([
    ["somebody else's kilo0", {
      // In one go: the agent mends what it sees within milliseconds.
      spoil: () => inside(['ip', '-batch', '-'], 'link add foreign type bridge\nlink delete kilo0\nlink set foreign name kilo0\n'),
      mend: () => inside(['ip', 'link', 'delete', 'kilo0']),
      reason: /device kilo0 of another kind.*delete or rename it/s,
    }],
    ['a port that somebody else has', {
      async spoil(victim) {
        await victim.killAgent('SIGKILL');
        await inside(['ip', 'link', 'delete', 'kilo0']);
        taker = victim.namespace.spawn([process.execPath, '-e', "require('dgram').createSocket('udp4').bind(51820, () => console.log('bound'))"]);
        await new Promise((resolve) => taker.stdout?.once('data', resolve));
        victim.startAgent();
      },
      mend: () => new Promise((resolve) => void (taker.once('exit', resolve), taker.kill('SIGKILL'))),
      reason: /something else has UDP port 51820/,
    }],
  ])('fails with %s, says why, and is well again after it has gone', async (_what, { spoil, mend, reason }) => {
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
  }, 120_000);
});

describe('secrets', () => {
  let secrets: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const presharedKey = (await run(['wg', 'genpsk'])).trim();
    const publicKey = (await run(['wg', 'pubkey'], { input: await run(['wg', 'genkey']) })).trim();
    const east = federation.cluster('east');
    await east.apply({ apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'router' }, spec: { allowedIPs: ['10.5.0.2/32'], publicKey, presharedKey, endpoint: { dnsOrIP: { dns: 'nowhere.invalid' }, port: 51_820 } } });
    await until('the preshared key at a gateway', 10_000, async () => ((await node('east-a1').namespace.exec(['wg', 'show', 'kilo0', 'preshared-keys'])).includes(presharedKey) ? true : undefined));
    secrets = new Map([
      ['preshared key', presharedKey],
      ...federation.nodes().map((each): [string, string] => [`key of ${each.name}`, readFileSync(keyFile(each.name), 'utf8').trim()]),
      ...[...federation.clusters.values()].map(({ name, api }): [string, string] => [`token of ${name}`, api.token('admin')]),
    ]);
    // A key file that is none, a token that is wrong, a preshared key that the kernel refuses, a kubeconfig that is half one.
    const spoilt = `${secrets.get('key of east-a2')?.slice(0, 40)}\n`;
    await node('east-a2').killAgent('SIGKILL');
    writeFileSync(keyFile('east-a2'), spoilt);
    node('east-a2').startAgent();
    await until('the agent to refuse', 10_000, () => (node('east-a2').agentPid() === undefined ? true : undefined));
    writeFileSync(keyFile('east-a2'), `${secrets.get('key of east-a2')}\n`);
    node('east-a2').startAgent();
    const kubeconfig = federation.cluster('west').api.kubeconfig('admin');
    federation.join('broken', kubeconfig.slice(0, kubeconfig.length - 20));
    federation.join('stranger', kubeconfig.replace(federation.cluster('west').api.token('admin'), `${federation.cluster('west').api.token('admin')}x`));
    await until('the hub to complain', 20_000, async () => ((await federation.status()).members.length >= 3 ? true : undefined));
    await federation.cluster('east').remove({ group: 'kilofed.io', version: 'v1alpha1', kind: 'MeshNode', plural: 'meshnodes', namespaced: false }, 'east-a2');
    await healthy('east-a2');
  }, 90_000);

  test('are in no log, metric, answer or object', async () => {
    const places = await everythingSaid();
    expect(places.size).toBeGreaterThan(15);
    expect(leaks(places)).toEqual([]);
  }, 60_000);

  test('would be found, each in each of its spellings', () => {
    for (const [name, secret] of secrets) {
      for (const text of spellings(secret)) expect(leaks(new Map([['a log', `{"level":"info","key":"${text}"}`]]))).toEqual([`${name} in a log`]);
    }
  });

  function keyFile(name: string): string {
    return `${DIR}/${name.split('-')[0]}/nodes/${name}/key`;
  }

  function leaks(places: ReadonlyMap<string, string>): string[] {
    return [...places].flatMap(([place, text]) => [...secrets].filter(([, secret]) => spellings(secret).some((each) => text.includes(each))).map(([name]) => `${name} in ${place}`));
  }

  /** As it is, as WireGuard's own protocol has it, and as programs print bytes. */
  function spellings(secret: string): string[] {
    const bytes = Buffer.from(secret, 'base64');
    return [secret, ...(bytes.length === 32 ? [bytes.toString('hex'), bytes.toString('base64url'), [...bytes].join(',')] : [])];
  }

  async function everythingSaid(): Promise<Map<string, string>> {
    const logs = readdirSync(DIR, { recursive: true, encoding: 'utf8' }).filter((file) => /(node-agent-.*|cluster-agent|hub)\.log$/.test(file));
    const said = new Map(logs.map((file) => [file, readFileSync(`${DIR}/${file}`, 'utf8')]));
    for (const each of federation.nodes()) {
      said.set(`metrics of ${each.name}`, await each.metrics());
      said.set(`health of ${each.name}`, await each.health());
    }
    said.set('status', await fetchText('http://172.16.0.1:9109/api/v1/status'));
    said.set('metrics of the hub', await fetchText('http://172.16.0.1:9109/metrics'));
    for (const { name, api } of federation.clusters.values()) {
      const listed = await run([binaryPath('kubectl') ?? 'kubectl', '--kubeconfig', `${DIR}/${name}/admin.kubeconfig`, 'get', 'meshes,meshnodes,services,endpointslices,events,leases', '-A', '-o', 'json']);
      said.set(`objects of ${name}`, listed);
      const plan = await node(`${name}-${name === 'east' ? 'a1' : 'c1'}`).namespace.exec([
        ...[process.execPath, PROGRAM, 'node-agent', '--print-plan', '--log-level', 'debug', '--node-name', `${name}-${name === 'east' ? 'a1' : 'c1'}`],
        ...['--server', api.server, '--token-file', `${DIR}/${name}/token`, '--ca-file', `${DIR}/${name}/ca.crt`],
      ]);
      said.set(`plan of ${name}`, plan);
    }
    // As from nothing, so that it has everything to tell.
    rmSync(`${DIR}/east/nodes/east-a1/inputs.json`, { force: true });
    const wrongKey = `${DIR}/wrong.key`;
    writeFileSync(wrongKey, `${secrets.get('key of west-c1')}x\n`);
    const refused = await attempt([process.execPath, PROGRAM, 'node-agent', '--print-plan', '--log-level', 'debug', '--node-name', 'x', '--server', federation.cluster('east').api.server, '--key-file', wrongKey, '--token-file', `${DIR}/east/token`, '--ca-file', `${DIR}/east/ca.crt`]);
    expect(refused.code).not.toBe(0);
    said.set('refusal of a key', `${refused.stdout}${refused.stderr}`);
    return said;
  }
});
