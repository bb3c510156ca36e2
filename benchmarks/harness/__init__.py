"""What the benchmarks share: processes of their own, and targets that are met or missed."""
