/**
 * The worked examples of CONTRIBUTING.md, as data: step by step, which file is made or changed, and how.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './pages.js';

interface Example {
  readonly title: string;
  readonly steps: readonly Step[];
}

interface Step {
  /** Path from the root of the project. */
  readonly file: string;
  readonly isNew: boolean;
  /** The lines of each of its blocks of code: a new file's text, or for a change lines after `+`, `-` or a space. */
  readonly blocks: readonly (readonly string[])[];
}

export function readExamples(): readonly Example[] {
  const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const section = page.split(/^## /m).find((each) => each.startsWith('Four changes')) ?? '';
  return section
    .split(/^### /m)
    .slice(1)
    .map((example) => ({
      title: example.split('\n')[0] ?? '',
      steps: example
        .split(/^(?=\d+\. `)/m)
        .slice(1)
        .map(stepOf)
        .filter(({ blocks }) => blocks.length > 0),
    }));
}

function stepOf(text: string): Step {
  const [, file = '', isNew] = /^\d+\. `([^`]+)`( \(new\))?/.exec(text) ?? [];
  const blocks = [...text.matchAll(/^ {3}```\w+\n([\s\S]*?)^ {3}```$/gm)].map(([, body = '']) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(3)),
  );
  return { file, isNew: isNew !== undefined, blocks };
}

/** `source` after the change. Undefined: what it changes is not there exactly once. */
export function changed(source: string, block: readonly string[]): string | undefined {
  const textOf = (other: string): string =>
    block
      .filter((line) => !line.startsWith(other))
      .map((line) => line.slice(1))
      .join('\n');
  const parts = source.split(textOf('+'));
  return parts.length === 2 ? parts.join(textOf('-')) : undefined;
}
