import { describe, expect, test } from '@jest/globals';
import { CERTIFICATES, type Contents } from './contents.js';
import { systemOf, type Unpacked } from './system.js';
import type { Entry } from './tar.js';

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const CONTENTS: Contents = {
  image: 'some',
  title: 'some',
  packages: { tool: ['/usr/bin/tool'] },
  libraries: ['libc', 'libt'],
  programs: {},
  links: { '/usr/bin/sh': 'tool' },
  texts: { '/etc/group': '' },
  folders: { '/tmp': 0o1777 },
};

const PACKAGES: readonly Unpacked[] = [
  { name: 'tool', entries: [file('bin/tool', elf({ needed: ['libt.so.1'] })), file('usr/bin/other'), licence('tool')] },
  {
    name: 'libc',
    entries: [
      { kind: 'link', path: 'lib64/ld-linux-x86-64.so.2', to: '/lib/x86_64-linux-gnu/ld.so' },
      file('lib/x86_64-linux-gnu/ld.so', elf({})),
      file('lib/x86_64-linux-gnu/libc.so.6', elf({})),
      file('lib/x86_64-linux-gnu/libunused.so.1', elf({})),
      licence('libc'),
    ],
  },
  {
    name: 'libt',
    entries: [
      { kind: 'link', path: 'usr/lib/x86_64-linux-gnu/libt.so.1', to: 'libt.so.1.2' },
      file('usr/lib/x86_64-linux-gnu/libt.so.1.2', elf({ needed: ['libc.so.6'] })),
      { kind: 'link', path: 'usr/share/doc/libt', to: 'libc' },
    ],
  },
];

describe("an image's system", () => {
  test('has what the list names and what that needs, in /usr, with licences, and nothing else', () => {
    const paths = systemOf(CONTENTS, 'amd64', PACKAGES, {}).map(({ path }) => path);
    expect(paths.toSorted()).toEqual([
      'bin',
      'etc/group',
      'lib',
      'lib64',
      'tmp',
      'usr/bin/sh',
      'usr/bin/tool',
      'usr/lib/x86_64-linux-gnu/ld.so',
      'usr/lib/x86_64-linux-gnu/libc.so.6',
      'usr/lib/x86_64-linux-gnu/libt.so.1',
      'usr/lib/x86_64-linux-gnu/libt.so.1.2',
      'usr/lib64/ld-linux-x86-64.so.2',
      'usr/share/doc/libc/copyright',
      'usr/share/doc/libt',
      'usr/share/doc/tool/copyright',
    ]);
  });

  test('has the libraries of programs that come from elsewhere', () => {
    const paths = systemOf(CONTENTS, 'amd64', PACKAGES, { node: elf({ needed: ['libunused.so.1'] }) }).map(({ path }) => path);
    expect(paths).toContain('usr/lib/x86_64-linux-gnu/libunused.so.1');
  });

  test.each<[string, Partial<Contents>, Record<string, Buffer>, RegExp]>([
    [
      'a library that no package has',
      {},
      { node: elf({ needed: ['libx.so.3'] }) },
      /node needs it: no package of the list has .*libx\.so\.3/,
    ],
    ['a program of another machine', {}, { node: elf({ machine: 183 }) }, /node is for arm64/],
    ['a file that its package has not', { packages: { tool: ['/usr/bin/gone'] } }, {}, /tool has no \/usr\/bin\/gone for amd64/],
    ["a file of another's", { packages: { tool: ['/usr/lib/TRIPLE/ld.so'] } }, {}, /tool has no/],
    ['a package that nobody needs', { packages: { tool: ['/usr/bin/other'] } }, {}, /no program of some needs a library of libc, libt/],
  ])('%s is refused', (_, change, programs, message) => {
    expect(() => systemOf({ ...CONTENTS, ...change }, 'amd64', PACKAGES, programs)).toThrow(message);
  });

  test('has one bundle of certificates, in the order of their names', () => {
    const authority: Unpacked = {
      name: 'ca-certificates',
      entries: [
        file(`${CERTIFICATES.from}b.crt`, Buffer.from('B\n')),
        file(`${CERTIFICATES.from}a.crt`, Buffer.from('A')),
        licence('ca-certificates'),
      ],
    };
    const contents = { ...CONTENTS, packages: { ...CONTENTS.packages, 'ca-certificates': [`/${CERTIFICATES.from}`] } };
    const bundle = systemOf(contents, 'amd64', [...PACKAGES, authority], {}).find(({ path }) => path === CERTIFICATES.to);
    expect(bundle).toMatchObject({ content: Buffer.from('A\nB\n') });
  });
});

function file(path: string, content: Buffer = Buffer.from('x')): Entry {
  return { kind: 'file', path, mode: 0o755, content };
}

function licence(name: string): Entry {
  return file(`usr/share/doc/${name}/copyright`);
}

/** The least of an ELF file that says what it needs: header, three segments, a table of strings, and the dynamic section. */
function elf({ needed = [], machine = 62 }: { readonly needed?: readonly string[]; readonly machine?: number }): Buffer {
  const BASE = 0x1000;
  const [segments, names] = [64, 64 + 3 * 56];
  const strings = Buffer.from(`\0${LOADER}\0${needed.map((each) => `${each}\0`).join('')}`);
  const dynamic = names + strings.length;
  const tags = [...needed.map((each) => [1, strings.indexOf(`\0${each}\0`) + 1]), [5, BASE + names], [0, 0]];
  const bytes = Buffer.alloc(dynamic + tags.length * 16);
  bytes.write('\x7fELF\x02\x01', 'latin1');
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(BigInt(segments), 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(3, 56);
  const segment = (index: number, type: number, offset: number, size: number): void => {
    const at = segments + index * 56;
    bytes.writeUInt32LE(type, at);
    for (const [place, value] of [
      [8, offset],
      [16, BASE + offset],
      [32, size],
    ] as const)
      bytes.writeBigUInt64LE(BigInt(value), at + place);
  };
  segment(0, needed.length > 0 ? 3 : 4, names + 1, LOADER.length);
  segment(1, 1, 0, bytes.length);
  segment(2, 2, dynamic, tags.length * 16);
  strings.copy(bytes, names);
  tags.flat().forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), dynamic + index * 8));
  return bytes;
}
