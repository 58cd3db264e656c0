import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { generatedFiles } from './generate.js';

const ROOT = resolve(import.meta.dirname, '../../..');

describe('the files in the repository are what the sources generate', () => {
  test.each(generatedFiles().map(({ path, text }) => [path, text]))('%s (if not: npm run generate)', async (path, text) => {
    expect(await readFile(join(ROOT, path), 'utf8')).toBe(text);
  });
});
