"""What a user's project says in its pyproject.toml, and what that adds to a build."""
