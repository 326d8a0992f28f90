"""The stages of the pipeline; :mod:`crossbuild.pipeline.make` has their order, and it alone.

A stage takes frozen values and gives one.  No stage calls another.
"""
