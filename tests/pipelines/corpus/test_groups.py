import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.corpus.groups import ALL, group_numbers


def numbers(values: pa.Array) -> list[int]:
    return group_numbers(pa.table({"genre": values}), "genre").tolist()


def test_a_value_has_one_number_in_every_shard_and_type() -> None:
    news, code, nothing = numbers(pa.array(["news", "code", None]))
    assert len({news, code, nothing}) == 3
    assert numbers(pa.array([None, "code", "code", "news"], pa.large_string())) == [nothing, code, code, news]
    assert numbers(pa.array([None, None])) == [nothing, nothing]
    assert numbers(pa.array([7, 8], pa.int32())) == numbers(pa.array([7, 8], pa.uint64()))


def test_a_null_is_no_text_that_says_so_and_a_number_is_not_its_digits() -> None:
    nothing, null = numbers(pa.array([None, "null"]))
    assert nothing != null
    assert numbers(pa.array([7])) != numbers(pa.array(["7"]))


def test_without_a_column_all_rows_are_one_group() -> None:
    table = pa.table({"genre": ["news", "code"]})
    assert group_numbers(table, None).tolist() == [ALL, ALL]
    assert group_numbers(table.slice(0, 0), "genre").tolist() == []


@pytest.mark.parametrize("values", [[0.5], [["a"]]])
def test_a_column_that_makes_no_groups_is_refused(values: list) -> None:
    with pytest.raises(Mistake, match=r"'genre' holds .*texts or whole numbers"):
        numbers(pa.array(values))
