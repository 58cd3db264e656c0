import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { OBJECT_TABLE } from '../../test/apiserver/objectTable.js';
import { customResourceDefinitions } from './crd.js';
import { CEL } from './schema.js';
import { structuralSchema } from './structural.js';

describe('zod gives the verdicts of the table', () => {
  test.each(OBJECT_TABLE.map((each) => [each.title, each] as const))('%s', (_, { schema, object, refused }) => {
    const verdict = schema.safeParse(object);
    if (refused === undefined) expect(verdict.error).toBeUndefined();
    else expect(verdict.error?.message ?? 'accepted').toContain(typeof refused === 'string' ? refused : refused.byZod);
  });
});

describe('a definition', () => {
  const all = Object.values(customResourceDefinitions());

  test('stores exactly one version', () => {
    expect(all.map(({ spec }) => spec.versions.filter((version) => version.storage).length)).toEqual(all.map(() => 1));
  });

  test('is named by plural and group', () => {
    expect(all.map(({ metadata }) => metadata.name)).toEqual([
      'meshes.kilofed.io',
      'meshnodes.kilofed.io',
      'gatewayreports.kilofed.io',
      'nodepolicies.kilofed.io',
      'peers.kilo.squat.ai',
      'serviceexports.multicluster.x-k8s.io',
      'serviceimports.multicluster.x-k8s.io',
    ]);
  });

  test('leaves metadata to the API server', () => {
    expect(all.map(({ spec }) => spec.versions[0]?.schema.openAPIV3Schema.properties?.metadata)).toEqual(
      all.map(() => ({ type: 'object' })),
    );
  });
});

describe('structuralSchema', () => {
  const structural = (part: z.ZodType): unknown => structuralSchema(z.object({ part }), 'x').properties?.part;

  test.each<[string, z.ZodType, object]>([
    ['an integer of 64 bits', z.int(), { type: 'integer', format: 'int64' }],
    ['an integer of 32 bits', z.int32(), { type: 'integer', format: 'int32' }],
    ['a bounded integer', z.int().min(1).max(9), { type: 'integer', format: 'int32', minimum: 1, maximum: 9 }],
    ['an open-ended integer', z.int().min(0), { type: 'integer', format: 'int64', minimum: 0 }],
    ['a strict object', z.strictObject({ a: z.string() }), { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }],
    ['a map', z.record(z.string(), z.int32()), { type: 'object', additionalProperties: { type: 'integer', format: 'int32' } }],
    ['a default', z.string().default('x'), { type: 'string', default: 'x' }],
    ['a pattern', z.string().regex(/^a$/), { type: 'string', pattern: '^a$' }],
    [
      'a rule, which replaces the pattern',
      z
        .string()
        .regex(/^a$/)
        .meta({ [CEL]: [{ rule: "self == 'a'", message: 'must be a' }] })
        .optional()
        .describe('One a.'),
      { type: 'string', description: 'One a.', [CEL]: [{ rule: "self == 'a'", message: 'must be a' }] },
    ],
  ])('%s', (_, schema, expected) => {
    expect(structural(schema)).toEqual(expected);
  });
});
