/**
 * The suites, and how each is run: the quick tests together, those on real parts one after the other, each end-to-end test in a world
 * of its own.
 */

export type Suite = 'unit' | 'parts' | 'e2e' | 'fuzz';

/** One start of Jest. */
export interface Run {
  /** What the summary calls it. */
  readonly name: string;
  /** Sources of tests, relative to the repository's root. */
  readonly files: readonly string[];
  /** In fresh namespaces, which takes root. */
  readonly inWorld: boolean;
  /** One file after the other, ended even if handles stay open. */
  readonly inBand: boolean;
  /** It is killed after that many minutes. */
  readonly limit: number;
}

/** Folders whose tests need root or programs that `make setup` builds. */
const PARTS = ['test/apiserver/', 'test/conformance/', 'test/redis/', 'test/host/', 'test/image/'];
const E2E = 'test/e2e/';
/** Among the quick tests; `fuzz` runs them alone, and more often. */
const FUZZ = 'test/fuzz/';

/** Matches the path, source or compiled, of every test that `unit` does not have. */
export const NEEDS_MORE = `(^|/)(${[...PARTS, E2E].join('|')})`;

const UNIT_MINUTES = 20;
const PARTS_MINUTES = 40;
const FUZZ_MINUTES = 240;

/** In the order in which they are run, each with the minutes it may take: several times what it takes on two cores. */
const E2E_MINUTES: Readonly<Record<string, number>> = {
  federation: 15,
  fromMembers: 15,
  spread: 15,
  granularity: 15,
  flannel: 15,
  ipip: 15,
  failover: 15,
  leaks: 15,
  peers: 15,
  safety: 15,
  families: 15,
  underlay: 15,
  annotations: 15,
  dns: 15,
  reports: 15,
  observedEndpoints: 15,
  kilo: 15,
  cni: 15,
  lab: 15,
  example: 15,
  life: 20,
  choice: 15,
  health: 20,
};

/** How to run the tests of `suite` among `files` whose path matches one of `patterns`, or all where there is none. */
export function runsOf(suite: Suite, files: readonly string[], patterns: readonly RegExp[]): readonly Run[] {
  const wanted = files.filter((file) => isOf(suite, file) && (patterns.length === 0 || patterns.some((each) => each.test(file))));
  const runs = {
    unit: [{ name: 'unit', files: wanted, inWorld: false, inBand: false, limit: UNIT_MINUTES }],
    fuzz: [{ name: 'fuzz', files: wanted, inWorld: false, inBand: false, limit: FUZZ_MINUTES }],
    parts: [{ name: 'parts', files: wanted, inWorld: false, inBand: true, limit: PARTS_MINUTES }],
    e2e: Object.entries(E2E_MINUTES).map(([name, limit]) => {
      const own = wanted.filter((file) => file === `${E2E}${name}.test.ts`);
      return { name: `e2e/${name}`, files: own, inWorld: true, inBand: true, limit };
    }),
  };
  return runs[suite].filter(({ files: each }) => each.length > 0);
}

function isOf(suite: Suite, file: string): boolean {
  return suite === 'fuzz' ? file.startsWith(FUZZ) : suiteOf(file) === suite;
}

function suiteOf(file: string): Suite {
  if (file.startsWith(E2E)) return 'e2e';
  return PARTS.some((folder) => file.startsWith(folder)) ? 'parts' : 'unit';
}
