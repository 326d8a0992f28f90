"""What papers say of the SDK that wheels were made with."""

from crossbuild.sdk.model import Sdk

#: Variables of a Yocto SDK's script that tell its distribution; the first that is set counts.
_DISTRIBUTION = ("OECORE_DISTRO_VERSION", "OECORE_SDK_VERSION")


def sdk(one: Sdk) -> dict[str, str]:
    """Facts of an SDK beside its content id, by name; an empty one is not known."""
    said = (one.variables.get(name, "") for name in _DISTRIBUTION)
    return {
        "name": one.name,
        "target": one.triple,
        "distribution": next(filter(None, said), ""),
        "gcc": one.gcc_version,
        "glibc": one.glibc_version,
    }
