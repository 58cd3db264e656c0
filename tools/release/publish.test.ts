import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const INDEX = '{"some":"index"}';
const DIGEST = `sha256:${createHash('sha256').update(INDEX).digest('hex')}`;

/** With clients of a registry that write down what they are asked, and who is logged in by what. */
describe('publish.sh', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kilofed-publish-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'image'));
    writeFileSync(join(folder, 'version'), '1.2.3\n');
    writeFileSync(join(folder, 'image/digests'), `${DIGEST} ghcr.io/kilofed/kilofed-hub:1.2.3\n${DIGEST} ghcr.io/kilofed/kilofed:1.2.3\n`);
    program('skopeo', `[ "$1" != inspect ] || printf '%s' '${INDEX}'`);
    program('cosign', ':');
    program('helm', `[ "$1" != push ] || { echo 'Pushed: x' >&2; echo 'Digest: ${DIGEST}' >&2; }`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const program = (name: string, body: string): void => {
    const said = `echo "${name} $*" >> "${folder}/said"; case " $* " in *login*) cat >> "${folder}/passwords" ;; esac`;
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${said}\n${body}\n`, { mode: 0o755 });
  };
  const publish = (): Promise<unknown> =>
    run('sh', ['tools/release/publish.sh', folder, 'SomeBody'], {
      env: { PATH: `${folder}/bin:${process.env['PATH']}`, REGISTRY_USER: 'u', REGISTRY_PASSWORD: 'secret' },
    });
  const said = (): readonly string[] => readFileSync(join(folder, 'said'), 'utf8').trim().split('\n');

  test('pushes both images with all architectures and the chart, and signs each by its digest', async () => {
    await publish();
    const lines = said();
    for (const image of ['kilofed-hub', 'kilofed']) {
      const target = `ghcr.io/somebody/${image}`;
      expect(lines).toContain(`skopeo copy --all --preserve-digests oci:${folder}/image/${image} docker://${target}:1.2.3`);
      expect(lines).toContain(`cosign sign --yes --recursive ${target}@${DIGEST}`);
      expect(lines).toContain(`cosign attest --yes --type spdxjson --predicate ${folder}/image/${image}.spdx.json ${target}@${DIGEST}`);
    }
    expect(lines).toContain(`helm push ${folder}/files/kilofed-1.2.3.tgz oci://ghcr.io/somebody/charts`);
    expect(lines.at(-1)).toBe(`cosign sign --yes ghcr.io/somebody/charts/kilofed@${DIGEST}`);
    expect(readFileSync(join(folder, 'passwords'), 'utf8')).toBe('secret\n'.repeat(3));
    expect(lines.join('\n')).not.toContain('secret');
  });

  test('signs nothing that the registry has under another digest', async () => {
    program('skopeo', `[ "$1" != inspect ] || echo other`);
    await expect(publish()).rejects.toThrow(/was built as sha256:/);
    expect(said().filter((line) => line.startsWith('cosign sign'))).toEqual([]);
  });

  test('ends where a push fails, and where helm does not say what it pushed', async () => {
    program('helm', ':');
    await expect(publish()).rejects.toThrow(/does not say under which digest/);
    program('skopeo', '[ "$1" != copy ]');
    await expect(publish()).rejects.toThrow();
    expect(existsSync(join(folder, 'files'))).toBe(false);
  });
});
