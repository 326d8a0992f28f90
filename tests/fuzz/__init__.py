"""Readers of strangers' files, fuzzed by atheris: ``make nightly-fuzz``."""
