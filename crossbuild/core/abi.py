"""What the board is called: one machine has a name for each reader.

The board is an i.MX6 or its like: 32-bit Arm, ARMv7, hard float, little endian, glibc.
"""

#: ``uname -m``.
MACHINE = "armv7l"

#: The platform in a wheel's file name (PyPA, "Platform compatibility tags").
PLATFORM_TAG = f"linux_{MACHINE}"

#: ``sysconfig.get_platform()``.
PLATFORM = f"linux-{MACHINE}"

#: Debian's and CPython's name (PEP 3149's suffix of modules); Yocto's triples have others.
MULTIARCH = "arm-linux-gnueabihf"

#: The program interpreter of its dynamic executables.
LOADER = "ld-linux-armhf.so.3"


def marker_environment(python: str, machine: str = MACHINE) -> dict[str, str]:
    """The values of environment markers on the board (PyPA, "Dependency specifiers").

    :param python: the full version of its Python
    """
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
        "extra": "",
    }
