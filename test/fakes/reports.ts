/**
 * An API server that keeps one GatewayReport, for tests of what writes it.
 */
import type { ReportSpec } from '../../core/reports/settleReport.js';
import type { ReportStore, StoredReport } from '../../node-agent/report/reportStore.js';

export interface FakeReportStore extends ReportStore {
  report: StoredReport | undefined;
  /** It does not answer. */
  away: boolean;
  /** Each write, with the milliseconds at which it came: a spec, or that the report was deleted. */
  readonly writes: { readonly at: number; readonly spec: ReportSpec | 'deleted' }[];
  reads: number;
}

export function fakeReportStore(now: () => number, report?: StoredReport): FakeReportStore {
  const fail = { ok: false, error: 'no answer' } as const;
  const store: FakeReportStore = {
    report,
    away: false,
    writes: [],
    reads: 0,
    async read() {
      store.reads += 1;
      return store.away ? fail : { ok: true, value: store.report };
    },
    async write({ uid }, spec) {
      if (store.away) return fail;
      store.report = { spec: JSON.parse(JSON.stringify(spec)) as ReportSpec, owners: [uid] };
      store.writes.push({ at: now(), spec: store.report.spec });
      return { ok: true, value: undefined };
    },
    async remove() {
      if (store.away) return fail;
      store.report = undefined;
      store.writes.push({ at: now(), spec: 'deleted' });
      return { ok: true, value: undefined };
    },
  };
  return store;
}
