"""The SDK as it says of itself: its environment script, its compiler, its libraries."""
