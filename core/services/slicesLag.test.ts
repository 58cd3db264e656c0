import { expect, test } from '@jest/globals';
import { exporter, slice, tcp } from '../../test/fakes/services.js';
import type { SlicePort } from './model.js';
import { laggingExporters } from './slicesLag.js';

const [http, web, admin] = [tcp('http', 8080), tcp('web', 8080), tcp('admin', 9090)];

test.each<[string, readonly SlicePort[], readonly string[], boolean]>([
  ['the same ports', [http], ['10.42.1.5'], false],
  ['a port renamed in one of the two', [web], ['10.42.1.5'], true],
  ['renamed, where there are no endpoints', [web], [], false],
  ['a port less, as where no pod serves it', [], ['10.42.1.5'], false],
  ['a port more, as after one was removed', [http, admin], ['10.42.1.5'], false],
  ['the same name with another protocol', [{ ...http, protocol: 'UDP' }], ['10.42.1.5'], true],
])('%s', (_what, ports, addresses, lags) => {
  const known = exporter('east', [], { ports: [tcp('http', 80)] });
  expect(laggingExporters([{ ...known, slices: [slice('east', addresses, { ports })] }, exporter('north', ['10.44.1.5'])])).toEqual(
    lags ? ['east'] : [],
  );
});
