"""OpenBLAS for the board."""

from pathlib import Path

from crossbuild.sdk.reference import openblas


def test_the_source_version_has_no_binary_rebuilds_suffix() -> None:
    rebuilt = [Path("libopenblas0-pthread_0.3.26+ds-1+b1_armhf.deb")]
    updated = [Path("libopenblas0-pthread_0.3.13+ds-3+deb11u1_armhf.deb")]
    assert openblas._source_version(rebuilt) == "0.3.26+ds-1"
    assert openblas._source_version(updated) == "0.3.13+ds-3+deb11u1"


def test_nothing_of_debians_openblas_stays_beside_the_built_one(tmp_path: Path) -> None:
    built, sysroot = tmp_path / "built", tmp_path / "sysroot"
    for folder in (built, sysroot):
        (folder / "usr/lib").mkdir(parents=True)
    for name in ("libopenblas_armv6p-r0.3.21.so", "libblas.so.3", "liblapack.a", "libm.so.6"):
        (sysroot / "usr/lib" / name).write_text("Debian's")
    (sysroot / "usr/lib/libopenblas.so.0").symlink_to("libopenblas_armv6p-r0.3.21.so")
    (built / "usr/lib/libopenblas.so.0").write_text("ours")
    (built / "usr/lib/libopenblas.so").symlink_to("libopenblas_cortexa9p-r0.3.21.so")
    openblas._install(built, sysroot)
    texts = {path.name: path.read_text() for path in (sysroot / "usr/lib").iterdir()}
    assert texts.pop("libm.so.6") == "Debian's"
    assert set(texts.values()) == {"ours"}
    assert {"libopenblas.so", "libblas.so.3", "liblapack.so.3"} < set(texts)
