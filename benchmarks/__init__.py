"""Benchmarks: one file a claim, each prints ratios measured in one run. `make bench` runs all."""
