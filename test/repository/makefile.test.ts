import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('`make help` shows every target that has a name of its own', () => {
  const targets = /^\.PHONY: (.*)$/m.exec(readFileSync('Makefile', 'utf8'))?.[1]?.split(' ');
  const shown = execFileSync('make', ['--no-print-directory', 'help'], { encoding: 'utf8' }).matchAll(/^ {2}make (\S+) +\S/gm);
  expect([...shown].map(([, target = '']) => target).toSorted()).toEqual(targets?.toSorted());
});
