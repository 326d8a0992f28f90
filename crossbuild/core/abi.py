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
