"""Training loops as people write them, with one fault each, recorded by advisor.record."""
