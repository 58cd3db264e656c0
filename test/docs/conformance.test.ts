/**
 * The tables of the conformance suite: each rule has one test or a reason why not, and the other way round; what they name is there; and
 * docs/conformance.md says what they say.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { conformanceTables } from '../conformance/tables.js';
import type { Rule } from '../conformance/rule.js';
import { RULES } from '../conformance/rules.js';
import { TRAPS } from '../conformance/traps.js';
import { UPSTREAM } from '../conformance/upstream.js';
import { ROOT } from './pages.js';

const FOLDER = 'test/conformance';
const rules: readonly (readonly [string, Rule])[] = Object.entries(RULES);
const entry = readFileSync(join(ROOT, FOLDER, 'conformance.test.ts'), 'utf8');

/** Rules that the files which the suite runs have tests of, with how many. */
function tested(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const files = readdirSync(join(ROOT, FOLDER)).filter((name) => entry.includes(`'./${name.replace(/\.ts$/, '.js')}'`));
  for (const file of files) {
    const source = readFileSync(join(ROOT, FOLDER, file), 'utf8');
    for (const [, id = ''] of source.matchAll(/\bconform\(\s*'([^']+)'/g)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function holds(file: string, name: string): boolean {
  return existsSync(join(ROOT, file)) && readFileSync(join(ROOT, file), 'utf8').includes(name);
}

describe('rules', () => {
  test('each has exactly one test, here or elsewhere, or a reason why not', () => {
    const counts = tested();
    const wrong = rules
      .map(
        ([id, { heldBy, unmet }]) => [id, (counts.get(id) ?? 0) + (heldBy === undefined ? 0 : 1) + (unmet === undefined ? 0 : 1)] as const,
      )
      .filter(([, count]) => count !== 1);
    expect(wrong).toEqual([]);
  });

  test('each test is of a rule', () => {
    expect([...tested().keys()].filter((id) => !(id in RULES))).toEqual([]);
  });

  test('what holds a rule elsewhere is there', () => {
    const missing = rules.flatMap(([id, { heldBy }]) =>
      heldBy === undefined || (heldBy.test !== '' && holds(heldBy.file, heldBy.test)) ? [] : [`${id}: ${heldBy.file}: ${heldBy.test}`],
    );
    expect(missing).toEqual([]);
  });

  test('each has a text, and a source', () => {
    expect(rules.filter(([, { text, source }]) => text === '' || source === '')).toEqual([]);
  });
});

test('what the suite of mcs-api requires, a rule holds that is met', () => {
  const unmet = (id: string): boolean => (RULES as Readonly<Record<string, Rule>>)[id]?.unmet !== undefined;
  expect(UPSTREAM.filter(({ required, rules: ids }) => ids.length === 0 || (required && ids.some(unmet)))).toEqual([]);
});

describe('traps', () => {
  test('all 54', () => {
    expect(TRAPS.length).toBe(54);
  });

  test('each is held by tests that are there, or says why not', () => {
    const missing = TRAPS.flatMap(({ topic, heldBy = {}, not }) => {
      const named = Object.entries(heldBy).flatMap(([file, names]) => names.map((name) => [file, name] as const));
      if (named.length === 0) return not === undefined ? [`${topic}: nothing`] : [];
      return named.filter(([file, name]) => !holds(file, name)).map(([file, name]) => `${topic}: ${file}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});

test('docs/conformance.md has the tables', () => {
  const page = readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8');
  expect(page.slice(page.indexOf('## How many'))).toBe(conformanceTables());
});
