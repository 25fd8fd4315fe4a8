"""Validation: a finished validation as text, drawn from its manifest alone."""

from collections.abc import Iterator, Mapping, Sequence

from pipelines.store.manifest import Manifest
from tuning.validation.results import Agreement, Correlation, Validated

CEILING = "(ceiling)"
TESTS = {"probe": "one step", "halves": "random halves", "cells": "random clusters"}


def text_table(manifest: Manifest) -> str:
    """For each target a table of the scores, the best first, with the rank correlations and their intervals."""
    found = manifest.details_as(Validated)
    return "\n\n".join([*(_of_target(found, target) for target in found.targets), *_agreements(found.agreement)])


def columns(found: Validated) -> dict[str, Mapping[str, Mapping[str, Correlation]]]:
    """What each test says of each score and target, by the name of the test, with the ceilings among the scores."""
    tests: dict[str, Mapping[str, Mapping[str, Correlation]]] = {"probe": found.probe} if found.probe else {}
    for sort, of_score in found.retrain.items():
        tests[sort] = {**of_score, CEILING: found.ceilings[sort]}
    return tests


def ranked(found: Validated, target: str) -> list[str]:
    """The scores by what the last test says of them for the target, the best first."""
    tests = list(columns(found).values())
    if not tests:
        return []
    return sorted((name for name in tests[-1] if name != CEILING), key=lambda name: -(_value(tests[-1][name][target])))


def _value(each: Correlation) -> float:
    return -2.0 if each.value is None else each.value


def _of_target(found: Validated, target: str) -> str:
    tests = columns(found)
    names = [*ranked(found, target), *([CEILING] if found.ceilings else [])]
    rows = [[f"target {target}", *(TESTS[test] for test in tests)]]
    for name in names:
        rows.append([name, *(told(test[name][target]) if name in test else "" for test in tests.values())])
    return aligned(rows)


def told(each: Correlation) -> str:
    """0.42 [0.1, 0.7]."""
    if each.value is None or each.low is None or each.high is None:
        return "no ranks"
    return f"{each.value:+.2f} [{each.low:+.2f}, {each.high:+.2f}]"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines of text, the first column to the left, all others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows)
    return "\n".join("  ".join(line) for line in lines)


def _agreements(agreement: Mapping[str, Agreement]) -> Iterator[str]:
    for score, each in agreement.items():
        yield f"{score}: {each}"
