"""A built wheel made ready for the board: stripped, scrubbed, with the libraries it lacks."""
