import { describe, expect, test } from '@jest/globals';
import { faultTable } from './faults.js';

describe('fault rules', () => {
  test('without a fault the table goes, also when there was none', () => {
    expect(faultTable('v1h11', [])).toBe('table netdev fault_v1h11\ndelete table netdev fault_v1h11\n');
  });

  test('faults of one device are rewritten together, each direction in its chain', () => {
    const rules = [
      { from: ['drop'], to: ['drop'] },
      { from: ['ip daddr 172.20.2.11 drop'], to: [] },
    ];
    expect(faultTable('v1h11', rules)).toBe(`table netdev fault_v1h11
delete table netdev fault_v1h11
table netdev fault_v1h11 {
  chain from {
    type filter hook ingress device "v1h11" priority 0;
    drop
    ip daddr 172.20.2.11 drop
  }
  chain to {
    type filter hook egress device "v1h11" priority 0;
    drop
  }
}
`);
  });
});
