import { expect, test } from '@jest/globals';
import { coreDnsVersion, hasMulticluster } from './coreDnsVersion.js';

test.each([
  ['registry.k8s.io/coredns/coredns:v1.13.1', '1.13.1', true],
  ['registry.k8s.io/coredns/coredns:v1.12.1', '1.12.1', false],
  ['602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/coredns:v1.12.4-eksbuild.1', '1.12.4', true],
  ['rancher/mirrored-coredns-coredns:1.12.3', '1.12.3', true],
  ['rancher/hardened-coredns:v1.12.2-build20250611', '1.12.2', true],
  ['mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.11.3-8', '1.11.3', false],
  ['localhost:5000/coredns:v2.0.0@sha256:0123', '2.0.0', true],
  ['1.9.3', '1.9.3', false],
  ['localhost:5000/coredns', undefined, undefined],
  ['coredns:latest', undefined, undefined],
  ['coredns@sha256:0123', undefined, undefined],
  ['coredns:1.13', undefined, undefined],
])('%s', (text, version, has) => {
  const found = coreDnsVersion(text);
  expect([found, found === undefined ? undefined : hasMulticluster(found)]).toEqual([version, has]);
});
