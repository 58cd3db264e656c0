import { describe, expect, test } from '@jest/globals';
import { meshSpecSchema } from '../core/api/meshSpec.js';
import type { MeshNode } from '../core/api/meshNode.js';
import { NO_TRACES } from '../core/kilo/traces.js';

import { INPUTS, mesh, meshNode, setting } from '../test/host/agentSetting.js';

describe("an agent on a host of Kilo's", () => {
  const left = { ...NO_TRACES, routes: [{ dst: '10.42.1.0/24', via: '10.4.0.2', dev: 'kilo0', table: 254 }] };
  const REMOVAL = 'ip route del 10.42.1.0/24 via 10.4.0.2 dev kilo0 table 254 proto static';

  test('changes nothing while its agent runs, and publishes nevertheless', async () => {
    const one = setting();
    one.kilo = { running: 'process 7, kg', traces: left };
    one.inputs = {
      ...INPUTS,
      meshNodes: [
        meshNode('b', 'two', 1),
        { ...meshNode('a', 'one', 0), spec: { ...meshNode('a', 'one', 0).spec, location: 'elsewhere' } },
      ],
    };
    expect(await one.pass()).toEqual([]);
    expect(one.result()).toMatchObject({
      kind: 'waiting',
      soon: true,
      reason: expect.stringContaining("Kilo's agent runs on this node (process 7, kg)"),
    });
    expect(one.published).toEqual(['one']);
    one.kilo = { traces: left };
    expect((await one.pass()).at(-1)).toBe(REMOVAL);
  });

  test('removes what it left last, once, and looks at the host again', async () => {
    const one = setting();
    one.kilo = { traces: left };
    const commands = await one.pass();
    expect(commands.filter((text) => text.includes('proto static'))).toEqual([REMOVAL]);
    expect(commands.at(-1)).toBe(REMOVAL);
    expect(await one.pass()).toEqual([]);
    expect(one.observations).toBe(2);
  });

  test('removes nothing while anything of ours is not in place', async () => {
    const one = setting();
    one.kilo = { traces: left };
    one.refuse = (text) => text.startsWith('nft');
    expect(await one.pass()).not.toContain(REMOVAL);
    one.refuse = () => false;
    expect((await one.pass()).at(-1)).toBe(REMOVAL);
  });

  test('beside it, leaves kilo0 and all else that is its', async () => {
    const one = setting();
    one.host.run({ kind: 'wireguard.add', name: 'kilo0' });
    one.kilo = { running: 'process 7, kg', traces: left };
    const placed = INPUTS.meshNodes.map((node): MeshNode => ({ ...node, status: { ...node.status, slot: 1 } }));
    one.inputs = { ...INPUTS, mesh: { ...mesh, spec: meshSpecSchema.parse({ besideKilo: 'ahead' }) }, meshNodes: placed };
    const commands = await one.pass();
    expect(commands).toContain('ip link add kilo1 type wireguard');
    expect(commands.filter((text) => text.includes('kilo0') && !text.startsWith('sysctl'))).toEqual([]);
    expect(await one.pass()).toEqual([]);
  });
});
