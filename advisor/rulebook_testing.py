"""Checks that every rule must pass, ours or a user's. Shipped, for authors of rules.

Each check returns what is wrong, one sentence a problem, and an empty list when all is well:

    @pytest.mark.parametrize("rule", load_folder(Path("my_rules"), VOCABULARY), ids=lambda r: r.id)
    def test_rule(rule: Rule) -> None:
        assert problems(rule) == []
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import get_args

from pydantic import ValidationError

from advisor.advice import computed_change, problem
from advisor.facts import VOCABULARY, Facts
from advisor.recipe import Own, Recipe, Task, sections_with_kinds
from advisor.rulebook import Example, Rule


def problems(rule: Rule) -> list[str]:
    """Everything that is wrong with a rule's examples."""
    return [*check_examples(rule), *check_change(rule), *check_each_line_matters(rule)]


def check_examples(rule: Rule) -> list[str]:
    """There are examples of both signs, and each behaves as it is labelled."""
    found = [
        f"examples.{sign}: at least one example is needed"
        for sign in ("fires", "silent")
        if not any(_sign(example) == sign for example in rule.examples)
    ]
    for told, example in _named(rule):
        judged = rule.judge(example.facts)
        if not example.fires and judged.fires:
            found.append(f"{told}: the rule fires")
        if example.fires:
            found += [
                f"{told}: `{line.text}` {'does not hold' if held is False else 'cannot be judged'}"
                for line, held in zip(rule.when, judged.lines, strict=True)
                if not held
            ]
    return found


def check_each_line_matters(rule: Rule) -> list[str]:
    """Each line of `when` is the only one that does not hold in some silent example.

    A line without such an example could be left out, or be wrong, without anyone noticing.
    """
    judged = {rule.judge(example.facts).lines for example in rule.examples if not example.fires}
    return [
        f"when: no silent example in which only `{line.text}` does not hold"
        for index, line in enumerate(rule.when)
        if tuple(place != index for place in range(len(rule.when))) not in judged
    ]


def check_change(rule: Rule) -> list[str]:
    """Wherever an example fires, the change can be computed, gives a valid recipe, and changes it.

    The recipe is any that has the example's own values in the fields that facts repeat; fields
    that the example leaves out have their defaults.
    """
    found = []
    for told, example in _named(rule):
        if not example.fires:
            continue
        first = None
        for recipe in plausible_recipes(example.facts):
            outcome = _outcome(rule, example, recipe)
            if outcome is None:
                break
            first = first or outcome
        else:
            found.append(f"{told}: {first or 'no valid recipe has these values'}")
    return found


def plausible_recipes(facts: Facts) -> Iterator[Recipe]:
    """Recipes of every task, model and optimizer that can have these facts' values."""
    values = {
        VOCABULARY[name].field or "": value for name, value in facts.items() if value is not None
    }
    values.pop("", None)
    kinds = {path: values.pop(path, None) for path in ("task", "model.kind", "optimizer.kind")}
    for recipe in _bases():
        if any(kind not in (None, recipe.get(path)) for path, kind in kinds.items()):
            continue
        try:
            changed = recipe.changed(values)
        except (ValidationError, KeyError):
            continue
        yield changed


@lru_cache(maxsize=1)
def _bases() -> tuple[Recipe, ...]:
    kinds = sections_with_kinds()
    return tuple(
        recipe
        for parts in product(get_args(Task), kinds["model"], kinds["optimizer"])
        if (recipe := _base(*parts)) is not None
    )


def _base(task: str, model: str, optimizer: str) -> Recipe | None:
    """None where this model cannot do this task."""
    references = set(Own.model_fields) - {"kind", "arguments"}
    code = dict.fromkeys(references, "nets.py:Net") if model == "own" else {}
    try:
        return Recipe.model_validate(
            {
                "task": task,
                "data": {"source": "text:any" if task == "language_model" else "sklearn:any"},
                "model": {"kind": model, **code},
                "optimizer": {"kind": optimizer},
            }
        )
    except ValidationError:
        return None


def _outcome(rule: Rule, example: Example, recipe: Recipe) -> str | None:
    """Why the change is no good for this recipe; None when it is."""
    flat = recipe.flat()
    repeated = {name: flat.get(known.field or "") for name, known in VOCABULARY.items()}
    change = computed_change(rule, {**repeated, **example.facts})  # type: ignore[dict-item]
    if change is None:
        return "the change cannot be computed from these facts"
    told = ", ".join(f"{path}: {value!r}" for path, value in change.items())
    try:
        changed = recipe.changed(change)
    except (ValidationError, KeyError) as error:
        return f"{{{told}}} gives no valid recipe: {problem(error)}"
    return f"{{{told}}} changes nothing" if changed == recipe else None


def _named(rule: Rule) -> Iterator[tuple[str, Example]]:
    counts = {"fires": 0, "silent": 0}
    for example in rule.examples:
        sign = _sign(example)
        counts[sign] += 1
        yield f"examples.{sign}, number {counts[sign]}", example


def _sign(example: Example) -> str:
    return "fires" if example.fires else "silent"
