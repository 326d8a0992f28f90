"""The proof: wheels installed on a board, smoke scripts, the packages' own tests."""
