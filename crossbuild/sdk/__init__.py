"""The SDK, asked: its environment script, its compiler, the libraries of its sysroot."""
