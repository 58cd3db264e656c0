/**
 * `kilofed completion`: a script that completes commands, flags and their values, made from the command line's own declarations.
 */
import { Argument, type Command } from 'commander';
import type { Flag as NodeAgentFlag } from '../node-agent/flags.js';
import { type Cli, EXIT } from './cli.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

type Shell = (typeof SHELLS)[number];

const HELP = `
Examples:
  source <(kilofed completion bash)                # this shell only
  kilofed completion bash > /etc/bash_completion.d/kilofed
  kilofed completion zsh > "\${fpath[1]}/_kilofed"
  kilofed completion fish > ~/.config/fish/completions/kilofed.fish`;

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('Print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => {
      const programs = await programFlags();
      cli.out(SCRIPT[shell](program.commands.map((command) => word(command, programs.get(command.name()) ?? flagsOf(command)))));
      cli.end(EXIT.fine);
    });
}

interface Word {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly Flag[];
  /** Values of its argument. */
  readonly values: readonly string[];
}

interface Flag {
  readonly names: readonly string[];
  readonly about: string;
  /** Empty: anything; absent: it takes none. */
  readonly values?: readonly string[];
}

/** Of the programs, which the command line only names. */
async function programFlags(): Promise<ReadonlyMap<string, readonly Flag[]>> {
  const { hubCommand } = await import('../hub/flags.js');
  const { clusterAgentCommand } = await import('../cluster-agent/flags.js');
  const { FLAGS } = await import('../node-agent/flags.js');
  return new Map([
    ['hub', flagsOf(hubCommand())],
    ['cluster-agent', flagsOf(clusterAgentCommand())],
    [
      'node-agent',
      Object.entries<NodeAgentFlag>(FLAGS).map(([name, flag]): Flag => ({
        names: [...(flag.short === undefined ? [] : [`-${flag.short}`]), `--${name}`],
        about: flag.about.replaceAll('\n', ' '),
        ...(flag.type === 'string' && { values: flag.choices ?? [] }),
      })),
    ],
  ]);
}

function flagsOf(command: Command): readonly Flag[] {
  const flags = command.options.map((option): Flag => {
    const names = [option.short, option.long].filter((name) => name != null);
    return { names, about: option.description, ...(option.required && { values: option.argChoices ?? [] }) };
  });
  return [...flags, { names: ['-h', '--help'], about: 'Show help' }];
}

function word(command: Command, flags: readonly Flag[]): Word {
  return {
    name: command.name(),
    about: command.description(),
    flags,
    values: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
}

const SCRIPT: Readonly<Record<Shell, (words: readonly Word[]) => string>> = { bash, zsh, fish };

function bash(words: readonly Word[]): string {
  const valueCases = words.flatMap((each) =>
    each.flags.flatMap((flag) =>
      flag.values === undefined ? [] : flag.names.map((name) => `    ${each.name},${name}) ${bashReply(flag.values ?? [])} ;;`),
    ),
  );
  const wordCases = words.map(({ name, values, flags }) => {
    const offered = [...values, ...flags.flatMap((flag) => flag.names)].join(' ');
    return `    ${name}) COMPREPLY=($(compgen -W '${offered}' -- "$current")) ;;`;
  });
  return `# bash completion of kilofed
_kilofed() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]}
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${words.map((each) => each.name).join(' ')}' -- "$current"))
    return
  fi
  case $verb,$previous in
${valueCases.join('\n')}
    *) case $verb in
${wordCases.join('\n')}
    esac ;;
  esac
}
complete -F _kilofed kilofed
`;
}

function bashReply(values: readonly string[]): string {
  const source = values.length === 0 ? '-f' : `-W '${values.join(' ')}'`;
  return `COMPREPLY=($(compgen ${source} -- "$current"))`;
}

function zsh(words: readonly Word[]): string {
  const verbs = words.map((each) => `    ${quoted(`${each.name}:${each.about}`)}`);
  const cases = words.map((each) => {
    const specs = [
      ...each.flags.flatMap((flag) => flag.names.map((name) => zshFlag(name, flag))),
      ...(each.values.length === 0 ? [] : [quoted(`1:value:(${each.values.join(' ')})`)]),
    ];
    return `    ${each.name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef kilofed
_kilofed() {
  local -a verbs=(
${verbs.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command verbs
    return
  fi
  local verb=$words[2]
  shift words
  ((CURRENT--))
  case $verb in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _kilofed ]; then _kilofed "$@"; else compdef _kilofed kilofed; fi
`;
}

function zshFlag(name: string, flag: Flag): string {
  const about = `[${flag.about.replaceAll(/[[\]]/g, '')}]`;
  if (flag.values === undefined) return quoted(`${name}${about}`);
  return quoted(`${name}${about}:value:${flag.values.length === 0 ? '_files' : `(${flag.values.join(' ')})`}`);
}

function fish(words: readonly Word[]): string {
  const lines = words.flatMap((each) => {
    const here = `-n '__fish_seen_subcommand_from ${each.name}'`;
    return [
      `complete -c kilofed -f -n __fish_use_subcommand -a ${each.name} -d ${quoted(each.about)}`,
      ...(each.values.length === 0 ? [] : [`complete -c kilofed -f ${here} -a '${each.values.join(' ')}'`]),
      ...each.flags.map(
        (flag) => `complete -c kilofed ${here} ${flag.names.map(fishName).join(' ')} -d ${quoted(flag.about)}${fishValues(flag)}`,
      ),
    ];
  });
  return `# fish completion of kilofed\n${lines.join('\n')}\n`;
}

function fishName(name: string): string {
  return name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`;
}

function fishValues(flag: Flag): string {
  if (flag.values === undefined) return '';
  return flag.values.length === 0 ? ' -r' : ` -x -a '${flag.values.join(' ')}'`;
}

/** As one word, for POSIX shells and fish alike. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
