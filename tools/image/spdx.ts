/**
 * A software bill of materials as SPDX 2.3 (ISO/IEC 5962) has it, for a release. Equal parts and one time give equal bytes: the name of the
 * document is made of its contents.
 */
import { createHash } from 'node:crypto';
import type { Part } from './parts.js';

interface Described {
  readonly name: string;
  readonly version: string;
  /** RFC 3339, by the second. */
  readonly created: string;
}

interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo: string;
  readonly downloadLocation: 'NOASSERTION';
  readonly filesAnalyzed: false;
  readonly licenseConcluded: 'NOASSERTION';
  readonly licenseDeclared: string;
  readonly copyrightText: 'NOASSERTION';
  readonly checksums?: readonly { readonly algorithm: 'SHA512'; readonly checksumValue: string }[];
  readonly externalRefs: readonly {
    readonly referenceCategory: 'PACKAGE-MANAGER';
    readonly referenceType: 'purl';
    readonly referenceLocator: string;
  }[];
}

interface Spdx {
  readonly spdxVersion: 'SPDX-2.3';
  readonly dataLicense: 'CC0-1.0';
  readonly SPDXID: 'SPDXRef-DOCUMENT';
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  /** What is described first, then its parts by their package URLs, each once. */
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: 'DESCRIBES' | 'CONTAINS';
    readonly relatedSpdxElement: string;
  }[];
}

export function spdxOf({ name, version, created }: Described, parts: readonly Part[]): Spdx {
  const unique = [...new Map(parts.map((part) => [part.purl, part])).values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
  const described = packageOf({ name, version, purl: `pkg:generic/${name}@${version}`, license: 'Apache-2.0' });
  const contained = unique.map(packageOf);
  const content = createHash('sha256').update(JSON.stringify(contained)).digest('hex');
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${name}-${version}`,
    documentNamespace: `https://github.com/kilofed/kilofed/spdx/${name}-${version}-${content}`,
    creationInfo: { created: created.replace(/\.\d+Z$/, 'Z'), creators: ['Tool: kilofed-image'] },
    packages: [described, ...contained],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: described.SPDXID },
      ...contained.map(({ SPDXID }) => ({
        spdxElementId: described.SPDXID,
        relationshipType: 'CONTAINS' as const,
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
}

function packageOf({ name, version, purl, license, sha512 }: Part): SpdxPackage {
  return {
    // Letters, digits, dots and hyphens; of two package URLs never the same.
    SPDXID: `SPDXRef-Package-${createHash('sha256').update(purl).digest('hex').slice(0, 16)}`,
    name,
    versionInfo: version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: license ?? 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    ...(sha512 !== undefined && { checksums: [{ algorithm: 'SHA512', checksumValue: sha512 }] }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  };
}
