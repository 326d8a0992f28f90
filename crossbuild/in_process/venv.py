# ruff: noqa: ARG002, PTH, UP031
# mypy: ignore-errors
"""A stand-in for the standard library's venv, for Pythons whose packager left it out.

It has what crossenv (1.5.0 to 1.6.2) uses of it: EnvBuilder with symlinks and without
pip, and ensure_directories.  The real venv module wins wherever it exists.
"""

import os
import shutil
import sys
import types


class EnvBuilder:
    def __init__(
        self,
        system_site_packages=False,
        clear=False,
        symlinks=False,
        upgrade=False,
        with_pip=False,
        prompt=None,
    ):
        if with_pip:
            raise ValueError("this Python has no venv module: pip cannot be seeded")
        self.system_site_packages = system_site_packages
        self.clear = clear
        self.prompt = prompt

    def create(self, env_dir):
        context = self.ensure_directories(os.path.abspath(env_dir))
        with open(os.path.join(context.env_dir, "pyvenv.cfg"), "w") as stream:
            stream.write("home = %s\n" % context.python_dir)
            site = "true" if self.system_site_packages else "false"
            stream.write("include-system-site-packages = %s\n" % site)
            stream.write("version = %d.%d.%d\n" % sys.version_info[:3])
        for name in (context.python_exe, "python", "python3"):
            link = os.path.join(context.bin_path, name)
            if not os.path.lexists(link):
                os.symlink(context.executable, link)
        with open(os.path.join(context.bin_path, "activate"), "w") as stream:
            stream.write('PATH="%s:$PATH"\nexport PATH\n' % context.bin_path)

    def ensure_directories(self, env_dir):
        if self.clear and os.path.isdir(env_dir):
            shutil.rmtree(env_dir)
        executable = os.path.realpath(sys.executable)
        name = "python%d.%d" % sys.version_info[:2]
        context = types.SimpleNamespace(
            env_dir=env_dir,
            env_name=os.path.basename(env_dir),
            prompt="(%s) " % (self.prompt or os.path.basename(env_dir)),
            executable=executable,
            python_dir=os.path.dirname(executable),
            python_exe=name,
            bin_name="bin",
            bin_path=os.path.join(env_dir, "bin"),
            inc_path=os.path.join(env_dir, "include"),
            env_exe=os.path.join(env_dir, "bin", name),
        )
        library = os.path.join(env_dir, "lib", name, "site-packages")
        for folder in (context.bin_path, context.inc_path, library):
            os.makedirs(folder, exist_ok=True)
        return context
