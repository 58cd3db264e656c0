/**
 * What process 1 of a node does: makes the node's own root out of an overlay over this machine's, then runs containerd, kubelet
 * and kube-proxy in it. Everything it mounts or starts dies with it.
 *
 * Arguments: $1 folder of the node, $2 its name, $3 its address, $4 folder of the Kubernetes programs, $5 flannel's daemon.
 */
export const NODE_SCRIPT = String.raw`
set -euo pipefail
folder=$1 name=$2 address=$3 programs=$4 flanneld=$5
hostname "$name"
mount --make-rprivate /
mkdir -p "$folder"/root/{upper,work,merged} "$folder"/data/kubelet "$folder"/log
root=$folder/root/merged
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/root/upper,workdir=$folder/root/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root"/run/{lock,programs,wireguard} "$root"/etc/{cni/net.d,lab} "$root"/opt/cni/bin
mkdir -p "$root"/var/lib/{containerd,kubelet,kilofed} "$root"/var/log/{lab,pods,containers}
# containerd's layers and the kubelet's volumes cannot lie on an overlay.
mount --bind "$folder/data/containerd" "$root/var/lib/containerd"
mount --bind "$folder/data/kubelet" "$root/var/lib/kubelet"
mount --bind "$folder/config" "$root/etc/lab"
mount --bind "$folder/log" "$root/var/log/lab"
mount --bind "$programs" "$root/run/programs"
# Without a configuration the node has no plugins either: whoever brings the one brings the other. What this machine has is hidden.
mount -t tmpfs tmpfs "$root/etc/cni/net.d"
mount -t tmpfs tmpfs "$root/opt/cni/bin"
if [ -e "$folder/config/cni.conflist" ]; then
  mount --bind /usr/lib/cni "$root/opt/cni/bin"
  cp "$folder/config/cni.conflist" "$root/etc/cni/net.d/10-lab.conflist"
fi
if [ -e "$folder/config/flannel.sh" ]; then
  mount --bind /usr/lib/cni "$root/opt/cni/bin"
  touch "$root/run/flanneld"
  mount --bind "$flanneld" "$root/run/flanneld"
fi
# Control groups: this cgroup namespace's roots are the node's own groups.
if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  # A group that hands controllers on may hold no process (cgroups(7)): this one, and what it will start, goes below.
  mkdir "$root/sys/fs/cgroup/init"
  echo $$ > "$root/sys/fs/cgroup/init/cgroup.procs"
  for each in $(cat "$root/sys/fs/cgroup/cgroup.controllers"); do echo "+$each" > "$root/sys/fs/cgroup/cgroup.subtree_control"; done
else
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  for each in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "$root/sys/fs/cgroup/$each"
    mount -t cgroup -o "$each" cgroup "$root/sys/fs/cgroup/$each"
  done
  mkdir "$root/sys/fs/cgroup/systemd"
  mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd" 2>/dev/null || rmdir "$root/sys/fs/cgroup/systemd"
fi
# The kubelet insists on global sysctls and would set them for the whole machine: it is shown files that say so already.
mkdir -p "$root/run/sysctl"
pretend() { echo "$2" > "$root/run/sysctl/$1"; mount --bind "$root/run/sysctl/$1" "$root/proc/sys/$(tr . / <<< "$1")"; }
pretend vm.overcommit_memory 1; pretend vm.panic_on_oom 0; pretend kernel.panic 10; pretend kernel.panic_on_oops 1
pretend kernel.keys.root_maxkeys 1000000; pretend kernel.keys.root_maxbytes 25000000
mkdir -p "$root/run/old"
cd "$root"
pivot_root . run/old
cd /
umount -l /run/old
mount --make-rshared /
export PATH=/run/programs:$PATH HOME=/root
echo "$address $name" >> /etc/hosts
: > /etc/resolv.conf
ulimit -n 20000 2>/dev/null || true
containerd --config /etc/lab/containerd.toml > /var/log/lab/containerd.log 2>&1 &
for _ in $(seq 200); do ctr version > /dev/null 2>&1 && break; sleep 0.05; done
kubelet --config /etc/lab/kubelet.yaml --kubeconfig /etc/lab/kubelet.kubeconfig --hostname-override "$name" --node-ip "$address" \
  --root-dir /var/lib/kubelet --cert-dir /var/lib/kubelet/pki --v=1 > /var/log/lab/kubelet.log 2>&1 &
kube-proxy --config /etc/lab/kube-proxy.yaml --v=1 > /var/log/lab/kube-proxy.log 2>&1 &
if [ -e /etc/lab/flannel.sh ]; then bash -eu /etc/lab/flannel.sh "$name" & fi
trap 'exit 0' TERM
while :; do wait || true; sleep 1 & wait $!; done
`;
