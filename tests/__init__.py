"""Tests of crossbuild."""
