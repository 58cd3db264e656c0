/**
 * Where the hub looks to explain a Service.
 */
import type { ExportToDefault } from '../../../core/services/planImport.js';
import type { Outcomes } from '../../controllers/outcomes.js';
import type { Reachability } from '../../health/reachability.js';
import type { LinkSources } from '../directedLinks.js';

export interface ExplainSources extends LinkSources {
  readonly outcomes: Outcomes;
  readonly reachability: Pick<Reachability, 'of'>;
  readonly exportToDefault: ExportToDefault;
}
