import pytest

from pipelines.contracts.step import Step
from pipelines.store.address import ingredients


def rows(count: int = 40) -> list[dict]:
    return [{"text": f"text number {number}", "grade": (number * 7) % count} for number in range(count)]


def test_the_best_are_kept_in_their_old_order(ingested, applied) -> None:
    before = ingested(rows()[:25], rows()[25:])
    spec = {"kind": "select", "selector": {"kind": "top_fraction", "by": "grade", "fraction": 0.25}}
    manifest, table = applied(before, spec)
    assert sorted(table["grade"].to_pylist()) == list(range(30, 40))
    expected = [row["text"] for row in rows() if row["grade"] >= 30]
    assert table["text"].to_pylist() == expected
    assert manifest.dropped == {"not_selected": 30}
    assert manifest.details == {"total_mass": 40.0, "kept_mass": 10.0}


def test_a_random_choice_is_that_of_the_seed_and_of_no_other_layout(ingested, applied) -> None:
    spec = {"kind": "select", "selector": {"kind": "random", "fraction": 0.5}}
    one_shard, three_shards = ingested(rows()), ingested(rows()[:5], rows()[5:30], rows()[30:])
    chosen = [
        set(applied(before, spec, seed)[1]["id"].to_pylist()) for before in (one_shard, three_shards) for seed in (0, 1)
    ]
    assert chosen[0] == chosen[2]
    assert chosen[0] != chosen[1]
    assert len(chosen[0]) == 20


def test_a_missing_column_is_named_with_the_cure(ingested, applied) -> None:
    spec = {"kind": "select", "selector": {"kind": "top_fraction", "by": "proxy"}}
    with pytest.raises(ValueError, match=r"needs the column 'proxy'.*add a score step named 'proxy'"):
        applied(ingested(["a text"]), spec)


def test_nothing_left_is_an_error_that_names_the_reasons(ingested, applied) -> None:
    spec = {"kind": "select", "selector": {"kind": "top_fraction", "by": "grade", "fraction": 0.001}}
    with pytest.raises(ValueError, match=r"kept no row.*not_selected"):
        applied(ingested(rows()), spec)


def in_genres(count: int = 40) -> list[dict]:
    genres = ["news", "news", "news", "code", None]
    return [{**row, "genre": genres[number % 5]} for number, row in enumerate(rows(count))]


def test_every_group_keeps_its_best_and_nulls_are_a_group(ingested, applied) -> None:
    spec = {"kind": "select", "selector": {"kind": "top_fraction", "by": "grade", "fraction": 0.25}, "within": "genre"}
    manifest, table = applied(ingested(in_genres()[:7], in_genres()[7:]), spec)
    for genre, kept in (("news", 6), ("code", 2), (None, 2)):
        of_genre = sorted(row["grade"] for row in in_genres() if row["genre"] == genre)
        assert sorted(row["grade"] for row in table.to_pylist() if row["genre"] == genre) == of_genre[-kept:]
    assert manifest.details == {"total_mass": 40.0, "kept_mass": 10.0, "groups": 3, "largest_kept_mass": 6.0}


def test_what_a_group_may_not_keep_is_handed_on(ingested, applied) -> None:
    selector = {"kind": "top_fraction", "by": "grade", "fraction": 0.25}
    manifest, table = applied(
        ingested(in_genres()), {"kind": "select", "selector": selector, "within": "genre", "max_share": 0.4}
    )
    assert sorted(map(str, table["genre"].to_pylist())) == ["None"] * 3 + ["code"] * 3 + ["news"] * 4
    assert manifest.details["largest_kept_mass"] == 4.0


def test_the_middle_of_a_column_is_kept(ingested, applied) -> None:
    spec = {"kind": "select", "selector": {"kind": "middle_fraction", "by": "grade", "fraction": 0.25}}
    _, table = applied(ingested(rows()), spec)
    assert sorted(table["grade"].to_pylist()) == list(range(15, 25))


def test_a_share_without_groups_is_refused_and_groups_change_no_old_address() -> None:
    spec = {"kind": "select", "selector": {"kind": "random"}}
    with pytest.raises(ValueError, match=r"name the column of the groups as `within`"):
        Step.model_validate({**spec, "max_share": 0.5})
    assert set(ingredients(Step.model_validate(spec))) == {"kind", "selector", "version"}
    assert ingredients(Step.model_validate({**spec, "within": "genre"}))["within"] == "genre"
