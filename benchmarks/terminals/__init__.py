"""What `benchmarks/tui.py` is made of: terminals, apps to compare, sessions to show."""
