/**
 * A software bill of materials as CycloneDX 1.5 (ECMA-424) has it. Equal parts give equal bytes: there is no time and no random
 * number in it.
 */
import type { Part } from './parts.js';

interface Bom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.5';
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  /** Sorted by `bom-ref`, each once. */
  readonly components: readonly Component[];
}

interface Component {
  readonly type: 'application' | 'library';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
}

export function bomOf(program: Pick<Part, 'name' | 'version'>, parts: readonly Part[]): Bom {
  const components = new Map(parts.map((part) => [part.purl, componentOf(part, 'library')]));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: componentOf({ ...program, purl: `pkg:generic/${program.name}@${program.version}` }, 'application') },
    components: [...components.values()].toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
  };
}

function componentOf({ name, version, purl, license, sha512 }: Part, type: Component['type']): Component {
  return {
    type,
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    ...(sha512 !== undefined && { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
  };
}
