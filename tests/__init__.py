"""Tests of crossbuild."""

import pytest

# Helpers assert as well: what they saw is shown as in a test.
pytest.register_assert_rewrite("tests.support")
