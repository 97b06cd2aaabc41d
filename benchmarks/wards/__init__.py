"""The cases, controls and measurements of `benchmarks/clinic.py`."""
