import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { runCommand } from './commands.js';

async function script(shell: string): Promise<string> {
  let out = '';
  await runCommand(['completion', shell], {
    out: (text) => (out += text),
    err: () => undefined,
    kubeconfigs: [],
    environment: {},
    signal: new AbortController().signal,
  });
  return out;
}

/** What bash offers for a line whose last word is being typed. */
async function offers(line: string): Promise<string[]> {
  const words = line.split(' ');
  const typed = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`;
  const ask = `${typed}; _kilofed; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ended = spawnSync('bash', ['-c', `${await script('bash')}\n${ask}`], { encoding: 'utf8', timeout: 10_000 });
  expect(ended.stderr).toBe('');
  return ended.stdout.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  test.each([
    ['kilofed sta', ['status']],
    ['kilofed h', ['hub']],
    ['kilofed status --o', ['--output']],
    ['kilofed status -o ', ['table', 'wide', 'json', 'yaml']],
    ['kilofed status --output j', ['json']],
    ['kilofed graph --format m', ['mermaid']],
    ['kilofed completion z', ['zsh']],
    [
      'kilofed dns ',
      [
        'enable',
        'disable',
        'status',
        '--dry-run',
        '-o',
        '--output',
        '-n',
        '--namespace',
        '--configmap',
        '--coredns-version',
        '--force',
        '--kubeconfig',
        '--context',
        '-h',
        '--help',
      ],
    ],
    ['kilofed dns en', ['enable']],
    ['kilofed dns enable --dry', ['--dry-run']],
    ['kilofed version --he', ['--help']],
    ['kilofed hub --kubeconfig-', ['--kubeconfig-dir']],
    ['kilofed hub --log-level w', ['warn']],
    ['kilofed cluster-agent --con', ['--context']],
    ['kilofed cluster-agent --log-level ', ['debug', 'info', 'warn', 'error']],
    ['kilofed node-agent --print', ['--print-plan']],
    ['kilofed node-agent --clean-up --h', ['--host-namespace', '--help']],
    ['kilofed node-agent --log-level e', ['error']],
    ['kilofed node-agent --host-namespace /proc/self/environ', ['/proc/self/environ']],
    ['kilofed status --kubeconfig /etc/hostna', ['/etc/hostname']],
  ])('%s', async (line, expected) => {
    expect(await offers(line)).toEqual(expected);
  });
});

describe('completion in other shells', () => {
  test.each([
    ['zsh', '#compdef kilofed', "'--format[output format]:value:(dot mermaid json)'"],
    [
      'fish',
      '# fish completion',
      "complete -c kilofed -n '__fish_seen_subcommand_from graph' -s f -l format -d 'output format' -x -a 'dot mermaid json'",
    ],
  ])('%s', async (shell, start, line) => {
    const text = await script(shell);
    expect(text.startsWith(start)).toBe(true);
    expect(text).toContain(line);
  });
});
