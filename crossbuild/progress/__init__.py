"""What the user sees of a run: console, timeline, trace, work side by side."""
