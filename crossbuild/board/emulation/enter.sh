#!/bin/bash
# Enter the emulated board: pid 1 of namespaces that crossbuild made just for one command.
#
#   enter.sh ISOLATION ROOT QEMU CPU CPUINFO NAME=VALUE... -- PROGRAM [ARGUMENT...]
#
# ISOLATION  user: namespaces of an unprivileged user; root: namespaces made by root;
#            none: only the root folder changes (needs root)
# ROOT       the board's root file system, ours to write
# QEMU       a static qemu-arm; CPU the processor that it plays
# CPUINFO    what /proc/cpuinfo tells there, which QEMU does not emulate
#
# All mounts live in the private mount namespace and vanish with it.
set -u
isolation=$1 root=$2 qemu=$3 cpu=$4 cpuinfo=$5
shift 5

devices() {
    mount -t tmpfs -o mode=755 dev "$root/dev" || return
    for node in null zero full random urandom tty; do
        : >"$root/dev/$node" && mount --bind "/dev/$node" "$root/dev/$node"
    done
    mkdir -p "$root/dev/shm" "$root/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 pts "$root/dev/pts" &&
        ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s fd/0 "$root/dev/stdin" && ln -s fd/1 "$root/dev/stdout" && ln -s fd/2 "$root/dev/stderr"
}

processes() {
    # In a container with a masked /proc a fresh one is refused; then its own must do.
    mount -t proc proc "$root/proc" || mount --rbind /proc "$root/proc"
    mount --bind "$cpuinfo" "$root/proc/cpuinfo"
    echo board >/proc/sys/kernel/hostname
}

# Linux 6.7 and later give each user namespace a binfmt_misc of its own: what is registered
# there is unknown to the build machine.  Older kernels refuse the mount.  As root without a
# user namespace it would be the machine's own list, so that is never touched.
child_programs() {
    local table=$root/proc/sys/fs/binfmt_misc
    local magic='\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00'
    local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    mount -t binfmt_misc binfmt_misc "$table" &&
        echo ":board:M::$magic:$mask:$qemu:F" >"$table/register"
}

if [ "$isolation" != none ]; then
    # With what is mounted in it, without which another user's namespace may not have it.
    { mount --make-rprivate / && mount --rbind "$root" "$root"; } || exit 125
    devices 2>/dev/null
    processes 2>/dev/null
    [ "$isolation" = user ] && child_programs 2>/dev/null
fi

# QEMU would leave a core file of the emulated program in the working folder.
ulimit -c 0
settings=()
while [ "$1" != -- ]; do
    settings+=("$1")
    shift
done
shift

# The first program is started through QEMU by name: it runs without any binfmt handler.
board=(env -i "QEMU_CPU=$cpu" "${settings[@]}" chroot "$root" /.board/qemu -cpu "$cpu" "$@")
[ "$isolation" = none ] && exec "${board[@]}"

# Process 1 gets only the signals that it asks for, and must collect orphans.  Job control
# (-m) keeps the program's standard input and its Ctrl-C as they are outside a background job.
set -m
"${board[@]}" <&0 &
child=$!
for signal in HUP INT QUIT TERM USR1 USR2; do
    # shellcheck disable=SC2064 # the child and the signal of now are meant
    trap "kill -$signal -- -$child" "$signal"
done
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    status=$?
done
exit "$status"
