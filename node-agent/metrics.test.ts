import { expect, test } from '@jest/globals';
import { createTextMetrics } from '../kube/wire/textMetrics.js';
import { createAgentMetrics } from './metrics.js';

test('peers are counted by the names that the plan gives them, and no key appears', () => {
  const text = createTextMetrics();
  const metrics = createAgentMetrics(text, () => 1_000_000);
  const peer = { persistentKeepalive: 0, allowedIPs: [] };
  metrics.tunnels(
    [
      {
        name: 'kilo0',
        plane: 0,
        listenPort: 51820,
        mtu: 1420,
        peers: [
          { ...peer, publicKey: 'SECRET-A', owner: { kind: 'gateway', name: 'west-0' }, segment: 'west/location:' },
          { ...peer, publicKey: 'SECRET-B', owner: { kind: 'peer', name: 'laptop' }, segment: 'peer:laptop' },
        ],
      },
    ],
    new Map([
      [
        'kilo0',
        {
          listenPort: 51820,
          peers: new Map([
            ['SECRET-A', { ...peer, lastHandshake: 940, receivedBytes: 12, sentBytes: 34 }],
            ['SECRET-B', { ...peer, presharedKey: 'SECRET-C', lastHandshake: 0, receivedBytes: 0, sentBytes: 148 }],
          ]),
        },
      ],
    ]),
  );
  metrics.paths(
    [
      {
        path: { name: 'tunnel/0/west', kind: 'tunnel', slot: 0, segment: 'west', from: 51811, targets: [] },
        state: 'up',
        inUse: true,
        forMs: 5,
        rttMs: 12,
        loss: 0.25,
      },
    ],
    2,
  );
  const lines = text
    .render()
    .split('\n')
    .filter((line) => /peer|path|sockets/.test(line) && !line.startsWith('#'));
  expect(lines).toEqual([
    'kilofed_node_peers{interface="kilo0"} 2',
    'kilofed_node_peers_without_handshake{interface="kilo0"} 1',
    'kilofed_node_peer_handshake_age_seconds{interface="kilo0",peer="gateway west-0"} 60',
    'kilofed_node_peer_received_bytes_total{interface="kilo0",peer="gateway west-0"} 12',
    'kilofed_node_peer_received_bytes_total{interface="kilo0",peer="peer laptop"} 0',
    'kilofed_node_peer_sent_bytes_total{interface="kilo0",peer="gateway west-0"} 34',
    'kilofed_node_peer_sent_bytes_total{interface="kilo0",peer="peer laptop"} 148',
    'kilofed_node_path_up{kind="tunnel",path="tunnel/0/west"} 1',
    'kilofed_node_path_in_use{kind="tunnel",path="tunnel/0/west"} 1',
    'kilofed_node_path_rtt_seconds{kind="tunnel",path="tunnel/0/west"} 0.012',
    'kilofed_node_path_loss_ratio{kind="tunnel",path="tunnel/0/west"} 0.25',
    'kilofed_node_probe_sockets_missing 2',
  ]);
  expect(text.render()).not.toContain('SECRET');
});

test('what the node is, which segments were switched, and how long the API server was not reached', () => {
  const text = createTextMetrics();
  const metrics = createAgentMetrics(text, () => 0);
  const shown = (): string[] =>
    text
      .render()
      .split('\n')
      .filter((line) => /^kilofed_(node_(role|draining|switches|api)|build)/.test(line));
  const build = expect.stringMatching(/^kilofed_build_info\{program="node-agent",version="\d+\.\d+\.\d+"\} 1$/) as unknown as string;
  expect(shown()).toEqual([
    'kilofed_node_switches_total 0',
    'kilofed_node_draining 0',
    'kilofed_node_apiserver_disconnected_seconds 0',
    build,
  ]);
  metrics.role({ kind: 'gateway', slot: 1 });
  metrics.draining(true);
  metrics.apiserverDisconnected(1500);
  metrics.switched([{ segment: 'west/eu' }, { segment: 'location:us' }]);
  metrics.switched([{ segment: 'west/eu' }]);
  expect(shown()).toEqual([
    'kilofed_node_switches_total{segment="west/eu"} 2',
    'kilofed_node_switches_total{segment="location:us"} 1',
    'kilofed_node_role{role="gateway",slot="1"} 1',
    'kilofed_node_draining 1',
    'kilofed_node_apiserver_disconnected_seconds 1.5',
    build,
  ]);
  metrics.draining(false);
  expect(shown()).toContain('kilofed_node_draining 0');
  metrics.role({ kind: 'member' });
  expect(shown()).toContain('kilofed_node_role{role="member"} 1');
  metrics.role(undefined);
  expect(shown().join()).not.toContain('kilofed_node_role');
});

test('what is left out is shown for as long as it is', () => {
  const text = createTextMetrics();
  const metrics = createAgentMetrics(text, () => 0);
  const shown = (): string[] =>
    text
      .render()
      .split('\n')
      .filter((line) => line.startsWith('kilofed_node_problems'));
  metrics.leftOut([
    { subject: { kind: 'peer', name: 'laptop' }, reason: 'DuplicateKey', message: 'another has its key' },
    { subject: { kind: 'peer', name: 'desk' }, reason: 'PrefixTaken', message: 'another has its prefix' },
  ]);
  expect(shown()).toEqual([
    'kilofed_node_problems{reason="DuplicateKey",subject="peer laptop"} 1',
    'kilofed_node_problems{reason="PrefixTaken",subject="peer desk"} 1',
  ]);
  metrics.leftOut([]);
  expect(shown()).toEqual([]);
});

test('M14: what members may not reach, by member, of those that there are now', () => {
  const text = createTextMetrics();
  const metrics = createAgentMetrics(text, () => 0);
  const counts = new Map([
    ['denied_a_b', 7],
    ['denied_gone', 9],
  ]);
  metrics.denied([{ name: 'a-b' }, { name: 'west' }], counts);
  expect(text.render().match(/^kilofed_node_denied_packets_total.*$/gm)).toEqual([
    'kilofed_node_denied_packets_total{member="a-b"} 7',
    'kilofed_node_denied_packets_total{member="west"} 0',
  ]);
});
