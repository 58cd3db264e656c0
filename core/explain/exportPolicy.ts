/**
 * What an export asks for, in words, by the last part of the annotation that says it. What has its default is left out.
 */
import type { ExportRequest } from '../services/annotations.js';

export function exportPolicy(request: ExportRequest): Record<string, string> {
  const { targets, ownName, byServiceExport, affinity, prefer, weights, endpoints } = request;
  return {
    ...(byServiceExport === true && { way: 'MCS: no own name' }),
    ...(targets !== undefined && { 'export-to': targets.length === 0 ? 'nobody' : targets.join(', ') }),
    ...(ownName !== undefined && { 'own-name': String(ownName) }),
    ...(affinity !== undefined && { affinity }),
    ...(prefer !== undefined && { prefer: prefer.join(', ') }),
    ...(weights !== undefined && {
      weights: Object.entries(weights)
        .map(([id, weight]) => `${id}=${weight}`)
        .join(', '),
    }),
    ...(endpoints !== undefined && { endpoints }),
  };
}
