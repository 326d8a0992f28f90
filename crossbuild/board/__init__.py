"""What runs a wheel: an emulated board, or a real one through ssh."""
