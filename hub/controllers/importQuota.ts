/**
 * How many mirrors may stand in one target: each takes an address of its Service range, which its own Services need.
 *
 * The mirrors of one exporter may take a quarter of the range, all of them together half. What stands counts and stays, whatever the
 * bound; what is new is admitted in the order in which it is asked for, which is that of the names when a member is read.
 */
import type { Problem } from '../../core/api/problem.js';
import { parseCidr, widthOf } from '../../core/net/cidr.js';
import { BOUND } from '../../core/services/bounds.js';
import { firstByName } from '../../core/text/firstByName.js';

export interface ImportQuota {
  /** The service is looked at again, so it is not refused any more. */
  release(service: string): void;
  /** Whether a mirror of `service` may stand that is made of these members; from then on it counts. */
  admits(service: string, exporters: readonly string[]): boolean;
  /** What the mirror of `service` is made of now. Nobody: it does not stand. */
  note(service: string, exporters: readonly string[]): void;
  /** What was not admitted, by exporter. */
  problems(): readonly Problem[];
}

interface ImportQuotaDeps {
  /** Id of the target. */
  readonly target: string;
  readonly serviceCIDRs: () => readonly string[];
  /** All mirrors that stand, and what each is made of. Asked once, when the first is to be admitted. */
  readonly standing: () => Iterable<readonly [service: string, exporters: readonly string[]]>;
  /** There is room now for one that was not admitted. */
  readonly room: (service: string) => void;
}

/** Addresses of a range of which nothing is known: of a /20, the smallest that is common. */
const UNKNOWN = 4_096;

export function createImportQuota(deps: ImportQuotaDeps): ImportQuota {
  const counts = new Map<string, number>();
  /** What was not admitted, and what it would be made of. */
  const refused = new Map<string, readonly string[]>();
  let stands: Map<string, readonly string[]> | undefined;

  function standing(): Map<string, readonly string[]> {
    if (stands !== undefined) return stands;
    stands = new Map();
    for (const [service, exporters] of deps.standing()) set(stands, service, exporters);
    return stands;
  }

  function set(mirrors: Map<string, readonly string[]>, service: string, exporters: readonly string[]): void {
    for (const id of mirrors.get(service) ?? []) counts.set(id, (counts.get(id) ?? 1) - 1);
    for (const id of exporters) counts.set(id, (counts.get(id) ?? 0) + 1);
    if (exporters.length === 0) mirrors.delete(service);
    else mirrors.set(service, exporters);
  }

  function fits(exporters: readonly string[]): boolean {
    const { each, all } = limitsOf(deps.serviceCIDRs());
    return standing().size < all && exporters.some((id) => (counts.get(id) ?? 0) < each);
  }

  /** The first by name takes the place that has become free, whoever it was refused to. */
  function giveRoom(): void {
    let first: string | undefined;
    for (const [service, exporters] of refused) if ((first === undefined || service < first) && fits(exporters)) first = service;
    if (first === undefined) return;
    refused.delete(first);
    deps.room(first);
  }

  return {
    release: (service) => void refused.delete(service),
    admits(service, exporters) {
      if (standing().has(service)) return true;
      if (fits(exporters)) set(standing(), service, exporters);
      else refused.set(service, exporters);
      return standing().has(service);
    },
    note(service, exporters) {
      const before = standing().get(service) ?? [];
      set(standing(), service, exporters);
      if (refused.size > 0 && before.some((id) => !exporters.includes(id))) giveRoom();
    },
    problems() {
      const { each, all } = limitsOf(deps.serviceCIDRs());
      const byExporter = new Map<string, string[]>();
      for (const [service, exporters] of refused) for (const id of exporters) byExporter.set(id, [...(byExporter.get(id) ?? []), service]);
      return [...byExporter].map(([other, services]) => {
        const { leftOut = '' } = firstByName(services, 0, (service) => service);
        const bounds = `${each} Services of one member, ${all} of all`;
        return {
          cluster: deps.target,
          subject: { kind: 'pair', other },
          reason: 'TooManyImports',
          message: `its Service range has room for ${bounds}, so these of ${other} are not imported: ${leftOut}`,
        };
      });
    },
  };
}

function limitsOf(serviceCIDRs: readonly string[]): { readonly each: number; readonly all: number } {
  const addresses = sizeOf(serviceCIDRs);
  return { each: Math.min(BOUND.exports, Math.floor(addresses / 4)), all: Math.floor(addresses / 2) };
}

/** Of the smaller family, since a mirror may take an address of each. */
function sizeOf(serviceCIDRs: readonly string[]): number {
  const sizes = new Map<number, number>();
  for (const cidr of serviceCIDRs.map(parseCidr)) {
    if (cidr !== undefined) sizes.set(cidr.family, (sizes.get(cidr.family) ?? 0) + 2 ** (widthOf(cidr.family) - cidr.length));
  }
  return sizes.size === 0 ? UNKNOWN : Math.min(...sizes.values());
}
