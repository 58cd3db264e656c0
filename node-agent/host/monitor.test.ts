/** Lines that `ip monitor link address route nexthop` of iproute2 6.1 printed. */
import { expect, test } from '@jest/globals';
import { cgroupMounts } from './cgroup.js';
import { isLoss, isUnderlayChange } from './monitor.js';

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
  ['Deleted 1: lo    inet 10.4.0.1/32 metric 107 scope global lo', true],
  ['Deleted 1: lo    inet 10.9.0.1/32 scope global lo', false],
  ['    link/none ', false],
])('a loss? %p', (line, expected) => {
  expect(isLoss(line)).toBe(expected);
});

const GROUND = new Map([['eth0', 1500]]);

test.each([
  ['3: eth0@far: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc noqueue state UP group default ', true],
  ['3: eth0@far: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default ', false],
  ['3: eth0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default ', true],
  ['Deleted 3: eth0@NONE: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default ', true],
  ['9: veth12@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1420 qdisc noqueue state UP group default ', false],
  ['    link/ether fa:b5:dc:e4:cd:f2 brd ff:ff:ff:ff:ff:ff', false],
  ['3: eth0    inet 10.0.0.3/24 scope global secondary eth0', true],
  ['Deleted 3: eth0    inet 10.0.0.2/24 scope global eth0', true],
  ['4: eth1    inet6 fd00::2/64 scope global nodad ', true],
  ['       valid_lft forever preferred_lft forever', false],
  ['Deleted 5: v1    inet6 fe80::7454:6bff:fe96:390b/64 scope link tentative ', false],
  ['1: lo    inet 10.4.0.1/32 metric 107 scope global lo', false],
  ['8: kube-ipvs0    inet 10.96.0.10/32 scope global kube-ipvs0', false],
  ['default via 10.0.0.1 dev eth0 ', true],
  ['Deleted default via 10.0.0.1 dev eth0 ', true],
  ['10.9.0.0/16 via 10.0.0.1 dev eth0 ', true],
  ['2001:db8::/32 via fd00::1 dev eth0 metric 1024 pref medium', true],
  ['10.8.0.0/16 via 10.0.0.1 dev eth0 proto 107 ', false],
  ['10.42.0.7 dev veth12 scope link ', false],
  ['local 10.0.0.3 dev eth0 table local proto kernel scope host src 10.0.0.2 ', false],
  ['Deleted fe80::/64 dev v1 proto kernel metric 256 pref medium', false],
  ['id 1073741825 via 10.0.0.1 dev eth0 scope link proto 107 onlink ', false],
])('a move? %p', (line, expected) => {
  expect(isUnderlayChange(line, GROUND)).toBe(expected);
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
