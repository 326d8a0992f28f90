"""Compilers as builds see them: one-word programs with a border, caches and a log."""
