/**
 * What people write for exports and imports, with a value that nobody understands, in the whole hub: it is told, and the safe default
 * holds.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { EXPORT_ANNOTATION, EXPORT_LABEL } from '../../core/api/exportNames.js';
import { ANNOTATION, LABEL } from '../../core/api/names.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putExport } from './fakeFederation.js';

type Texts = Readonly<Record<string, string>>;

let world: FakeFederation;

afterEach(() => world.end());

async function federation(prepare: () => void): Promise<void> {
  world = createFakeFederation(['east', 'west']);
  prepare();
  world.start();
  await world.clock.advance(5_000);
}

function putNamespace(
  id: string,
  name: string,
  { labels = {}, annotations = {} }: { readonly labels?: Texts; readonly annotations?: Texts },
): void {
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } });
}

/** The name under which west has it. */
function importedAs(): string | undefined {
  const { metadata } = world.cluster('west').objects.get('serviceimports/demo/web') ?? {};
  const name = metadata?.annotations?.['multicluster.kubernetes.io/derived-service'];
  return name?.startsWith('derived-') === true ? 'derived' : name;
}

/** What the exporter is told: `Valid=False`, and the reason. */
function validity(): { readonly valid: string; readonly message: string } {
  const { status } = (world.cluster('east').objects.get('serviceexports/demo/web') ?? {}) as KubeObject & {
    readonly status?: {
      readonly conditions?: readonly {
        readonly type: string;
        readonly status: string;
        readonly reason: string;
        readonly message: string;
      }[];
    };
  };
  const valid = status?.conditions?.find(({ type }) => type === 'Valid');
  return { valid: `${valid?.status} ${valid?.reason}`, message: valid?.message ?? '' };
}

interface Row {
  /** Nothing that has a meaning there. */
  readonly value: string;
  /** What the exporter is told of it. */
  readonly valid?: string;
  readonly importedAs: string | undefined;
}

/** One for each name, which the compiler sees to. */
const OF_EXPORTS: Readonly<Record<Exclude<keyof typeof EXPORT_ANNOTATION, 'choice' | 'exportSelector'>, Row>> = {
  export: { value: 'yes', valid: 'False InvalidAnnotation', importedAs: undefined },
  exportTo: { value: 'No_one', importedAs: undefined },
  ownName: { value: 'yes', importedAs: 'web' },
  affinity: { value: 'locl', importedAs: 'web' },
  prefer: { value: 'No_one', importedAs: 'web' },
  weights: { value: 'west:1', importedAs: 'web' },
  endpoints: { value: 'nodes', importedAs: 'web' },
};

describe('an annotation of the Service', () => {
  test.each(Object.entries(OF_EXPORTS))('%s', async (name, { value, valid = 'True InvalidAnnotation', importedAs: as }) => {
    const key = EXPORT_ANNOTATION[name as keyof typeof OF_EXPORTS];
    const annotations = { [EXPORT_ANNOTATION.export]: 'true', [key]: value };
    await federation(() => exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations }));
    expect([validity().valid, importedAs()]).toEqual([valid, as]);
    expect([validity().message.includes(key), validity().message.includes(value)]).toEqual([true, true]);
  });
});

describe('an annotation whose name is misspelt', () => {
  const MISSPELT = 'kilofed.io/prefre';

  test('of a Service that is exported: what it is to be is told, and all else holds', async () => {
    const annotations = { [EXPORT_ANNOTATION.export]: 'true', [MISSPELT]: 'west' };
    await federation(() => exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations }));
    expect([validity().valid, importedAs()]).toEqual(['True InvalidAnnotation', 'web']);
    expect(validity().message).toBe(
      `annotation ${MISSPELT} is none of Kilofed's and has no effect: did you mean ${EXPORT_ANNOTATION.prefer}?`,
    );
  });

  test('of a Service that is not exported: it would be, if it were right', async () => {
    const annotations = { 'kilofed.io/exprot': 'true' };
    await federation(() => exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations }));
    expect([validity().valid, importedAs()]).toEqual(['False InvalidAnnotation', undefined]);
    expect(validity().message).toContain(`did you mean ${EXPORT_ANNOTATION.export}?`);
    exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations: {} });
    await world.clock.advance(5_000);
    expect(validity().valid).toBe('undefined undefined');
  });

  test("of a person's ServiceExport", async () => {
    await federation(() => {
      exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations: {} });
      putExport(world.cluster('east'), 'web', { annotations: { 'kilofed.io/ownname': 'true' } });
    });
    expect([validity().valid, importedAs()]).toEqual(['True InvalidAnnotation', 'derived']);
    expect(validity().message).toContain(`did you mean ${EXPORT_ANNOTATION.ownName}?`);
  });
});

describe("an annotation of a person's ServiceExport", () => {
  // Nothing but the Service itself says whether it is exported, and consents to an affinity.
  const { export: _export, affinity: _affinity, ...rows } = OF_EXPORTS;
  test.each(Object.entries(rows))('%s', async (name, { value, importedAs: as }) => {
    const key = EXPORT_ANNOTATION[name as keyof typeof rows];
    await federation(() => {
      exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], annotations: {} });
      putExport(world.cluster('east'), 'web', { annotations: { [key]: value } });
    });
    expect([validity().valid, importedAs()]).toEqual(['True InvalidAnnotation', as === undefined ? undefined : 'derived']);
    expect([validity().message.includes(key), validity().message.includes(value)]).toEqual([true, true]);
  });
});

const OF_NAMESPACES: Readonly<Record<string, Row & { readonly reason: string; readonly in: string; readonly key: string }>> = {
  'what it exports': { in: 'east', key: EXPORT_ANNOTATION.export, value: 'yes', reason: 'InvalidAnnotation', importedAs: undefined },
  'which it exports': { in: 'east', key: EXPORT_ANNOTATION.exportSelector, value: '=', reason: 'InvalidAnnotation', importedAs: undefined },
  'from whom it imports': { in: 'west', key: LABEL.import, value: 'East', reason: 'BadImport', importedAs: undefined },
  'whether with own names': { in: 'west', key: EXPORT_LABEL.ownNames, value: 'yes', reason: 'InvalidAnnotation', importedAs: 'derived' },
  'whether with host names': { in: 'west', key: ANNOTATION.importHostnames, value: 'yes', reason: 'InvalidAnnotation', importedAs: 'web' },
};

describe('what a namespace says', () => {
  test.each(Object.entries(OF_NAMESPACES))('%s', async (_what, { in: id, key, value, reason, importedAs: as }) => {
    await federation(() => {
      exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], ...(id === 'east' && { annotations: {} }) });
      putNamespace(id, 'demo', { labels: { [key]: value }, annotations: { [key]: value } });
    });
    expect(importedAs()).toBe(as);
    expect(problems()).toEqual([expect.stringMatching(new RegExp(`^${id} ${reason}: .*${key.replaceAll('.', '\\.')}`))]);
  });

  test('for whose exports namespaces are made', async () => {
    await federation(() => {
      exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
      world.cluster('west').drop(RESOURCE.namespace, 'demo');
      putNamespace('west', 'kilofed', { labels: { [EXPORT_LABEL.createNamespaces]: 'East' } });
    });
    expect(world.cluster('west').objects.has('namespaces/demo')).toBe(false);
    expect(problems()).toEqual([expect.stringMatching(/^west NamespaceMissing: .*kilofed\.io\/create-namespaces/)]);
  });
});

function problems(): string[] {
  return world
    .hub()
    .status()
    .problems.map(({ cluster, reason, message }) => `${cluster} ${reason}: ${message}`);
}
