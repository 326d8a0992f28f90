"""Wheels as archives: read with suspicion, packed reproducibly, published."""
