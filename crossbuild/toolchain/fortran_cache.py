"""A cache of gfortran's objects and modules: ccache does not cache Fortran.

It is a program in front of the compiler, as ccache is.  Its arguments are the folder of the
cache, a key of the compiler's content, then the compiler's command line.

The key of an object covers all that its compile reads: the compiler, its options, the source as
the preprocessor leaves it, and every file that an INCLUDE or a USE may mean.  Folders' names are
no part of it, so another checkout hits.  A command line that is not understood is run as it is.
"""

import os
import sys

from crossbuild.toolchain import compile_cache
from crossbuild.toolchain.compile_cache import content, listing, place

_SUFFIXES = {".f", ".for", ".ftn", ".f77", ".f90", ".f95", ".f03", ".f08"}
_PREPROCESSED = {suffix.upper() for suffix in _SUFFIXES} | {".fpp", ".FPP"}

#: ccache's own words for a cache that is off, and for one that compiles all again.
_OFF = ("CCACHE_DISABLE", "CCACHE_RECACHE")
#: Words after which a compile reads or writes more than is known here.
_UNKNOWN = (
    *("-M", "-E", "-S", "-x", "-i", "-Wp,", "-Wa,", "-o", "-X", "@", "-fpre-include"),
    *("-save-temps", "--save-temps", "-fprofile", "-ftest-coverage", "--coverage", "-specs"),
    *("-dump", "-fdump", "-gsplit", "-fsyntax-only", "-fplugin", "-flto", "-nostdinc"),
)
#: Words that name places of things whose content counts, or that only the linker reads.
_PLACES = ("-ffile-prefix-map=", "-fdebug-prefix-map=", "--sysroot=", "-B", "-L", "-l")

_INCLUDE = rb"""(?im)^[ \t\d]*include[ \t]*(?:'([^'\n]*)'|"([^"\n]*)")"""
_USE = (
    rb"(?im)(?:^|;)[ \t\d]*use(?:[ \t]*,[ \t]*(?:non_)?intrinsic)?[ \t]*(?:::)?[ \t]*"
    rb"([a-z]\w*)"
)
#: What may stand before a statement or inside its words: blanks, labels, continuations.
_LAYOUT = b" \t\r0123456789&$+*.#>-|:"


class UncertainError(Exception):
    """What a compile reads is not known."""


class Call:
    """One compile.

    :ivar source: the file that is compiled
    :ivar product: the object file
    :ivar words: those that decide what comes out, source and folders left out
    :ivar places: those that do so only by what lies in the folders they name
    :ivar includes: the folders of -I
    :ivar modules: the folder that modules are written to
    """

    def __init__(self, sources: list[str], named: dict[str, list[str]]) -> None:
        [self.source] = sources
        stem, self.suffix = os.path.splitext(self.source)
        self.product = (named["-o"] or [os.path.basename(stem) + ".o"])[0]
        self.modules = (named["-J"] or ["."])[0]
        self.includes = named["-I"]
        self.words = named["words"]
        self.places = named["places"]

    @property
    def folders(self) -> list[str]:
        """Where modules are looked for, each once."""
        named = (".", *self.includes, self.modules)
        return list(dict.fromkeys(os.path.normpath(folder) for folder in named))

    @property
    def preprocessed(self) -> bool:
        """Whether the preprocessor reads the source first."""
        return self.suffix in _PREPROCESSED or "-cpp" in self.words

    @property
    def debug(self) -> bool:
        """Whether the object names the folder in which it is compiled."""
        return any(word.startswith("-g") and word != "-g0" for word in self.words)


def parse(words: list[str]) -> Call | None:
    """What a command line compiles; None where it is no compile that is understood."""
    named: dict[str, list[str]] = {"-o": [], "-J": [], "-I": [], "words": [], "places": []}
    sources = []
    waiting = iter(words)
    for word in waiting:
        if word in {"-o", "-J", "-I"}:
            named[word].append(next(waiting, ""))
        elif word.startswith(("-I", "-J")):
            named[word[:2]].append(word[2:])
        elif word.startswith(_PLACES):
            named["places"].append(word)
        elif word.startswith(_UNKNOWN) or word == "-":
            return None
        elif word.startswith("-"):
            named["words"].append(word)
        else:
            sources.append(word)
    once = len(sources) == 1 and len(named["-o"]) <= 1 and len(named["-J"]) <= 1
    if "-c" not in named["words"] or not once:
        return None
    call = Call(sources, named)
    return call if call.suffix in _SUFFIXES | _PREPROCESSED else None


def key(call: Call, identity: str, compiler: str) -> str:
    """The name under which a compile's products are kept.

    :param identity: tells the compiler's content
    :raises UncertainError: not all that it reads can be told
    :raises OSError: a file cannot be read
    """
    text = _preprocess(call, compiler) if call.preprocessed else content(call.source)
    included = _included(call, text)
    read = [text, *(one for _, one in included)]
    parts = ["1", identity, call.source, *call.words]
    if call.debug:
        parts += [os.getcwd(), *call.places]
    named = [(part, b"") for part in parts]
    return compile_cache.key([*named, ("", text), *included, *_modules(call, read)])


def _preprocess(call: Call, compiler: str) -> bytes:
    """The source as f951 reads it, with the places of files as the object names them."""
    import subprocess

    if any(word in content(call.source) for word in (b"__DATE__", b"__TIME")):
        raise UncertainError(call.source)
    words = [word for word in call.words if word != "-c"]
    words += [*call.places, *(f"-I{folder}" for folder in call.includes)]
    done = subprocess.run([compiler, *words, "-E", call.source], capture_output=True, check=False)
    if done.returncode:
        raise UncertainError(call.source)
    lines = done.stdout.splitlines(keepends=True)
    return b"".join(_mapped(line, call) if line.startswith(b"# ") else line for line in lines)


def _mapped(marker: bytes, call: Call) -> bytes:
    for word in call.places:
        option, _, pair = word.partition("=")
        if option.endswith("-prefix-map"):
            old, _, new = pair.partition("=")
            marker = marker.replace(old.encode(), new.encode())
    return marker


def _squeezed(text: bytes) -> bytes:
    """The text without what may stand before a statement: each begins a line then."""
    return b"\n" + text.lower().translate(None, _LAYOUT).replace(b";", b"\n")


def _included(call: Call, text: bytes) -> list[tuple[str, bytes]]:
    """Every file that an INCLUDE may mean, and those that these include."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    waiting = [text]
    while waiting:
        text = waiting.pop()
        squeezed = _squeezed(text)
        expected = sum(squeezed.count(b"\ninclude" + end) for end in (b"'", b'"', b"\n", b"!"))
        if not expected:
            continue
        import re

        names = [(first or second).decode() for first, second in re.findall(_INCLUDE, text)]
        if expected != len(names):
            raise UncertainError(call.source)
        for name in names:
            if name not in found:
                folders = [os.path.dirname(call.source) or ".", *call.folders]
                found[name] = _candidates(folders, name)
                waiting += [content for _, content in found[name]]
            if not found[name]:
                raise UncertainError(name)
    return [one for several in found.values() for one in several]


def _modules(call: Call, texts: list[bytes]) -> list[tuple[str, bytes]]:
    """Every module that a USE may mean; all that are there where one is written oddly."""
    names: set[str] = set()
    for text in texts:
        squeezed = _squeezed(text)
        expected = squeezed.count(b"\nuse") + squeezed.count(b"\nsubmodule")
        if not expected:
            continue
        import re

        used = re.findall(_USE, text)
        names |= {f"{name.decode().lower()}.mod" for name in used}
        if expected > len(used):
            there = [name for folder in call.folders for name in listing(folder)]
            names |= {name for name in there if name.endswith((".mod", ".smod"))}
    found = {name: _candidates(call.folders, name) for name in sorted(names)}
    if any(len(several) > 1 for several in found.values()):
        raise UncertainError(call.source)  # which one counts is the compiler's business
    return [one for several in found.values() for one in several]


def _candidates(folders: list[str], name: str) -> list[tuple[str, bytes]]:
    """The files of a name in the folders, each with which folder it is in."""
    found = []
    for number, folder in enumerate(folders):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            found.append((f"{number} {name}", content(path)))
    return found


def restore(entry: str, call: Call) -> bool:
    """Put a kept compile's products where the compiler would; tell whether there is one."""
    try:
        said = content(os.path.join(entry, "said"))
        place(content(os.path.join(entry, "object")), call.product)
        for name in os.listdir(os.path.join(entry, "modules")):
            module = content(os.path.join(entry, "modules", name))
            target = os.path.join(call.modules, name)
            # As gfortran does: what uses a module that is the same need not be compiled again.
            if not os.path.isfile(target) or content(target) != module:
                place(module, target)
        os.utime(entry)
    except FileNotFoundError:
        return False  # also where it is removed at this moment, for want of room
    os.write(2, said)
    return True


def compile_and_keep(stage: str, entry: str, call: Call, compiler: str) -> int:
    """Compile, put the products in place and keep them under *entry*; the exit status.

    :param stage: an empty folder, which becomes the entry
    :param compiler: the compiler's program
    """
    try:
        modules, said = os.path.join(stage, "modules"), os.path.join(stage, "said")
        os.mkdir(modules)
        argv = [compiler, *call.words, *call.places, f"-J{modules}"]
        argv += [f"-I{place}" for place in (*call.includes, call.modules)]
        argv += ["-o", os.path.join(stage, "object"), call.source]
        if status := compile_cache.run(argv, said):
            os.write(2, content(said))
            return status
        if restore(stage, call):
            compile_cache.keep(stage, entry)
    finally:
        compile_cache.remove(stage)
    return 0


def _note(source: str, result: str) -> None:
    """Tell what became of a call where ccache tells it, in its words."""
    if log := os.environ.get("CCACHE_STATSLOG"):
        with open(log, "ab", buffering=0) as stream:
            stream.write(f"# {source}\n{result}\n".encode())


def main(arguments: list[str]) -> int:
    """Compile through the cache; the exit status."""
    folder, identity, compiler, *words = arguments
    call = None if any(map(os.environ.get, _OFF)) else parse(words)
    if call is None:
        os.execv(compiler, [compiler, *words])
    try:
        name = key(call, identity, compiler)
        entry = compile_cache.entry_of(folder, name)
        if restore(entry, call):
            _note(call.source, "fortran_cache_hit")
            return 0
        stage = compile_cache.stage_in(folder)
    except (UncertainError, OSError, ValueError):  # ValueError: a name in no encoding of ours
        os.execv(compiler, [compiler, *words])
    _note(call.source, "cache_miss")
    return compile_and_keep(stage, entry, call, compiler)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
