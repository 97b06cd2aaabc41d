"""Where a recipe is written: checked by the real reader as it is typed."""
