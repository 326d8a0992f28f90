"""The build machine's Python, and the target's, found or synthesised."""
