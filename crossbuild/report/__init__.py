"""A wheelhouse one can look at: what is known of its wheels, kept beside them, and a page of it."""
