"""Ratios measured side by side: docs/benchmarks.md."""
