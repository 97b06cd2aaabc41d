"""What `benchmarks/tuning.py` compares: tasks with sick starts, and four ways of tuning them."""
