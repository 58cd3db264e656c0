/**
 * The suites, and how each is run: the quick tests together, those on real parts one after the other, each end-to-end test in a world
 * of its own. The others wait for most of their time: what they leave of the machine goes to quick tests that take long, and to those
 * in an emulated machine.
 */

export type Suite = 'unit' | 'parts' | 'e2e' | 'kernel' | 'fuzz';

/** One start of Jest. */
export interface Run {
  /** What the summary calls it. */
  readonly name: string;
  /** Sources of tests, relative to the repository's root. */
  readonly files: readonly string[];
  /** In fresh namespaces, which takes root. */
  readonly inWorld: boolean;
  /** Version of the kernel of a virtual machine in which the tests do what they do. */
  readonly kernel?: string;
  /** One file after the other, ended even if handles stay open. */
  readonly inBand: boolean;
  /** It says nothing about time, so it may run on what others leave of the processors. */
  readonly patient: boolean;
  /** It is killed after that many minutes. */
  readonly limit: number;
}

/** Runs that go on at once: in each lane one after the other. */
interface Lanes {
  readonly front: readonly Run[];
  /** Gets only what the front leaves. */
  readonly beside: readonly Run[];
}

/** Folders whose tests need root or programs that `make setup` builds. */
const PARTS = ['test/apiserver/', 'test/conformance/', 'test/redis/', 'test/host/', 'test/image/'];
const E2E = 'test/e2e/';
const KERNEL = 'test/kernel/';
/** What `make test` runs them on. */
const USUAL_KERNEL = '6.1';
/** Among the quick tests; `fuzz` runs them alone, and more often. */
const FUZZ = 'test/fuzz/';
/** Quick tests that compute for most of the time, with no clock but their own. */
const SLOW = [FUZZ, 'test/growth/', 'core/failover/layouts', 'test/hub/hostileSizes', 'hub/members/intake'];

/** Matches the path, source or compiled, of every test that `unit` does not have. */
export const NEEDS_MORE = `(^|/)(${[...PARTS, E2E, KERNEL].join('|')})`;

const UNIT_MINUTES = 20;
/** As long as all others, since they get only what those leave. */
const SLOW_MINUTES = 60;
const PARTS_MINUTES = 40;
const FUZZ_MINUTES = 240;
const KERNEL_MINUTES = 60;

/** In the order in which they are run, each with the minutes it may take: several times what it takes on two cores. */
const E2E_MINUTES: Readonly<Record<string, number>> = {
  federation: 15,
  fromMembers: 15,
  spread: 15,
  granularity: 15,
  flannelDevice: 15,
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
  uninstall: 15,
  flannel: 15,
  life: 20,
  choice: 15,
  health: 20,
  upgrade: 15,
};

/**
 * How to run the tests of `suite` among `files` whose path matches one of `patterns`, or all where there is none. `kernel`: which one those
 * run on that are for a kernel of their own.
 */
export function runsOf(suite: Suite, files: readonly string[], patterns: readonly RegExp[], kernel = USUAL_KERNEL): readonly Run[] {
  const wanted = files.filter((file) => isOf(suite, file) && (patterns.length === 0 || patterns.some((each) => each.test(file))));
  const runs = {
    unit: [
      { name: 'unit', files: wanted.filter((file) => !isSlow(file)), inWorld: false, inBand: false, patient: false, limit: UNIT_MINUTES },
      { name: 'unit/slow', files: wanted.filter(isSlow), inWorld: false, inBand: false, patient: true, limit: SLOW_MINUTES },
    ],
    kernel: [{ name: `kernel/${kernel}`, files: wanted, inWorld: false, kernel, inBand: true, patient: true, limit: KERNEL_MINUTES }],
    fuzz: [{ name: 'fuzz', files: wanted, inWorld: false, inBand: false, patient: true, limit: FUZZ_MINUTES }],
    parts: [{ name: 'parts', files: wanted, inWorld: false, inBand: true, patient: false, limit: PARTS_MINUTES }],
    e2e: Object.entries(E2E_MINUTES).map(([name, limit]) => {
      const own = wanted.filter((file) => file === `${E2E}${name}.test.ts`);
      return { name: `e2e/${name}`, files: own, inWorld: true, inBand: true, patient: false, limit };
    }),
  };
  return runs[suite].filter(({ files: each }) => each.length > 0);
}

/** What runs beside what. Nothing goes to the side where it would be alone. */
export function lanesOf(runs: readonly Run[]): Lanes {
  const front = runs.filter(({ patient }) => !patient);
  return front.length === 0 ? { front: runs, beside: [] } : { front, beside: runs.filter(({ patient }) => patient) };
}

function isOf(suite: Suite, file: string): boolean {
  return suite === 'fuzz' ? file.startsWith(FUZZ) : suiteOf(file) === suite;
}

function isSlow(file: string): boolean {
  return SLOW.some((start) => file.startsWith(start));
}

function suiteOf(file: string): Suite {
  if (file.startsWith(E2E)) return 'e2e';
  if (file.startsWith(KERNEL)) return 'kernel';
  return PARTS.some((folder) => file.startsWith(folder)) ? 'parts' : 'unit';
}
