"""Rules on a wheel as a package: names, tags, RECORD, requirements, module suffixes."""

from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from crossbuild.audit.facts import FileFacts, WheelFacts
from crossbuild.audit.policy import policy
from crossbuild.audit.profile import BoardProfile
from crossbuild.audit.report import Violation


def acceptable(wheels: Iterable[WheelFacts], profile: BoardProfile) -> list[WheelFacts]:
    """The wheels that the board's pip would consider."""
    return [w for w in wheels if w.tags & profile.tags and _takes_python(w, profile)]


def findings(wheel: WheelFacts, profile: BoardProfile) -> Iterator[Violation]:
    """What is wrong with the package itself."""
    for fact in _metadata_facts(wheel):
        yield Violation.of("metadata", wheel.file, wheel.dist_info, fact)
    for fault in wheel.record_faults:
        yield Violation.of("record", wheel.file, fault.path, fault.fact)
    if not wheel.tags & profile.tags:
        yield Violation.of("tag", wheel.file, wheel.file, _tag_fact(wheel, profile))
    yield from _requires_python(wheel, profile)
    for folder in sorted(_system_folders(wheel)):
        fact = f"{folder}/ lands in site-packages, not in /{folder}"
        yield Violation.of("outside-prefix", wheel.file, folder, fact)
    for file in wheel.files:
        for rule, fact in _module_facts(file, profile):
            yield Violation.of(rule, wheel.file, file.name, fact)


def _system_folders(wheel: WheelFacts) -> set[str]:
    """Folders of a system that stand at the top of the wheel and hold no package of Python's."""
    tops = {file.name.partition("/")[0] for file in wheel.files if "/" in file.name}
    names = {file.name for file in wheel.files}
    system = tops & set(policy().system_folders)
    return {top for top in system if f"{top}/__init__.py" not in names}


def _metadata_facts(wheel: WheelFacts) -> Iterator[str]:
    if not wheel.metadata_name:
        yield "METADATA is missing or names no package"
    elif canonicalize_name(wheel.metadata_name) != wheel.name:
        yield f"METADATA's name is {wheel.metadata_name}, the file name's {wheel.name}"
    if not wheel.metadata_version:
        yield "METADATA is missing or names no version"
    elif not _same_version(wheel.metadata_version, wheel.version):
        yield f"METADATA's version is {wheel.metadata_version}, the file name's {wheel.version}"
    folder, _, version = wheel.dist_info.removesuffix(".dist-info").rpartition("-")
    if canonicalize_name(folder) != wheel.name or not _same_version(version, wheel.version):
        yield f"the folder is {wheel.dist_info}, the file name's {wheel.name} {wheel.version}"
    if not wheel.wheel_version:
        yield "WHEEL is missing or has no Wheel-Version"
    elif wheel.wheel_version.partition(".")[0] != "1":
        yield f"WHEEL's version is {wheel.wheel_version}; installers read 1.x"
    tags = _parsed(wheel.wheel_tags)
    if wheel.wheel_tags and tags != wheel.tags:
        yield f"WHEEL's tags are {_texts(tags)}, the file name's {_texts(wheel.tags)}"
    if wheel.wheel_version and not wheel.wheel_tags:
        yield "WHEEL has no Tag"


def _same_version(text: str, version: Version) -> bool:
    try:
        return Version(text.replace("_", "-")) == version
    except InvalidVersion:
        return False


def _parsed(texts: Iterable[str]) -> frozenset[Tag]:
    tags = set[Tag]()
    for text in texts:
        try:
            tags |= parse_tag(text)
        except ValueError:
            tags.add(Tag("?", "?", text))
    return frozenset(tags)


def _texts(tags: Iterable[Tag]) -> str:
    return " ".join(sorted(str(tag) for tag in tags)) or "none"


def _tag_fact(wheel: WheelFacts, profile: BoardProfile) -> str:
    python = profile.python
    example = f"{python.abi_tag.rstrip('mu')}-{python.abi_tag}-linux_{profile.machine}"
    pip = f"pip {python.pip}" if python.pip else "an old pip"
    return f"the tag is {_texts(wheel.tags)}; {pip} of the board takes {example}"


def _takes_python(wheel: WheelFacts, profile: BoardProfile) -> bool:
    try:
        wanted = SpecifierSet(wheel.requires_python)
        return wanted.contains(profile.python.full_version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _requires_python(wheel: WheelFacts, profile: BoardProfile) -> Iterator[Violation]:
    if not _takes_python(wheel, profile):
        fact = f"Requires-Python is {wheel.requires_python}, the board has "
        yield Violation.of(
            "requires-python", wheel.file, "METADATA", fact + profile.python.full_version
        )


def requirements(
    wheel: WheelFacts,
    profile: BoardProfile,
    available: Sequence[WheelFacts],
    *,
    complete: bool,
) -> Iterator[Violation]:
    """What pip would not find, of the wheel's requirements and of theirs.

    :param available: wheels that requirements may be met by
    :param complete: whether *available* is all that the board can install from
    """
    for by, requirement in _unmet(wheel, profile, available):
        if isinstance(requirement, str):
            yield Violation.of("requires-dist", wheel.file, "METADATA", requirement + by)
        elif complete:
            named = (w for w in available if w.name == canonicalize_name(requirement.name))
            versions = ", ".join(str(w.version) for w in named)
            has = versions or "no wheel that the board accepts"
            fact = f"{requirement} is required{by}; the wheelhouse has {has}"
            yield Violation.of("requires-dist", wheel.file, "METADATA", fact)
        else:
            yield Violation.of("requires-unchecked", wheel.file, "METADATA", f"{requirement}{by}")


def unmet(
    wheel: WheelFacts, profile: BoardProfile, available: Sequence[WheelFacts]
) -> list[Requirement]:
    """What the wheel requires, and what meets that, as far as no available wheel meets it."""
    return [one for _, one in _unmet(wheel, profile, available) if isinstance(one, Requirement)]


def _unmet(
    wheel: WheelFacts, profile: BoardProfile, available: Sequence[WheelFacts]
) -> Iterator[tuple[str, Requirement | str]]:
    """Who requires what no available wheel meets; what is wrong with a requirement as text."""
    pending: list[tuple[WheelFacts, frozenset[str]]] = [(wheel, frozenset())]
    seen = set[tuple[str, frozenset[str]]]()
    while pending:
        current, extras = pending.pop(0)
        if (current.name, extras) in seen:
            continue
        seen.add((current.name, extras))
        by = "" if current is wheel else f" by {current.name}"
        for requirement in _applicable(current, extras, profile):
            if isinstance(requirement, str):
                yield by, requirement
                continue
            fit = [
                w
                for w in available
                if w.name == canonicalize_name(requirement.name)
                and requirement.specifier.contains(w.version, prereleases=True)
            ]
            if fit:
                best = max(fit, key=lambda other: other.version)
                pending.append((best, frozenset(requirement.extras)))
            else:
                yield by, requirement


def _applicable(
    wheel: WheelFacts, extras: frozenset[str], profile: BoardProfile
) -> Iterator[Requirement | str]:
    """The requirements that hold on the board, with these extras; what is wrong with others."""
    for text in wheel.requires:
        try:
            requirement = Requirement(text)
            marker = requirement.marker
            environments = [{**profile.environment, "extra": e} for e in (extras or {""})]
            if marker and not any(marker.evaluate(values) for values in environments):
                continue
        except (InvalidRequirement, InvalidVersion, ValueError) as error:
            yield f"{text!r}: {error}"
            continue
        if requirement.url:
            yield f"{requirement} names an address; the board installs from the wheelhouse"
        else:
            yield requirement


def _module_facts(file: FileFacts, profile: BoardProfile) -> Iterator[tuple[str, str]]:
    """Why the board's Python would not import an extension module."""
    if file.elf is None or file.installed is None:
        return
    module, dot, rest = file.installed.rpartition("/")[2].partition(".")
    suffix = dot + rest
    inits = {f"PyInit_{module}", f"PyInitU_{module}"}
    good = (profile.python.ext_suffix, *policy().plain_suffixes)
    if inits & file.elf.defined:
        if suffix not in good:
            fact = f"the suffix is {suffix}, the board's Python imports {good[0]}"
            yield "ext-suffix", fact
    # Libraries for ctypes may have such names, too, but nothing of Python in them.
    elif suffix in good[:2] and any(name.startswith("Py") for name in file.elf.undefined):
        there = sorted(name for name in file.elf.defined if name.startswith("PyInit"))
        fact = f"it exports {there[0] if there else 'no PyInit'}, not PyInit_{module}"
        yield "module-init", fact
