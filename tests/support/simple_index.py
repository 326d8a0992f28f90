"""A package index for tests: real wheels and sdists, in a folder or served by HTTP."""

import functools
import hashlib
import html
import io
import ssl
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from packaging.utils import canonicalize_name


class SimpleIndex:
    """A folder with ``simple/NAME/index.html`` (PEP 503) and ``files/``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = (root / "simple").as_uri()
        (root / "files").mkdir(parents=True)
        (root / "simple").mkdir()

    def wheel(
        self,
        name: str,
        version: str,
        *,
        tag: str = "py3-none-any",
        needs: tuple[str, ...] = (),
        requires_python: str = "",
    ) -> Path:
        """Add a wheel."""
        info = f"{name}-{version}.dist-info"
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {text}" for text in needs]
        lines += [f"Requires-Python: {requires_python}"] * bool(requires_python)
        path = self.root / "files" / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}/__init__.py", "")
            archive.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
            archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
            archive.writestr(f"{info}/RECORD", "")
        return self._link(name, path, requires_python)

    def sdist(self, name: str, version: str, *, requires_python: str = "") -> Path:
        """Add a source distribution."""
        path = self.root / "files" / f"{name}-{version}.tar.gz"
        data = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        return self._link(name, path, requires_python)

    def _link(self, name: str, path: Path, requires_python: str) -> Path:
        page = self.root / "simple" / canonicalize_name(name) / "index.html"
        page.parent.mkdir(exist_ok=True)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        limit = f' data-requires-python="{html.escape(requires_python)}"' if requires_python else ""
        link = f'<a href="../../files/{path.name}#sha256={digest}"{limit}>{path.name}</a>\n'
        before = page.read_text() if page.is_file() else "<!DOCTYPE html>\n"
        page.write_text(before + link)
        return path


@contextmanager
def served(
    root: Path, broken: dict[str, str] | None = None, certificate: Path | None = None
) -> Iterator[str]:
    """Serve a folder on this machine; *broken* maps the end of a path to a way to fail.

    By https where there is a *certificate*, a file that has its key as well.

    ``500`` answers with that status, ``once`` does so the first time alone, ``cut`` sends half of
    the file and closes, ``slow`` answers after a second, an address redirects there.
    """
    asked = set[str]()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            for end, how in (broken or {}).items():
                if self.path.endswith(end):
                    self._fail(how)
                    return
            super().do_GET()

        def _fail(self, how: str) -> None:
            if how == "500" or (how == "once" and self.path not in asked):
                asked.add(self.path)
                self.send_error(500)
                return
            if how.startswith("http"):
                self.send_response(302)
                self.send_header("Location", how + self.path)
                self.end_headers()
                return
            if how in {"once", "slow"}:
                time.sleep(how == "slow")
                with suppress(BrokenPipeError):  # nobody waits any more
                    super().do_GET()
                return
            data = Path(self.translate_path(self.path)).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
