import { expect, test } from '@jest/globals';
import type { ReportedLink } from '../core/api/gatewayReport.js';
import type { KubeObject } from '../core/api/resources.js';
import { tunnel } from '../test/fakes/links.js';
import { checkReport } from './facts.js';

function report(links: readonly ReportedLink[]): KubeObject & { readonly spec: object } {
  return { apiVersion: 'kilofed.io/v1alpha1', kind: 'GatewayReport', metadata: { name: 'a1' }, spec: { links } };
}

test('of a report that is too long, what does not work is kept, then what leads to other members', () => {
  const own = (peer: string, state: ReportedLink['state']): ReportedLink =>
    tunnel({ segment: `node:${peer}`, member: undefined, peer, state });
  const links = [own('n1', 'up'), own('n2', 'up'), tunnel(), own('n3', 'down'), tunnel({ peer: 'w2', state: 'unknown' })];
  const kept = (most: number): readonly string[] => {
    const checked = checkReport(report(links), most);
    return checked.ok ? checked.value.map(({ peer }) => peer) : [checked.error];
  };
  expect(kept(5)).toEqual(['n1', 'n2', 'west-default-0', 'n3', 'w2']);
  expect(kept(4)).toEqual(['w2', 'n3', 'west-default-0', 'n1']);
  expect(kept(2)).toEqual(['w2', 'n3']);
});

test('a malformed report is none', () => {
  expect(checkReport({ ...report([]), spec: { links: 5 } } as KubeObject, 5)).toMatchObject({ ok: false });
});
