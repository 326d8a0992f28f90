"""The target's Python and the build machine's: found, or synthesised."""
