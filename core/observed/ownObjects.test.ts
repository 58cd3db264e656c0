import { expect, test } from '@jest/globals';
import {
  ANNOTATION,
  BLOCKED_ANNOTATION_PREFIX,
  DERIVED_SERVICE_ANNOTATION,
  LABEL,
  MCS_LABEL,
  WAITING_ANNOTATION_PREFIX,
} from '../api/names.js';
import { readOwn } from './ownObjects.js';

// One that is not kept would be missed in every answer, and be written again for ever.
test('of what the hub writes every label and annotation is kept, and of others none', () => {
  const named = (keys: readonly string[]): Record<string, string> => Object.fromEntries(keys.map((key) => [key, 'x']));
  const labels = named([...Object.values(LABEL), ...Object.values(MCS_LABEL)]);
  const annotations = named([
    ...Object.values(ANNOTATION),
    `${BLOCKED_ANNOTATION_PREFIX}west`,
    `${WAITING_ANNOTATION_PREFIX}west`,
    DERIVED_SERVICE_ANNOTATION,
  ]);
  const others = named(['kubectl.kubernetes.io/last-applied-configuration', 'kilofed.io.example.com/x', 'example.com/kilofed.io']);
  const read = readOwn('serviceExport', {
    metadata: { name: 'web', namespace: 'demo', labels: { ...labels, ...others }, annotations: { ...annotations, ...others } },
  });
  expect(read.ok && read.value.object.metadata).toEqual({ name: 'web', namespace: 'demo', labels, annotations });
});
