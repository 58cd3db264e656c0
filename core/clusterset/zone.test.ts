import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { hasServerOf, reloads, serverImports, servesZone, withoutZone, withZone } from './zone.js';

const KUBEADM = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

const KIND = KUBEADM.replace(/cache 30 {[^}]*}/, 'cache 30');

const K3S = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import /etc/coredns/custom/*.override
}
import /etc/coredns/custom/*.server
`;

const EKS = `.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;

const RKE2 = `.:53 {
    errors
    health  {
        lameduck 10s
    }
    ready
    kubernetes   cluster.local  cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus   0.0.0.0:9153
    forward   . /etc/resolv.conf
    cache   30
    loop
    reload
    loadbalance
}`;

const COMMENTED = `# kubernetes cluster.local { is not here }
(snip) {
  kubernetes of.a.snippet
}
.:53 { # all that is not said below
  hosts {
    10.0.0.1 "a name" # with " in it
    fallthrough
  }
  rewrite name regex "(.*)\\.old\\.example\\.$" "{1}.new.example." answer auto
  kubernetes {$DOMAIN} in-addr.arpa { # the cluster's own
    # nothing yet
    pods verified
  }
  import snip
}
example.com:53, example.org:53 {
  forward . 192.0.2.1
}
`;

const TABS = '.:53 {\r\n\tkubernetes cluster.local {\r\n\t\tttl 5\r\n\t}\r\n}\r\n';

const TWO_SERVERS = `cluster.local:5353 {
  kubernetes cluster.local
}
. {
  kubernetes cluster.local
  cache
}`;

/** What stands in the place of the plugin's line. */
const UNDERSTOOD: readonly (readonly [string, string, readonly string[]])[] = [
  ['kubeadm', KUBEADM, ['    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {', '       multicluster clusterset.local']],
  ['kind', KIND, ['    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {', '       multicluster clusterset.local']],
  ['k3s', K3S, ['    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {', '      multicluster clusterset.local']],
  ['EKS', EKS, ['    kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {', '      multicluster clusterset.local']],
  [
    'RKE2',
    RKE2,
    ['    kubernetes   cluster.local clusterset.local  cluster.local in-addr.arpa ip6.arpa {', '        multicluster clusterset.local'],
  ],
  [
    'comments',
    COMMENTED,
    ["  kubernetes {$DOMAIN} clusterset.local in-addr.arpa { # the cluster's own", '    multicluster clusterset.local'],
  ],
  ['tabs and CRLF', TABS, ['\tkubernetes cluster.local clusterset.local {\r', '\t\tmulticluster clusterset.local\r']],
  ['two server blocks', TWO_SERVERS, ['  kubernetes cluster.local clusterset.local {', '      multicluster clusterset.local', '  }']],
  ['no options', '. {\nkubernetes a.b\n}', ['kubernetes a.b clusterset.local {', '    multicluster clusterset.local', '}']],
  [
    'a reverse zone first',
    '. {\nkubernetes ip6.arpa. a.b {\nttl 1\n}\n}',
    ['kubernetes ip6.arpa. a.b clusterset.local {', 'multicluster clusterset.local'],
  ],
];

describe.each(UNDERSTOOD)('the Corefile of %s', (_name, corefile, expected) => {
  const changed = withZone(corefile);
  const text = changed.ok ? changed.value : changed.error;

  test('gets the zone, and is otherwise the same', () => {
    const [before, after] = [corefile.split('\n'), text.split('\n')];
    const at = after.findIndex((line, index) => line !== before[index]);
    expect(after.slice(at, at + expected.length)).toEqual(expected);
    expect(after.toSpliced(at, expected.length, before[at] ?? '').join('\n')).toBe(corefile);
  });

  test('does not serve it before, and does after', () => {
    expect([servesZone(corefile), servesZone(text)]).toEqual([
      { ok: true, value: false },
      { ok: true, value: true },
    ]);
  });

  test('changes once', () => {
    expect(withZone(text)).toEqual({ ok: true, value: text });
  });

  test('comes back byte for byte', () => {
    expect(withoutZone(text)).toEqual({ ok: true, value: corefile });
    expect(withoutZone(corefile)).toEqual({ ok: true, value: corefile });
  });
});

describe('half of it is completed', () => {
  test.each([
    [
      'the zone alone',
      '. {\n kubernetes a clusterset.local. {\n  ttl 1\n }\n}',
      '. {\n kubernetes a clusterset.local. {\n  multicluster clusterset.local\n  ttl 1\n }\n}',
    ],
    [
      'the option alone',
      '. {\n kubernetes a {\n  multicluster CLUSTERSET.local\n }\n}',
      '. {\n kubernetes a clusterset.local {\n  multicluster CLUSTERSET.local\n }\n}',
    ],
    [
      'another zone',
      '. {\n kubernetes a b {\n  multicluster b # ours\n }\n}',
      '. {\n kubernetes a clusterset.local b {\n  multicluster b clusterset.local # ours\n }\n}',
    ],
    [
      'an option that a later one cancels',
      '. {\n kubernetes a b clusterset.local {\n  multicluster clusterset.local\n  multicluster b\n }\n}',
      '. {\n kubernetes a b clusterset.local {\n  multicluster clusterset.local\n  multicluster b clusterset.local\n }\n}',
    ],
    [
      'braces with nothing in them',
      '. {\n kubernetes a { }\n}',
      '. {\n kubernetes a clusterset.local {\n     multicluster clusterset.local\n  }\n}',
    ],
  ])('%s', (_name, before, after) => {
    expect(withZone(before)).toEqual({ ok: true, value: after });
  });

  test('and other zones and comments stay when it goes', () => {
    const before =
      '. {\n kubernetes a clusterset.local b {\n  multicluster b clusterset.local # ours\n  multicluster clusterset.local # why\n }\n}';
    expect(withoutZone(before)).toEqual({ ok: true, value: '. {\n kubernetes a b {\n  multicluster b # ours\n   # why\n }\n}' });
  });
});

describe('not understood, and left alone:', () => {
  test.each([
    ['no braces', '.:53\nkubernetes cluster.local\n', /line 1: this is no server block/],
    ['an open brace', '.:53 {\n  kubernetes cluster.local {\n}\n', /line 1: this is no server block/],
    ['an open quotation mark', '.:53 {\n  log "a\n}\n', /line 2: a quotation mark is never closed/],
    ['nothing', '', /there is no kubernetes plugin/],
    ['all in an import', 'import servers/*.conf\n', /there is no kubernetes plugin/],
    ['no zones', '.:53 {\n  kubernetes {\n    ttl 1\n  }\n}\n', /line 2: the kubernetes plugin names no zone/],
    [
      'a server block of its own',
      'cluster.local:53 {\n  kubernetes cluster.local\n}\n. {\n  forward . 1.1.1.1\n}\n',
      /not asked for clusterset\.local/,
    ],
    ['two that pods may ask', '.:53 {\n  kubernetes a\n}\ndns://.:53 {\n  kubernetes b\n}\n', /2 server blocks/],
    ['two in one', '. {\n  kubernetes a\n  kubernetes b\n}\n', /line 3: a second kubernetes plugin/],
    ['imported options', '. {\n  kubernetes a {\n    import options\n  }\n}\n', /line 3: .* imports options/],
    ['options beside the brace', '. {\n  kubernetes a { ttl 5\n  }\n}\n', /line 2: an option .* on the line of its brace/],
    ['words behind a brace', '. {\n  kubernetes a {\n  } b\n}\n', /line 3: something behind a closing brace/],
    ['a brace on its own line', '. {\n  kubernetes a\n  {\n  }\n}\n', /line 3: "\{" where a plugin should be/],
    ['the external plugin', '. {\n  multicluster clusterset.local\n  kubernetes a\n}\n', /line 2: the external plugin multicluster/],
    [
      "Submariner's server block",
      '#lighthouse-start\nclusterset.local:53 {\n  forward . 10.0.0.5\n}\n#lighthouse-end\n. {\n  kubernetes a\n}\n',
      /line 2: another server block answers/,
    ],
    ['forwarded elsewhere', '. {\n  forward clusterset.local 10.0.0.5\n  kubernetes a\n}\n', /line 2: the plugin forward says something/],
    [
      'rewritten',
      '. {\n  rewrite name regex (.*)\\.clusterset\\.local {1}.cluster.local\n  kubernetes a\n}\n',
      /line 2: the plugin rewrite says something/,
    ],
  ])('%s', (_name, corefile, error) => {
    expect(withZone(corefile)).toEqual({ ok: false, error: expect.stringMatching(error) });
    const without = withoutZone(corefile);
    expect(without.ok ? without.value : corefile).toBe(corefile);
  });
});

test('whatever a Corefile is, a change adds words and takes the same away', () => {
  const pieces = [
    '.:53',
    '.',
    '{',
    '}',
    '\n',
    ' ',
    'kubernetes',
    'cluster.local',
    'multicluster',
    'clusterset.local',
    '#',
    '"',
    '\\',
    'import',
    'a',
  ];
  const corefiles = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((words) => `. {\n${words.join(' ')}\n}\n`);
  fc.assert(
    fc.property(corefiles, (corefile) => {
      const changed = withZone(corefile);
      if (!changed.ok) return;
      expect(servesZone(changed.value)).toEqual({ ok: true, value: true });
      const back = withoutZone(changed.value);
      expect(back.ok && servesZone(back.value)).toEqual({ ok: true, value: false });
    }),
    { numRuns: 2_000 },
  );
});

test('what is imported as further server blocks', () => {
  expect([serverImports(K3S), serverImports(KUBEADM), serverImports('import custom/*.server\n.{')]).toEqual([
    ['/etc/coredns/custom/*.server'],
    [],
    [],
  ]);
});

test('who reloads', () => {
  expect([KUBEADM, TWO_SERVERS, '{'].map(reloads)).toEqual([true, false, false]);
});

test('who has a server block of the zone', () => {
  expect(['clusterset.local:53 {\n}', 'dns://Clusterset.local. {\n}', KUBEADM].map(hasServerOf)).toEqual([true, true, false]);
});
