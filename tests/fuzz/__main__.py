"""Feed one reader with what atheris makes of its corpus, until an error escapes it.

    python -m tests.fuzz elf -max_total_time=60 build/fuzz/elf tests/fuzz/corpus/elf

Options are libFuzzer's; what is found new goes into the first folder.  What makes a reader fail
is written to ``crash-*``; once mended, it belongs into the corpus, which ``test_corpus.py`` feeds
to the readers at each test.
"""

import sys

import atheris

with atheris.instrument_imports(include=["crossbuild", "elftools", "tarfile", "zipfile"]):
    from tests.fuzz.readers import READERS

kind, *options = sys.argv[1:]
atheris.Setup([sys.argv[0], *options], READERS[kind])
atheris.Fuzz()
