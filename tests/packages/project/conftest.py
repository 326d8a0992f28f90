"""What is not collected here."""

from importlib.util import find_spec

#: cibuildwheel, with which it compares, requires Python 3.11.
collect_ignore = [] if find_spec("cibuildwheel") else ["test_cibuildwheel.py"]
