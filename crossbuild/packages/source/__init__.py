"""A package's source: a folder, a git repository or an archive, and a copy of it to build in."""
