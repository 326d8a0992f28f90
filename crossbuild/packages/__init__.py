"""What is built: recipes, locks, and what a project says of itself."""
