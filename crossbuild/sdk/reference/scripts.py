"""The files that stand beside ``sysroots/`` in an SDK: environment, site configuration, version."""

from pathlib import Path

from crossbuild.core import templates
from crossbuild.core.files import write_text
from crossbuild.sdk.reference import native
from crossbuild.sdk.reference.definition import Definition

_TEMPLATE = Path(__file__).with_name("environment.sh.j2")

_SITE_CONFIG = """\
# What configure cannot find out without running programs of the target (autoconf).
ac_cv_c_bigendian=no
ac_cv_func_malloc_0_nonnull=yes
ac_cv_func_realloc_0_nonnull=yes
ac_cv_sizeof_int=4
ac_cv_sizeof_long=4
ac_cv_sizeof_long_long=8
ac_cv_sizeof_size_t=4
ac_cv_sizeof_void_p=4
"""


def write(folder: Path, definition: Definition) -> None:
    """Write the three files into *folder*, the SDK's root."""
    script = templates.render(
        _TEMPLATE,
        triple=native.TRIPLE,
        target_system=definition.target_system,
        native_system=definition.native_system,
        cc_arguments=" ".join(definition.target.cc_arguments),
        distro_version=definition.distro_version,
    )
    system = definition.target_system
    write_text(folder / f"environment-setup-{system}", f"{script}\n")
    write_text(folder / f"site-config-{system}", _SITE_CONFIG)
    version = f"Distro: Debian {definition.suite}\nDistro Version: {definition.distro_version}\n"
    write_text(folder / f"version-{system}", version)
