import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../api/resources.js';
import { exportNews, importEnded, importNews } from './news.js';

type Said = Parameters<typeof exportNews>[1][number];

const said = (type: string, status: Said['status'], reason: string, message = ''): Said => ({ type, status, reason, message });
const reasons = (before: readonly Said[], now: readonly Said[]): string[] =>
  exportNews(before, now).map(({ type, reason }) => `${type} ${reason}`);

describe('of an export', () => {
  const GOOD = [said('Valid', 'True', 'Valid'), said('Ready', 'True', 'Exported'), said('Conflict', 'False', 'NoConflicts')];

  test.each<[string, readonly Said[], readonly Said[], readonly string[]]>([
    ['it begins', [], GOOD, ['Normal Exported']],
    ['nothing changes', GOOD, GOOD, []],
    ['only a message changes', GOOD, [said('Ready', 'True', 'Exported', 'west: lacks the namespace')], []],
    ['it is not valid', [], [said('Valid', 'False', 'InvalidServiceType', 'no')], ['Warning InvalidServiceType']],
    ['it is not ready at first', [], [said('Ready', 'False', 'NoTargets', 'nobody')], ['Warning NoTargets']],
    ['it stops', GOOD, [said('Ready', 'False', 'Pending', 'west: no')], ['Warning ExportStopped']],
    ['it is back', [said('Ready', 'False', 'Pending')], GOOD, ['Normal Exported']],
    ['exporters differ', GOOD, [said('Conflict', 'True', 'PortConflict', 'ports')], ['Warning Conflict']],
    [
      'they differ in more',
      [said('Conflict', 'True', 'PortConflict')],
      [said('Conflict', 'True', 'PortConflict,TypeConflict', 'both')],
      ['Warning Conflict'],
    ],
    ['they agree again', [said('Conflict', 'True', 'PortConflict')], GOOD, ['Normal Exported', 'Normal ConflictOver']],
  ])('%s', (_name, before, now, told) => expect(reasons(before, now)).toEqual(told));
});

describe('of an import', () => {
  const object = (kind: string): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name: 'web' } });
  const standing = (...ready: readonly boolean[]): Parameters<typeof importNews>[0] => ({
    services: [object('Service')],
    slices: [{ ...object('EndpointSlice'), endpoints: ready.map((each) => ({ conditions: { ready: each } })) }],
  });
  const NONE = { services: [], slices: [] };
  const IMPORT = { name: 'web', exporters: ['east', 'north'] };

  test.each<[string, Parameters<typeof importNews>, string | undefined]>([
    ['it begins', [NONE, standing(true), IMPORT], 'Imported imported from east, north as Service web'],
    [
      'it begins with nothing that is ready',
      [NONE, standing(), IMPORT],
      'Imported imported from east, north as Service web; no endpoint is ready yet',
    ],
    ['an endpoint of several goes', [standing(true, true), standing(true, false), IMPORT], undefined],
    ['the last one goes', [standing(true), standing(false), IMPORT], 'ImportStopped no endpoint of east, north is ready'],
    ['the link dies', [standing(true), standing(false), { ...IMPORT, heldBack: 'no link' }], 'ImportStopped no link'],
    ['one is back', [standing(false), standing(true), IMPORT], 'ImportReturned endpoints are ready again: east, north'],
    ['it stands', [standing(true), standing(true), IMPORT], undefined],
    ['it ends', [standing(true), NONE, IMPORT], undefined],
  ])('%s', (_name, [before, now, what], told) =>
    expect(importNews(before, now, what).map(({ reason, note }) => `${reason} ${note}`)).toEqual(told === undefined ? [] : [told]),
  );
});

test('the end of an import says why', () => {
  expect(importEnded('nobody exports it')).toEqual({
    type: 'Normal',
    reason: 'ImportEnded',
    note: 'it is not imported any more: nobody exports it',
  });
});
