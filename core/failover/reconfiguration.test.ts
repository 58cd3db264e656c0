/**
 * A node that starts, and one whose configuration changes.
 */
import { describe, expect, test } from '@jest/globals';
import { createFailover } from './failover.js';
import { GATEWAY, good, without, world } from '../../test/fakes/failoverWorld.js';
import { target } from '../../test/fakes/probedPaths.js';

describe('configuration', () => {
  test('goes on with what the host uses', () => {
    const failover = createFailover();
    failover.adopt(new Map([['far', ['plane/1']]]));
    failover.configure(GATEWAY, 0);
    expect(failover.choices().get('far')).toEqual(['plane/1']);
  });

  test.each(['no tunnel yet', 'tunnels that need two seconds'])(
    'a member that becomes a gateway keeps using the gateway that it used: %s',
    (which) => {
      const { run, switches, failover, used } = world({
        ...GATEWAY,
        segments: new Map([['far', { spread: false, paths: [{ name: 'node/sib', kind: 'node', node: 'sib', probe: 'lan/sib' }] }]]),
        paths: GATEWAY.paths.slice(0, 2),
      });
      run(5, good);
      failover.configure(GATEWAY, 5000);
      run(2, without('tunnel/0/far', 'tunnel/1/far'));
      expect([switches, used()]).toEqual([[], 'node/sib']);
      if (which === 'no tunnel yet') return;
      run(1, good);
      expect(switches.map(({ to }) => to)).toEqual([['plane/0']]);
    },
  );

  test('an agent that starts on a host that uses another gateway keeps it until a tunnel is seen to work', () => {
    const { run, switches, failover, used } = world({ ...GATEWAY, segments: new Map() });
    failover.adopt(new Map([['far', ['node/sib']]]));
    failover.configure(GATEWAY, 0);
    run(0.5, without('tunnel/0/far', 'tunnel/1/far'));
    expect([switches, used()]).toEqual([[], 'node/sib']);
  });

  test('keeps choices and knowledge of paths that stay', () => {
    const { run, failover, used } = world(GATEWAY);
    run(5, good);
    run(2, without('tunnel/0/far'));
    failover.configure({ ...GATEWAY, paths: [...GATEWAY.paths] }, 7000);
    expect(used()).toBe('plane/1');
    expect(failover.status(7000).find(({ path }) => path.name === 'tunnel/0/far')?.state).toBe('down');
  });

  test('forgets a path whose far end is another now', () => {
    const { run, failover } = world(GATEWAY);
    run(5, good);
    run(2, without('tunnel/0/far'));
    failover.configure(
      {
        ...GATEWAY,
        paths: GATEWAY.paths.map((path) => (path.name === 'tunnel/0/far' ? { ...path, targets: [target('new', 'far')] } : path)),
      },
      7000,
    );
    expect(failover.status(7000).find(({ path }) => path.name === 'tunnel/0/far')?.state).toBe('new');
  });
});
