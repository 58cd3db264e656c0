/**
 * `kilofed version`.
 */
import type { Command } from 'commander';
import type { Cli } from './cli.js';

/** That of package.json. */
export const VERSION = '0.1.0';

export function addVersion(program: Command, cli: Cli): void {
  program
    .command('version')
    .description('Show the version of this executable')
    .addHelpText('after', '\nExamples:\n  kilofed version')
    .action(() => cli.out(`${VERSION}\n`));
}
