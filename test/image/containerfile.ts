/**
 * A Containerfile, taken apart as far as tests need it: stages, and the steps of each.
 */

interface Stage {
  readonly from: string;
  readonly name: string;
  readonly steps: readonly Step[];
}

interface Step {
  /** `RUN`, `COPY`, … */
  readonly word: string;
  readonly text: string;
}

export function readContainerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { from: string; name: string; steps: Step[] }[] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const [, from = '', name = ''] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
    if (word === 'FROM') stages.push({ from, name, steps: [] });
    else stages.at(-1)?.steps.push({ word, text: rest });
  }
  return stages;
}
