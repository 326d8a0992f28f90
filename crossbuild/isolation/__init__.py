"""What foreign code sees of the build machine, and may do there."""
