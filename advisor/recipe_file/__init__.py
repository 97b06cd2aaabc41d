"""Recipes as YAML files: read with advice on every mistake, changed by overrides, written."""

from advisor.recipe_file.fields import schema
from advisor.recipe_file.problems import Problem, RecipeError
from advisor.recipe_file.reading import parse, read
from advisor.recipe_file.writing import dump

__all__ = ["Problem", "RecipeError", "dump", "parse", "read", "schema"]
