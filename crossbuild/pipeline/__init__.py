"""From a request to a wheelhouse: the order of all stages, and what runs over many Pythons."""
