/**
 * `make setup`: installs and builds what the lab lacks, and says what it cannot put right.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { buildBinaries, type Purpose } from '../binaries/build.js';
import { attempt, type Outcome } from '../process.js';
import { checkMachine, type Finding, missingPackages } from './checks.js';

const APT_MS = 900_000;
/** Debian asks this file whether a package may start its service. A real one is left alone. */
const POLICY = '/usr/sbin/policy-rc.d';
const WITHOUT = 'What works without it: `make build`, `make lint`, `make unit`.';

interface SetupResult {
  readonly ok: boolean;
  /** Fit for printing, one per line. */
  readonly findings: readonly Finding[];
}

/** Puts right what it may. Not ok: what remains stands in the way of a lab. */
export async function setUp(purpose: Purpose, note: (text: string) => void): Promise<SetupResult> {
  const before = await checkMachine(purpose);
  if (before.some((finding) => finding.kind === 'fatal')) return { ok: false, findings: before };
  const packages = missingPackages();
  if (packages.length > 0) await installPackages(packages, note);
  await buildBinaries(purpose, note);
  const after = await checkMachine(purpose);
  return { ok: after.every((finding) => finding.kind === 'warning'), findings: after };
}

/** What `check` and a failed `setup` print. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings.map((finding) => `  ${finding.kind === 'warning' ? 'note' : 'missing'}: ${finding.problem}\n`);
  const fixable = findings.some((finding) => finding.kind === 'packages' || finding.kind === 'binaries');
  const fatal = findings.some((finding) => finding.kind === 'fatal');
  const advice = [...(fixable ? ['`make setup` installs packages and builds programs.'] : []), ...(fatal || fixable ? [WITHOUT] : [])];
  return [...lines, ...advice.map((line) => `  ${line}\n`)].join('');
}

/** Without recommended packages, which would bring kernels, and without starting any service that comes along. */
export async function installPackages(packages: readonly string[], note: (text: string) => void): Promise<void> {
  if ((await attempt(['apt-get', '--version'])).code !== 0) {
    throw new Error(`this system has no apt-get: install by its own means ${packages.join(', ')}`);
  }
  note(`install ${packages.join(' ')} (about ${5 + 3 * packages.length} s)`);
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    let outcome = await install(packages);
    if (outcome.code !== 0) {
      note('refresh the list of packages');
      await attempt(['apt-get', 'update'], { timeoutMs: APT_MS });
      outcome = await install(packages);
    }
    if (outcome.code !== 0) throw new Error(`apt-get could not install ${packages.join(' ')}:\n${outcome.stderr.slice(-2000)}`);
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

function install(packages: readonly string[]): Promise<Outcome> {
  return attempt(['apt-get', '-y', '--no-install-recommends', 'install', ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: APT_MS,
  });
}
