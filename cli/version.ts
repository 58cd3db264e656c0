/**
 * `kilofed version`.
 */
import type { Command } from 'commander';
import { VERSION } from '../core/api/version.js';
import type { Cli } from './cli.js';

export function addVersion(program: Command, cli: Cli): void {
  program
    .command('version')
    .description('Show the version of this executable')
    .addHelpText('after', '\nExamples:\n  kilofed version')
    .action(() => cli.out(`${VERSION}\n`));
}
