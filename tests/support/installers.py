"""Small installers of SDKs, written as oe-core's toolchain-shar-extract.sh is."""

import io
import tarfile
from pathlib import Path

_SCRIPT = r"""#!/bin/sh
INST_ARCH=$(uname -m | sed -e "s/i[3-6]86/ix86/" -e "s/x86[-_]64/x86_64/")
SDK_ARCH=$(echo @ARCH@ | sed -e "s/i[3-6]86/ix86/" -e "s/x86[-_]64/x86_64/")
if [ "$INST_ARCH" != "$SDK_ARCH" ]; then
	echo "Error: Incompatible SDK installer! Your host is $INST_ARCH and this SDK was"
	exit 1
fi
target_sdk_dir=""
answer=""
while getopts ":yd:npDRSl" OPT; do
	case $OPT in
	y) answer="Y" ;;
	d) target_sdk_dir=$OPTARG ;;
	*) ;;
	esac
done
[ "$answer" = Y ] && [ -n "$target_sdk_dir" ] || exit 1
payload_offset=$(($(grep -na -m1 "^MARKER:$" "$0"|cut -d':' -f1) + 1))
mkdir -p $target_sdk_dir >/dev/null 2>&1
echo "Extracting SDK..."
tail -n +$payload_offset "$0" | tar mxJ -C $target_sdk_dir || exit 1
for env_setup_script in $target_sdk_dir/environment-setup-*; do
	sed -i -e "s:@SDKPATH@:$target_sdk_dir:g" $env_setup_script
done
echo "SDK has been successfully set up and is ready to be used."
@EXTRA@
exit 0

MARKER:
"""


def write(path: Path, *, arch: str = "x86_64", extra: str = "") -> Path:
    """An installer of an SDK that is an environment script and a sysroot of some data."""
    script = "export SDKTARGETSYSROOT=@SDKPATH@/sysroots/cortexa9hf-neon-poky-linux-gnueabi\n"
    entries = {
        "./environment-setup-cortexa9hf-neon-poky-linux-gnueabi": script.encode(),
        "./sysroots/cortexa9hf-neon-poky-linux-gnueabi/data": bytes(range(256)) * 4000,
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz") as tar:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    text = _SCRIPT.replace("@ARCH@", arch).replace("@EXTRA@", extra)
    path.write_bytes(text.encode() + archive.getvalue())
    return path
