import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { layerOf } from './layer.js';
import { archiveFilesOf, layoutOf } from './layout.js';
import { readTar } from './tar.js';

const SETTINGS = { time: 0, level: 6 };
const NAME = 'registry.example.org:5000/kilofed/kilofed:1.2.3';

async function index(text = 'x'): Promise<Parameters<typeof layoutOf>[0]> {
  const shared = await layerOf('shared', [{ kind: 'file', path: 'a', mode: 0o644, content: Buffer.from('a') }], SETTINGS);
  const own = await layerOf('own', [{ kind: 'file', path: 'b', mode: 0o644, content: Buffer.from(text) }], SETTINGS);
  const images = (['amd64', 'arm64'] as const).map((architecture) => ({ architecture, layers: [shared, own], config: { User: '1:1' } }));
  return { name: NAME, annotations: { 'org.opencontainers.image.version': '1.2.3' }, created: '1970-01-01T00:00:00.000Z', images };
}

test('equal images have one digest, and others another', async () => {
  const [one, same, other] = await Promise.all([index(), index(), index('y')]);
  expect(layoutOf(one)).toEqual(layoutOf(same));
  expect(layoutOf(other).digest).not.toBe(layoutOf(one).digest);
});

test('what both architectures have is there once', async () => {
  const { files } = layoutOf(await index());
  // Two files that say what it is; the list, and a manifest and a configuration for each; two layers.
  expect(files).toHaveLength(2 + 1 + 4 + 2);
  expect(new Set(files.map(([path]) => path)).size).toBe(files.length);
});

test('the tag is what comes behind the last colon, and the whole name is there for containerd', async () => {
  const file = layoutOf(await index()).files.find(([path]) => path === 'index.json');
  expect(JSON.parse(file?.[1].toString() ?? '')).toMatchObject({
    manifests: [{ annotations: { 'io.containerd.image.name': NAME, 'org.opencontainers.image.ref.name': '1.2.3' } }],
  });
});

test("an archive names for older Dockers the files of its layers, lowest first, and the image's name", async () => {
  const all = await index();
  const [, image] = all.images;
  if (image === undefined) throw new Error('there are two');
  const files = new Map(archiveFilesOf(all, image));
  const [docker] = JSON.parse(files.get('manifest.json')?.toString() ?? '') as {
    readonly Config: string;
    readonly RepoTags: readonly string[];
    readonly Layers: readonly string[];
  }[];
  expect(docker?.RepoTags).toEqual([NAME]);
  expect(JSON.parse(files.get(docker?.Config ?? '')?.toString() ?? '')).toMatchObject({ architecture: 'arm64', config: { User: '1:1' } });
  const paths = docker?.Layers.map((path) => readTar(gunzipSync(files.get(path) ?? '')).map((entry) => entry.path));
  expect(paths).toEqual([['a'], ['b']]);
});

test('a compressed layer does not tell when and on which system it was made', async () => {
  const { packed } = await layerOf('x', [], SETTINGS);
  expect([...packed.subarray(4, 8), packed[9]]).toEqual([0, 0, 0, 0, 255]);
});
