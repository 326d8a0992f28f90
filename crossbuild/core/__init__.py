"""What everything stands on: errors, files that appear whole, subprocesses, defaults."""
