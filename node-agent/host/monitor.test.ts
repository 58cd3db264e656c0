/** Lines that `ip monitor link route nexthop` of iproute2 6.1 printed. */
import { expect, test } from '@jest/globals';
import { cgroupMounts } from './cgroup.js';
import { isLoss } from './monitor.js';

test.each([
  ['Deleted 10.9.0.0/16 nhid 1073741825 dev kilo1 proto 107 ', true],
  ['Deleted unreachable 10.9.0.0/16 proto 107 metric 4000000107 ', true],
  ['Deleted id 1073741825 dev eth0 scope host proto 107 ', true],
  ['Deleted 2: kilo1: <POINTOPOINT,MULTICAST,NOARP> mtu 1420 qdisc noop state DOWN group default ', true],
  ['2: kilo1: <POINTOPOINT,MULTICAST,NOARP> mtu 1420 qdisc pfifo_fast state DOWN group default ', true],
  ['7: kilovx: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN group default ', true],
  ['2: kilo1: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1420 qdisc pfifo_fast state UNKNOWN group default ', false],
  ['10.9.0.0/16 nhid 1073741825 dev kilo1 proto 107 ', false],
  ['Deleted 10.9.0.0/16 dev eth0 proto 1070 ', false],
  ['Deleted 9: veth12: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default ', false],
  ['    link/none ', false],
])('%p', (line, expected) => {
  expect(isLoss(line)).toBe(expected);
});

test('cgroup file systems of both versions are found in a mount table', () => {
  const mountinfo = [
    '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
    '36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:7 - cgroup2 cgroup2 rw',
    '',
  ].join('\n');
  expect(cgroupMounts(mountinfo)).toEqual(['/sys/fs/cgroup/devices', '/sys/fs/cgroup/unified']);
});
