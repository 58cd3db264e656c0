/**
 * docs/conformance.md, as the tables of the suite have it.
 */
import type { Rule } from './rule.js';
import { RULES, type RuleId } from './rules.js';
import { TRAPS } from './traps.js';
import { UPSTREAM } from './upstream.js';

const SECTIONS: Readonly<Record<string, string>> = {
  '1.1': 'Objects and fields',
  '1.2': 'Conditions and reasons',
  '1.3': 'Conflicts',
  '1.4': 'Addresses, headless Services, EndpointSlices',
  '1.5': 'DNS',
  '1.6': 'Namespaces, lifecycle, identity',
};

/** From the first section to the end of the page. */
export function conformanceTables(): string {
  const entries = Object.entries(RULES) as readonly (readonly [RuleId, Rule])[];
  return [
    '## How many',
    '',
    '| rules | met | met in another way | not met |',
    '|---|---|---|---|',
    row(String(entries.length), ...(['met', 'differs', 'unmet'] as const).map((state) => String(count(entries, state)))),
    '',
    ...Object.entries(SECTIONS).flatMap(([section, title]) => [
      ...[`## ${section} ${title}`, '', '| rule | | met | source |', '|---|---|---|---|'],
      ...entries.filter(([id]) => id.startsWith(`${section}.`)).map(([id, rule]) => row(id, text(rule.text), verdict(rule), rule.source)),
      '',
    ]),
    '## The suite of mcs-api',
    '',
    'What the conformance suite of `kubernetes-sigs/mcs-api` (v0.5.0) checks, and the rules that check the same here.',
    '',
    '| its file | checks | required | rules |',
    '|---|---|---|---|',
    ...UPSTREAM.map(({ file, checks, required, rules }) => row(file, checks, required ? 'yes' : 'no', rules.join(', '))),
    '',
    '## What mirrors get wrong elsewhere',
    '',
    '| | topic | right | held by tests in |',
    '|---|---|---|---|',
    ...TRAPS.map(({ topic, right, heldBy, not }, index) => row(String(index + 1), topic, right, heldIn(heldBy, not))),
    '',
  ].join('\n');
}

function count(entries: readonly (readonly [RuleId, Rule])[], state: ReturnType<typeof stateOf>): number {
  return entries.filter(([, rule]) => stateOf(rule) === state).length;
}

function stateOf({ differs, unmet }: Rule): 'met' | 'differs' | 'unmet' {
  if (unmet !== undefined) return 'unmet';
  return differs === undefined ? 'met' : 'differs';
}

function verdict({ heldBy, differs, unmet }: Rule): string {
  if (unmet !== undefined) return `**no**: ${text(unmet)}`;
  if (differs !== undefined) return `in another way: ${text(differs)}`;
  return heldBy === undefined ? 'yes' : `yes (\`${heldBy.file}\`)`;
}

function heldIn(heldBy: Readonly<Record<string, readonly string[]>> = {}, not?: string): string {
  const files = Object.keys(heldBy).map((file) => `\`${file}\``);
  return [...(files.length === 0 ? [] : [files.join(', ')]), ...(not === undefined ? [] : [text(not)])].join('; ');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Angle brackets would be taken for tags. */
function text(said: string): string {
  return said.replaceAll('|', '\\|').replaceAll(/<([a-z-]+)>/g, '&lt;$1&gt;');
}
