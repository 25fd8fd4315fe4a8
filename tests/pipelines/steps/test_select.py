import pytest


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
