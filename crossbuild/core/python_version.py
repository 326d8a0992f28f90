"""A minor version of Python, and what file names and tags make of it."""

from crossbuild.core.abi import MULTIARCH


class PythonVersion(str):
    """A text such as ``3.7`` that knows its other spellings."""

    __slots__ = ()

    @property
    def minor(self) -> int:
        """The number behind the point."""
        return int(self.partition(".")[2])

    @property
    def tag(self) -> str:
        """The interpreter in a wheel's file name: ``cp37``."""
        return f"cp3{self.minor}"

    @property
    def abi_flags(self) -> str:
        """``m`` (pymalloc) up to 3.7, then nothing: https://bugs.python.org/issue36707."""
        return "m" if self.minor < 8 else ""

    @property
    def abi_tag(self) -> str:
        """The ABI in a wheel's file name: ``cp37m``, ``cp311``."""
        return self.tag + self.abi_flags

    @property
    def soabi(self) -> str:
        """The ABI in a module's file name: ``cpython-37m-arm-linux-gnueabihf``."""
        return f"cpython-3{self.minor}{self.abi_flags}-{MULTIARCH}"
