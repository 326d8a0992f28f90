"""Print, as one line of JSON, what this board is (Python 3.5 and later)."""

import json
import os
import platform
import shutil
import struct
import subprocess
import sys
from pathlib import Path


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""


def _cpu() -> str:
    """The processor's name as Linux on Arm writes it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    names = [line.split(":", 1)[1] for line in text.splitlines() if line.startswith("model name")]
    return names[0].strip() if names else ""


def _child_programs() -> bool:
    try:
        return subprocess.call([sys.executable, "-S", "-c", ""], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def main() -> None:
    """Print the facts; the argument is the folder whose free space counts."""
    hard = Path("/lib/ld-linux-armhf.so.3").exists()
    print(
        json.dumps(
            {
                "machine": platform.machine(),
                "bits": 8 * struct.calcsize("P"),
                "python": platform.python_version(),
                "python_tag": "cp" + "".join(str(part) for part in sys.version_info[:2]),
                "libc": _libc(),
                "float_abi": "hard" if hard else "unknown",
                "cpu": _cpu(),
                "cpus": os.cpu_count() or 1,
                "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
                "free_space": shutil.disk_usage(sys.argv[1]).free,
                "child_programs": _child_programs(),
            }
        )
    )


main()
