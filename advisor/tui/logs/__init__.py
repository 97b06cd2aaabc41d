"""The log of a training that others run: its curves, and what is wrong with it, live."""
