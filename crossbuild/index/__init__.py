"""Downloads: where pip looks, what lies there, which versions go together."""
