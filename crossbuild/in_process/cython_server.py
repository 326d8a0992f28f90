"""Runs a command, and Cython for all that the command starts: each module in a copy of one process.

To start Cython, and to let it read what nearly every module needs, takes longer than many a
module.  Here it is done once, for the first that asks; each request gets a copy (fork) of that
process.  A request comes over a socket, whose path the command finds in CROSSBUILD_CYTHON:

- one byte, and with it the descriptors for stdout and stderr;
- JSON: Cython's words, the working folder, the environment.

One byte is the answer, where the module is translated; otherwise there is none, and who asked
runs Cython as ever, which then tells what is wrong.
"""

import array
import contextlib
import json
import os
import socket
import socketserver
import subprocess
import sys
import tempfile

import run_cython

#: Seconds after the command's end at which that is seen, at most.
PATIENCE = 0.1


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    timeout = PATIENCE
    warm = False

    def process_request(self, request, client_address):
        if not self.warm:
            self.warm = True
            with contextlib.suppress(SystemExit):  # a Cython that refuses: who asked will see
                warm_up()
        super().process_request(request, client_address)


class Translation(socketserver.BaseRequestHandler):
    """One request; runs in its own copy of the process, which ends with it."""

    def handle(self):
        descriptors = array.array("i")
        room = socket.CMSG_SPACE(2 * descriptors.itemsize)
        [(_, _, passed)] = self.request.recvmsg(1, room)[1]
        descriptors.frombytes(passed)
        for number, descriptor in enumerate(descriptors, start=1):
            os.dup2(descriptor, number)
        with self.request.makefile(encoding="utf-8") as stream:
            told = json.load(stream)
        os.environ.clear()
        os.environ.update(told["environment"])
        os.chdir(told["folder"])
        sys.argv = told["words"]
        if not run_cython.main():
            sys.stdout.flush()
            sys.stderr.flush()
            self.request.sendall(b"+")


def warm_up():
    """Let Cython translate what is in any module."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "warm.pyx")
        with open(source, "w", encoding="utf-8"):
            pass
        sys.argv = ["cython", "-3", "-o", os.path.join(folder, "warm.c"), source]
        run_cython.main()


def main(path, command):
    # A socket's path holds no more than 107 bytes; a name in the working folder does.
    before = os.getcwd()
    folder, name = os.path.split(path)
    os.chdir(folder)
    if os.path.exists(name):
        os.unlink(name)  # of a run that was killed
    server = Server(name, Translation)
    os.chdir(before)
    process = subprocess.Popen(command, env=dict(os.environ, CROSSBUILD_CYTHON=path))
    while process.poll() is None:
        server.handle_request()
    return process.returncode


if __name__ == "__main__":
    # This script's folder holds modules that are not meant for Cython.
    del sys.path[0]
    sys.exit(main(sys.argv[1], sys.argv[2:]))
