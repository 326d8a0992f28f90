"""What this numpy's build says of itself, a line each: sizes, CPU features, libraries."""

import io
import os
import re
from contextlib import redirect_stdout

import numpy as np

try:
    from numpy._core import _multiarray_umath as umath
except ImportError:
    from numpy.core import _multiarray_umath as umath

with open(os.path.join(np.get_include(), "numpy", "_numpyconfig.h")) as header:
    for line in sorted(header):
        if re.match(r"#define \w+ \S", line):
            print(line.split("#define ", 1)[1].strip())

for name in ("__cpu_baseline__", "__cpu_dispatch__"):
    print(name + ": " + " ".join(getattr(umath, name, ["unknown"])))
features = getattr(umath, "__cpu_features__", {})
print("features of this CPU: " + " ".join(sorted(name for name in features if features[name])))

told = io.StringIO()
with redirect_stdout(told):
    np.show_config()
print(told.getvalue())
