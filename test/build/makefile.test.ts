import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';

test('`make e2e` runs every end-to-end test', () => {
  const run = [...readFileSync(resolve('Makefile'), 'utf8').matchAll(/out\/test\/e2e\/(\w+)\.test\.js/g)].map(([, name]) => name);
  const there = readdirSync(resolve('test/e2e')).flatMap((file) => /^(\w+)\.test\.ts$/.exec(file)?.[1] ?? []);
  expect(new Set(run)).toEqual(new Set(there));
});
