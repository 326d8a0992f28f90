"""Calls one hook of a PEP 517 back end: pyproject_hooks's protocol in Python 3.5's syntax.

pyproject_hooks starts ``python SCRIPT HOOK CONTROL_DIR``, with the arguments in
CONTROL_DIR/input.json, and reads CONTROL_DIR/output.json.
"""

import importlib
import json
import os
import sys


def main(hook, control_dir):
    spec = os.environ["_PYPROJECT_HOOKS_BUILD_BACKEND"]
    paths = os.environ.get("_PYPROJECT_HOOKS_BACKEND_PATH_JSON")
    sys.path[:0] = json.loads(paths) if paths else []
    module, _, attribute = spec.partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attribute.split(".")):
        backend = getattr(backend, name)
    with open(os.path.join(control_dir, "input.json"), encoding="utf-8") as stream:
        arguments = json.load(stream)["kwargs"]
    if hook == "_supported_features":
        result = {"return_val": []}
    elif not hasattr(backend, hook) and hook.startswith("get_requires_for_"):
        result = {"return_val": []}  # an optional hook: it requires nothing more
    elif not hasattr(backend, hook):
        result = {"hook_missing": True, "missing_hook_name": hook}
    else:
        result = {"return_val": getattr(backend, hook)(**arguments)}
    with open(os.path.join(control_dir, "output.json"), "w", encoding="utf-8") as stream:
        json.dump(result, stream)


if __name__ == "__main__":
    # Neither this script's folder nor the project's is searched for the back end (PEP 517).
    del sys.path[0]
    main(sys.argv[1], sys.argv[2])
