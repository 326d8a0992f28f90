"""Print, as one line of JSON, what a wheel can find on this board (Python 3.5 and later)."""

import glob
import json
import os
import platform
import re
import sys
import sysconfig

LIBRARY_FOLDERS = (
    "/lib",
    "/usr/lib",
    "/lib/arm-linux-gnueabihf",
    "/usr/lib/arm-linux-gnueabihf",
    "/usr/local/lib",
)
# The main numbers of Arm's own cores in /proc/cpuinfo (Arm's Main ID registers).
PARTS = {
    "0xc05": "cortex-a5",
    "0xc07": "cortex-a7",
    "0xc08": "cortex-a8",
    "0xc09": "cortex-a9",
    "0xc0f": "cortex-a15",
    "0xc0e": "cortex-a17",
    "0xd03": "cortex-a53",
    "0xd08": "cortex-a72",
}
# Those that define versions of these kinds; the others' own kinds are not looked for.
OWNERS = re.compile(
    r"ld-linux|lib(c|m|dl|pthread|rt|resolv|util|anl|stdc\+\+|gcc_s|gfortran|gomp)[.-]"
)
_KINDS = rb"GLIBC|GLIBCXX|CXXABI|GCC|GFORTRAN|OMP|GOMP"
VERSION = re.compile(rb"\0((?:" + _KINDS + rb")_[A-Z0-9][A-Z0-9_.]*)(?=\0)")
# Linkers keep a name that ends another one inside that: PyErr_Clear in _PyErr_Clear.
SYMBOL = re.compile(rb"(_?Py[A-Za-z0-9_]+)(?=\0)")


def content(path):
    with open(path, "rb") as stream:
        return stream.read()


def names(pattern, data):
    return sorted({match.decode("ascii") for match in pattern.findall(data)})


def libraries():
    found = {}
    for folder in LIBRARY_FOLDERS:
        for path in sorted(glob.glob(os.path.join(folder, "*.so*"))):
            name = os.path.basename(path)
            try:
                data = content(path)
            except OSError:
                continue
            # 32-bit Arm: ELFCLASS32 and e_machine 40.
            if name not in found and data[:5] == b"\x7fELF\x01" and data[18:20] == b"\x28\x00":
                found[name] = names(VERSION, data) if OWNERS.match(name) else []
    return found


def cpu():
    try:
        text = content("/proc/cpuinfo").decode("utf-8", "replace")
    except OSError:
        return ""
    parts = re.findall(r"^CPU part\s*: (\w+)", text, re.MULTILINE)
    return PARTS.get(parts[0], "") if parts else ""


def pip_version():
    try:
        import pip
    except ImportError:
        return None
    return pip.__version__


def symbols():
    config = sysconfig.get_config_vars()
    library = os.path.join(config.get("LIBDIR") or "", config.get("INSTSONAME") or "?")
    found = set()
    for path in (
        os.path.realpath(sys.executable),
        library,
        "/usr/lib/" + os.path.basename(library),
    ):
        if os.path.isfile(path):
            for name in names(SYMBOL, content(path)):
                found.update((name, name.lstrip("_")))
    return sorted(found)


def main():
    major, minor = sys.version_info[:2]
    flags = getattr(sys, "abiflags", "")
    python = {
        "version": "%d.%d" % (major, minor),
        "full_version": platform.python_version(),
        "abi_tag": "cp%d%d%s" % (major, minor, flags),
        "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
        "pip": pip_version(),
        "symbols": symbols(),
    }
    facts = {"cpu": cpu(), "machine": platform.machine(), "libraries": libraries()}
    facts["page_size"] = os.sysconf("SC_PAGESIZE")
    facts["python"] = python
    print(json.dumps(facts))


main()
