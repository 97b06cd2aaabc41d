"""The programs that `benchmarks/throughput.py` compares, each in a process of its own."""
