/**
 * docs/security.md says what is still possible, and which attack is stopped where. Both are what the tests show.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { HUB_TOKEN_AT_HOME } from '../apiserver/hubAtHome.js';
import { LEAKED_KUBECONFIG } from '../apiserver/leakedKubeconfig.js';
import { STOLEN_NODE_TOKEN } from '../apiserver/stolenNodeToken.js';
import { TENANT_THEFTS } from '../apiserver/tenant.js';
import { admitted, type Theft } from '../apiserver/theft.js';
import { ROOT } from './pages.js';

const PAGE = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** Items of the lists under a heading, without their closing mark. */
function itemsUnder(heading: string): string[] {
  const section = PAGE.split(/^#+ /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^- ([\s\S]+?)[;.]\n(?=- |\n)/gm)].map(([, item = '']) => item.replaceAll(/\s+/g, ' '));
}

describe('what is admitted is what the API server allows', () => {
  const PARTS: readonly (readonly [string, readonly Theft[]])[] = [
    ["With a member's kubeconfig of the hub", Object.values(LEAKED_KUBECONFIG).flat()],
    ["With a node-agent's token", STOLEN_NODE_TOKEN],
    ["With the hub's own token at home", HUB_TOKEN_AT_HOME],
    ['With one namespace of a member', TENANT_THEFTS],
  ];

  test.each(PARTS)('%s', (heading, thefts) => {
    expect(itemsUnder(heading)).toEqual(admitted(thefts));
    expect(thefts.length).toBeGreaterThan(admitted(thefts).length * 2);
  });

  test('these are the first parts, and over two hundred attempts are refused', () => {
    expect([...PAGE.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading).slice(0, PARTS.length)).toEqual(
      PARTS.map(([heading]) => heading),
    );
    expect(PAGE).toContain('Over two hundred other attempts were');
    expect(PARTS.flatMap(([, thefts]) => thefts).filter(({ refused }) => refused !== undefined).length).toBeGreaterThan(200);
  });
});

test('L9: the installation guide says that a LAN can forge encapsulated packets', () => {
  const install = readFileSync(join(ROOT, 'docs/install.md'), 'utf8').replaceAll(/\s+/g, ' ');
  expect(install).toContain("VXLAN and IPIP are accepted by the sender's address, which a machine on that LAN can forge.");
});

describe('each finding of the table', () => {
  const rows = [...PAGE.matchAll(/^\| ([CHML]\d+) +\|(.*)\|(.*)\|$/gm)].map(([, number = '', , files = '']) => ({
    number,
    files: [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
  }));
  const numbers = numbersOfTests();

  test('is there once, by number', () => {
    const sorted = (text: string): string => 'CHML'.indexOf(text[0] ?? '') + text.slice(1).padStart(3, '0');
    const listed = rows.map(({ number }) => number);
    expect(listed).toEqual([...new Set(listed)].toSorted((a, b) => (sorted(a) < sorted(b) ? -1 : 1)));
    expect(listed).toHaveLength(34);
  });

  test.each(rows.map(({ number, files }) => [number, files] as const))(
    '%s: the files that it names have tests of its number',
    (number, files) => {
      expect(files.filter((file) => numbers.get(number)?.has(file) !== true)).toEqual([]);
    },
  );

  test('has a row for every number that a test begins with', () => {
    expect([...numbers.keys()].filter((number) => rows.every((row) => row.number !== number))).toEqual([]);
  });
});

/** The files that have tests of a number, by number: what the title of a test, or of a group of tests, begins with. */
function numbersOfTests(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of sources(ROOT)) {
    const text = readFileSync(file, 'utf8');
    for (const [, , title = ''] of text.matchAll(/(?:\btest|\bdescribe\w*|\))(?:\.\w+)*\(\s*(['"`])((?:[CHML]\d{1,2}(?:\.\d)?[ ,]*)+):/g)) {
      for (const number of title.match(/[CHML]\d+/g) ?? []) {
        found.set(number, (found.get(number) ?? new Set()).add(relative(ROOT, file)));
      }
    }
  }
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'out', 'dist', '.git'].includes(entry.name) ? [] : sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}
