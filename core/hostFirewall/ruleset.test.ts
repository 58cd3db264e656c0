import { expect, test } from '@jest/globals';
import { parseTable, tablesWithFilters } from './ruleset.js';

test('a table: chains with their hook and policy, and rules as words, sets in one word over several lines', () => {
  const text = [
    'table inet fw { # handle 3',
    'table inet fw {',
    '\tset friends {',
    '\t\ttype ipv4_addr',
    '\t\telements = { 192.0.2.1 }',
    '\t}',
    '',
    '\tchain input {',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t\tip6 daddr { ::/96, 2002::/24,',
    '\t\t\t     2002:e000::/19 } reject with icmpv6 addr-unreachable',
    '\t\tiifname "eth 0" udp dport 53 accept comment "a } b { c"',
    '\t}',
    '\tchain empty {',
    '\t}',
    '\tchain nat {',
    '\t\ttype nat hook input priority 100; policy accept;',
    '\t}',
    '}',
  ].join('\n');
  expect(parseTable(text)).toEqual({
    family: 'inet',
    name: 'fw',
    chains: new Map([
      [
        'input',
        {
          name: 'input',
          hook: 'input',
          policy: 'drop',
          rules: [
            ['ip6', 'daddr', '{ ::/96, 2002::/24, 2002:e000::/19 }', 'reject', 'with', 'icmpv6', 'addr-unreachable'],
            ['iifname', '"eth 0"', 'udp', 'dport', '53', 'accept'],
          ],
        },
      ],
      ['empty', { name: 'empty', policy: 'accept', rules: [] }],
      ['nat', { name: 'nat', policy: 'accept', rules: [] }],
    ]),
  });
  expect(parseTable('Error: No such file or directory')).toBeUndefined();
});

test('of all chains, the tables that could drop what concerns us', () => {
  const text = `table ip nat {
	chain PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
	}
}
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table bridge filter {
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
}
table inet fw {
	chain out {
		type filter hook output priority filter; policy accept;
	}
}
`;
  expect(tablesWithFilters(text)).toEqual(['ip filter', 'inet fw']);
});
