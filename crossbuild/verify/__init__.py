"""Wheels proven on a board: installed, computing, tested by the packages' own tests."""
