"""Validation: a finished validation as text and as one HTML page that needs nothing else, from its manifest alone."""

from collections.abc import Iterator, Mapping, Sequence

from cluster.report.templates import environment
from pipelines.store.manifest import Manifest
from tuning.validation.results import Agreement, Correlation, Validated
from tuning.validation.subsets import CELLS, HALVES

TEMPLATE = "validation.html.j2"
CEILING, PROBE = "ceiling", "probe"
TITLES = {PROBE: "one step", HALVES: "random halves", CELLS: "random clusters"}
Tests = Mapping[str, Mapping[str, Mapping[str, Correlation]]]  # by test, score and target


def text_table(manifest: Manifest) -> str:
    """A table for each target, the best score first, and what there is of agreement."""
    found = manifest.details_as(Validated)
    return "\n\n".join([*(_of_target(found, target) for target in found.targets), *_agreements(found.agreement)])


def page(manifest: Manifest, name: str) -> str:
    """The whole page of the validation of the run `name`."""
    found = manifest.details_as(Validated)
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            name=name,
            found=found,
            headline=headline(found),
            tests=tests(found),
            titles=TITLES,
            ceiling=CEILING,
            ranked=ranked,
            told=told,
            place=lambda value: f"{50 + 50 * value:.1f}%",
            model=_model,
        )
    )


def headline(found: Validated) -> str:
    """Which scores are above chance in every test, for every target."""
    clear = [score for score in _scores(found) if all(_is_clear(each) for each in _of_score(found, score))]
    if not clear:
        return "No score tells in every test which text helps"
    return f"{', '.join(clear)} {'tells' if len(clear) == 1 else 'tell'} in every test which text helps"


def tests(found: Validated) -> Tests:
    """What each test says of each score and target; the ceilings stand among the scores of their test."""
    probe: Tests = {PROBE: found.probe} if found.probe else {}
    return {**probe, **{sort: {**of, CEILING: found.ceilings[sort]} for sort, of in found.retrain.items()}}


def ranked(found: Validated, target: str) -> list[str]:
    """The scores by what the last test says of them for the target, the best first; those without ranks last."""
    last = list(tests(found).values())[-1:]
    return sorted(_scores(found), key=lambda score: [-_value(test[score][target]) for test in last])


def told(each: Correlation) -> str:
    """The correlation and its interval, as in +0.42 [+0.10, +0.70]."""
    if each.value is None:
        return "no ranks"
    interval = "" if each.low is None or each.high is None else f" [{each.low:+.2f}, {each.high:+.2f}]"
    return f"{each.value:+.2f}{interval}"


def _scores(found: Validated) -> list[str]:
    """The names of all scores, in the order of the run."""
    return list(dict.fromkeys(score for test in tests(found).values() for score in test if score != CEILING))


def _of_score(found: Validated, score: str) -> list[Correlation]:
    return [each for test in tests(found).values() for each in test[score].values()]


def _is_clear(each: Correlation) -> bool:
    return each.low is not None and each.low > 0


def _value(each: Correlation) -> float:
    return -2.0 if each.value is None else each.value


def _of_target(found: Validated, target: str) -> str:
    all_tests = tests(found)
    names = [*ranked(found, target), *([CEILING] if found.ceilings else [])]
    rows = [[target, *(TITLES[test] for test in all_tests)]]
    for name in names:
        rows.append([name, *(told(test[name][target]) if name in test else "" for test in all_tests.values())])
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines of text, the first column to the left, all others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows)
    return "\n".join("  ".join(line) for line in lines)


def _agreements(agreement: Mapping[str, Agreement]) -> Iterator[str]:
    for score, each in agreement.items():
        names = [_model(each, number) for number in range(1, len(each.between) + 1)]
        rows = [[score, *names]]
        rows += [[name, *map(_ranks, values)] for name, values in zip(names, each.between, strict=True)]
        dampings = ", ".join(f"{_ranks(value)} with {damping}" for damping, value in each.dampings.items())
        yield f"{_aligned(rows)}\ndamping {each.damping:g} against others: {dampings}"


def _model(each: Agreement, number: int) -> str:
    return f"proxy {number}" if number <= each.proxies else f"model {number - each.proxies}"


def _ranks(value: float | None) -> str:
    return "no ranks" if value is None else f"{value:+.2f}"
