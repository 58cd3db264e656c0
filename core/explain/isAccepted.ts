/**
 * Whether a Service that asks to be exported is one that can be.
 */
import type { ServiceRecord } from '../services/model.js';

export function isAccepted({ type, export: { exported } }: Pick<ServiceRecord, 'type' | 'export'>): boolean {
  return exported && type !== 'ExternalName';
}
