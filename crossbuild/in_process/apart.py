"""Keeps extensions apart that distutils and setuptools build at once.

An object file is named after its source alone.  Of two extensions that share a source, one would
link what the other has compiled, with the other's macros, or only the half of it.
"""

import os


def build_ext(own):
    """The command ``build_ext``, whose extensions wait for those with which they share a source."""
    own._build_extensions_parallel = in_groups  # noqa: SLF001
    return own


def in_groups(self):
    """Build groups at once, and the extensions of each one after another, as without threads."""
    from concurrent.futures import ThreadPoolExecutor

    def build(group):
        for extension in group:
            with self._filter_build_errors(extension):  # noqa: SLF001
                self.build_extension(extension)

    workers = os.cpu_count() if self.parallel is True else self.parallel
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for built in [pool.submit(build, group) for group in groups(self.extensions)]:
            built.result()


def groups(extensions):
    """The extensions in groups that share no object file, the largest first."""
    found = []  # of each group the object files and the extensions
    for extension in extensions:
        objects = {os.path.splitext(os.path.normpath(str(name)))[0] for name in extension.sources}
        members, others = [extension], []
        for group in found:
            if objects.isdisjoint(group[0]):
                others.append(group)
            else:
                objects, members = objects | group[0], members + group[1]
        found = [*others, (objects, sorted(members, key=extensions.index))]
    return sorted((members for _, members in found), key=len, reverse=True)
