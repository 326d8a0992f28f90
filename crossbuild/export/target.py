"""What a layer or feed is for: a Yocto release, a tune and a Python, as an SDK tells them."""

import re
from dataclasses import dataclass

from crossbuild.core.errors import ConfigurationError
from crossbuild.core.python_version import PythonVersion
from crossbuild.sdk import release
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.release import Release

_SCRIPT = re.compile(r"(.+)-[^-]+-linux(-\w+)?")
_FPU = re.compile(r"-mfpu=(\S+)")


def named_release(name: str) -> Release:
    """The Yocto release that a user names.

    :raises ConfigurationError: there is none of that name
    """
    found = release.named(name)
    if found is None:
        raise ConfigurationError(
            f"{name!r} is no release of Yocto",
            evidence=f"known: {', '.join(release.known())}",
            cure="choose one of them: that of LAYERSERIES_CORENAMES in meta/conf/layer.conf",
        )
    return found


def release_of(sdk: Sdk) -> Release:
    """The Yocto release that made an SDK.

    :raises ConfigurationError: the SDK leaves it in doubt
    """
    names = ("OECORE_DISTRO_VERSION", "OECORE_SDK_VERSION")
    versions = [sdk.variables.get(name, "") for name in names]
    found = release.find(versions, sdk.glibc_version)
    if found.name and not found.doubt:
        return found
    said = ", ".join(f"{name}={value}" for name, value in zip(names, versions, strict=True))
    raise ConfigurationError(
        "the SDK does not tell which release of Yocto made it",
        evidence=f"{sdk.script} says {said}",
        cure="name the release that the layer is for: --release kirkstone",
    )


@dataclass(frozen=True)
class Tune:
    """The processor that wheels are for, in OpenEmbedded's words.

    :ivar architecture: the package architecture (``cortexa9t2hf-neon``)
    :ivar features: what TUNE_FEATURES must have for them
    """

    architecture: str
    features: tuple[str, ...]


def tune_of(sdk: Sdk, named: str | None) -> Tune:
    """The tune of an SDK.

    :param named: the user's word for the package architecture; the SDK's where None
    :raises ConfigurationError: the name of the SDK's script does not tell it
    """
    match = _SCRIPT.fullmatch(sdk.name)
    if not named and match is None:
        raise ConfigurationError(
            "the SDK's script does not tell the tune",
            evidence=f"{sdk.script.name} is not environment-setup-TUNE-VENDOR-linux-gnueabi",
            cure="name the architecture of the image's packages, as /etc/opkg/arch.conf of the "
            "board has it: --architecture cortexa9t2hf-neon",
        )
    units = _FPU.findall(" ".join(sdk.tools.cc))
    # NEON is what stock tunes have; only another unit that CC names is without.
    has_neon = not units or "neon" in units[-1]
    features = ("callconvention-hard", "neon") if has_neon else ("callconvention-hard",)
    return Tune(named or (match[1] if match else ""), features)


@dataclass(frozen=True)
class Target:
    """What a layer is for."""

    release: Release
    tune: Tune
    python: PythonVersion
