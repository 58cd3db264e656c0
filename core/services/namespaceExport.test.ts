import { describe, expect, test } from '@jest/globals';
import { exportRequest } from './annotations.js';
import { askedByNamespace, namespaceExport } from './namespaceExport.js';

type Texts = Readonly<Record<string, string>>;

const SERVICE: { namespace: string; name: string; labels: Texts } = { namespace: 'demo', name: 'web', labels: { app: 'web' } };

/** To whom the Service is exported: a list, `all`, or that it is not. */
function exported(
  namespace: Texts,
  annotations: Texts = {},
  { serviceExport, ...service }: Partial<typeof SERVICE> & { readonly type?: string; readonly serviceExport?: Texts } = {},
): unknown {
  const asked = askedByNamespace(namespaceExport(namespace).export, { ...SERVICE, ...service });
  const request = exportRequest(annotations, {
    ...(asked !== undefined && { namespace: asked }),
    ...(serviceExport !== undefined && { serviceExport }),
  });
  if (request?.exported !== true) return request === undefined ? 'not' : 'invalid';
  return `${request.byServiceExport === true ? 'MCS ' : ''}${request.targets?.join() ?? 'all'}`;
}

describe('a Service is exported', () => {
  const [ALL, MATCHING] = [{ 'kilofed.io/export': 'true' }, { 'kilofed.io/export-selector': 'app in (web,db)' }];
  test.each<[string, unknown, unknown]>([
    ['that its namespace exports', exported(ALL), 'all'],
    ['to whom the namespace says', exported({ ...ALL, 'kilofed.io/export-to': 'west,north' }), 'north,west'],
    [
      'that asks itself: to whom the namespace says, too',
      exported({ ...ALL, 'kilofed.io/export-to': 'west' }, { 'kilofed.io/export': 'true' }),
      'west',
    ],
    ['to whom it says itself', exported({ ...ALL, 'kilofed.io/export-to': 'west' }, { 'kilofed.io/export-to': 'east' }), 'east'],
    ['that does not want it: not', exported(ALL, { 'kilofed.io/export': 'false' }), 'not'],
    ['that says it in a way nobody understands: not', exported(ALL, { 'kilofed.io/export': 'maybe' }), 'invalid'],
    ['that matches', exported(MATCHING), 'all'],
    ['that does not match: not', exported(MATCHING, {}, { labels: { app: 'cache' } }), 'not'],
    ['that does not match, and asks itself', exported(MATCHING, { 'kilofed.io/export': 'true' }, { labels: {} }), 'all'],
    ['of those that match, where both are written', exported({ ...ALL, 'kilofed.io/export-selector': 'app=db' }), 'not'],
    ['not where the namespace says false', exported({ ...MATCHING, 'kilofed.io/export': 'false' }), 'not'],
    ['not by a selector that nobody understands', exported({ ...ALL, 'kilofed.io/export-selector': 'app >' }), 'not'],
    ['not by export-to alone', exported({ 'kilofed.io/export-to': 'west' }), 'not'],
    ['not if it is of type ExternalName', exported(ALL, {}, { type: 'ExternalName' }), 'not'],
    ['not if it is the API server', exported(ALL, {}, { namespace: 'default', name: 'kubernetes' }), 'not'],
    ['in the way of annotations, if a ServiceExport asks too', exported(ALL, {}, { serviceExport: {} }), 'all'],
    [
      'to whom its ServiceExport says, before the namespace',
      exported({ ...ALL, 'kilofed.io/export-to': 'west' }, {}, { serviceExport: { 'kilofed.io/export-to': 'east' } }),
      'east',
    ],
    ['by its ServiceExport alone where the namespace does not', exported(MATCHING, {}, { labels: {}, serviceExport: {} }), 'MCS all'],
  ])('%s', (_what, found, expected) => {
    expect(found).toBe(expected);
  });
});

test.each([
  [{ 'kilofed.io/export-to': 'west' }, /^annotation kilofed\.io\/export-to of the namespace alone says nothing/],
  [{ 'kilofed.io/export': 'yes' }, /^annotation kilofed\.io\/export of the namespace is "yes"/],
  [
    { 'kilofed.io/export': 'true', 'kilofed.io/export-selector': 'app in a' },
    /^annotation kilofed\.io\/export-selector .* "app in a" is not understood/,
  ],
])('%j is a complaint, and exports nothing', (annotations, message) => {
  const { complaints, ...said } = namespaceExport(annotations);
  expect(said).toEqual({});
  expect(complaints).toEqual([{ reason: 'InvalidAnnotation', message: expect.stringMatching(message) }]);
});
