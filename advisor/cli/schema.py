"""`advisor schema`: the recipe's JSON schema, for editors."""

from __future__ import annotations

import argparse

from advisor.cli.commands import Commands, add_command

ABOUT = """\
Prints the JSON schema of a recipe. Editors with YAML support use it to complete and check
recipes as you type."""

EXAMPLES = """\
  advisor schema > recipe.schema.json
  # then, as the first line of a recipe:
  # yaml-language-server: $schema=recipe.schema.json
"""


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "schema", "print the recipe's JSON schema", ABOUT, EXAMPLES, execute
    )
    parser.add_argument("--json", action="store_true", help="on one line")


def execute(arguments: argparse.Namespace) -> int:
    from advisor.cli.errors import Exit
    from advisor.cli.output import pretty, write, write_json
    from advisor.recipe_file import schema

    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema()}
    if arguments.json:
        write_json(found)
    else:
        write(pretty(found))
    return Exit.DONE
