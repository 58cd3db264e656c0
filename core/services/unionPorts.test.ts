import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { tcp } from '../../test/fakes/services.js';
import type { ServicePort } from './model.js';
import { nameOfNameless, portKey, uniquePorts } from './serviceShape.js';
import { unionPorts } from './unionPorts.js';

const udp = (name: string, port: number): ServicePort => ({ name, protocol: 'UDP', port });
const [http, grpc, admin] = [tcp('http', 80), tcp('grpc', 81), tcp('admin', 82)];

test.each<[string, readonly ServicePort[], readonly (readonly ServicePort[])[], readonly ServicePort[], readonly ServicePort[]]>([
  ['all that collide with none', [http], [[grpc], [admin]], [], [http, grpc, admin]],
  ['of one name the first', [http], [[tcp('http', 8000)]], [], [http]],
  ['of one number the first', [http], [[tcp('web', 80)]], [], [http]],
  ['one number of two protocols is two', [tcp('dns', 53)], [[udp('dns-udp', 53)]], [], [tcp('dns', 53), udp('dns-udp', 53)]],
  ['the empty name is a name', [tcp('', 80)], [[tcp('', 81)]], [], [tcp('', 80)]],
  ['a lone port without a name gets one where nothing stands', [tcp('', 80)], [[grpc]], [], [tcp('', 80), grpc]],
  ['and stays alone where it stands alone', [tcp('', 80)], [[grpc]], [tcp('', 80)], [tcp('', 80)]],
  ['what others added stays, whoever else wants its number now', [http], [[tcp('x', 81)], [grpc]], [http, grpc], [http, grpc]],
  ['until nobody has it', [http], [[tcp('x', 81)], []], [http, grpc], [http, tcp('x', 81)]],
  ['or the first wants it', [http, tcp('x', 81)], [[grpc]], [http, grpc], [http, tcp('x', 81)]],
  ['what the first drops and another has stays', [grpc], [[http]], [http], [grpc, http]],
  ['what no Service can have is left out', [http], [[tcp('Not a name', 81), tcp('no', 0)]], [], [http]],
  [
    'the application protocol is as its exporter says now',
    [http],
    [[{ ...grpc, appProtocol: 'h2c' }]],
    [http, grpc],
    [http, { ...grpc, appProtocol: 'h2c' }],
  ],
])('%s', (_what, ...given) => {
  const [first, others, standing, expected] = given;
  expect(unionPorts({ first, others, standing, someUnknown: false })).toEqual(expected);
});

test('while somebody is not known, what stands stays', () => {
  expect(unionPorts({ first: [http], others: [[tcp('x', 81)]], standing: [http, grpc], someUnknown: true })).toEqual([http, grpc]);
});

test('a hundred ports at most, those of the first before all', () => {
  const many = (word: string, from: number): ServicePort[] => Array.from({ length: 80 }, (_, n) => tcp(`${word}${n}`, from + n));
  const union = unionPorts({ first: many('b', 1_000), others: [many('c', 2_000)], standing: many('c', 2_000), someUnknown: false });
  expect([union.length, union.slice(0, 80)]).toEqual([100, many('b', 1_000)]);
});

const port = fc.record({
  name: fc.constantFrom('', 'http', 'grpc', 'tcp-80', 'tcp-81'),
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  port: fc.constantFrom(80, 81, 82),
});
const ports = fc.array(port, { maxLength: 4 });

test('what stands is planned again, and a newcomer changes no port of it, nor the name that one without was given', () => {
  fc.assert(
    fc.property(ports.map(uniquePorts), fc.array(ports, { maxLength: 3 }), ports, fc.boolean(), (first, others, newcomer, someUnknown) => {
      const standing = unionPorts({ first, others, standing: [], someUnknown: false });
      expect(unionPorts({ first, others, standing, someUnknown })).toEqual(standing);
      const after = unionPorts({ first, others: [...others, newcomer], standing, someUnknown });
      expect(after.slice(0, standing.length)).toEqual(standing);
      if (standing.length > 0) expect(nameOfNameless({ ports: after })).toBe(nameAfter(standing, after));
      expect(new Set(after.map(portKey)).size).toBe(after.length);
    }),
  );
});

/** The name of the nameless port among `standing`, which others may have joined: as before, or that of one that has come with them. */
function nameAfter(standing: readonly ServicePort[], after: readonly ServicePort[]): string {
  return standing.some(({ name }) => name === '') ? nameOfNameless({ ports: standing }) : nameOfNameless({ ports: after });
}
