"""crossbuild: a wheel factory for Arm boards."""

__version__ = "0.1.0"
