"""What a wheel's files are once it is installed, and where they lie: as pip lays them out.

Runs also on its own, with any Python from 3.5 on and nothing but its library: a layer of wheels
has a copy, by which its recipes install.  Format: PyPA, "Binary distribution format" and
"Entry points specification".

    install_wheel.py WHEEL ROOT INSTALLER [SCHEME=FOLDER …]
"""

import configparser
import os
import re
import stat
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence

#: The two files that tell of the installation itself; those of the wheel do not.
_RECORD, _INSTALLER = "RECORD", "INSTALLER"
#: What pip installs an entry point as.
_SCRIPT = """\
#!/usr/bin/python3
# -*- coding: utf-8 -*-
import re
import sys
from {module} import {name}
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit({function}())
"""
_ENTRY = re.compile(r"([\w.]+)\s*:\s*([\w.]+)")


def schemes(python: str) -> "Mapping[str, str]":
    """The folders of a Python that lies below ``/usr``."""
    return {
        "site-packages": "/usr/lib/python{}/site-packages".format(python),
        "scripts": "/usr/bin",
        "headers": "/usr/include/python{}".format(python),
        "data": "/usr",
    }


def installed(
    wheel: str, places: "Mapping[str, str]", installer: str
) -> "Iterator[tuple[str, bytes, bool]]":
    """Yield the files: each as its absolute path, its content, and whether it is executable.

    :param places: the folders of ``site-packages``, ``scripts``, ``headers`` and ``data``
    :param installer: who installs, as pip names it to whoever would remove the files
    :raises ValueError: a file is for no place of these, or an entry point cannot be read
    """
    with zipfile.ZipFile(wheel) as archive:
        infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
        info_folder = _dist_info(infos)
        for info in infos:
            data = archive.read(info)
            executable = bool(info.external_attr >> 16 & stat.S_IXUSR)
            name = info.filename
            if name in (info_folder + "/" + _RECORD, info_folder + "/" + _INSTALLER):
                continue
            if name == info_folder + "/entry_points.txt":
                for script in _scripts(data.decode(), places["scripts"]):
                    yield script
            path, is_script = _place(name, places, info_folder)
            if is_script:
                data, executable = re.sub(rb"\A#!pythonw?", b"#!/usr/bin/python3", data), True
            yield path, data, executable
        yield (
            "/".join((places["site-packages"], info_folder, _INSTALLER)),
            installer.encode() + b"\n",
            False,
        )


def _dist_info(infos: "Sequence[zipfile.ZipInfo]") -> str:
    tops = {info.filename.split("/")[0] for info in infos}
    (folder,) = (top for top in tops if top.endswith(".dist-info"))
    return folder


def _place(name: str, places: "Mapping[str, str]", info_folder: str) -> "tuple[str, bool]":
    """Where a member of the wheel lands, and whether it is a script."""
    top, _, rest = name.partition("/")
    if top != info_folder[: -len(".dist-info")] + ".data":
        return places["site-packages"] + "/" + name, False
    scheme, _, path = rest.partition("/")
    if scheme in ("purelib", "platlib"):
        return places["site-packages"] + "/" + path, False
    if scheme not in places:
        raise ValueError("{} is for the unknown place {!r}".format(name, scheme))
    if scheme == "headers":
        path = top.split("-")[0] + "/" + path
    return places[scheme] + "/" + path, scheme == "scripts"


def _scripts(text: str, folder: str) -> "Iterator[tuple[str, bytes, bool]]":
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    for section in ("console_scripts", "gui_scripts"):
        for name in parser[section] if parser.has_section(section) else ():
            entry = _ENTRY.match(parser[section][name].strip())
            if entry is None or "/" in name:
                raise ValueError("{} = {} is no entry point".format(name, parser[section][name]))
            module, function = entry.groups()
            script = _SCRIPT.format(module=module, name=function.split(".")[0], function=function)
            yield folder + "/" + name, script.encode(), True


def main(wheel: str, root: str, installer: str, *words: str) -> None:
    """Write the files below a root."""
    for path, data, executable in installed(
        wheel, dict(word.split("=") for word in words), installer
    ):
        place = root + path
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as stream:
            stream.write(data)
        os.chmod(place, 0o755 if executable else 0o644)


if __name__ == "__main__":
    main(*sys.argv[1:])
