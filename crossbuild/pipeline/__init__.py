"""From a request to a wheelhouse: the stages and their order, and runs over many Pythons."""
