"""What `gleaner kinds` tells."""

import pytest

from cluster.inspect import FAMILIES, kinds_table
from pipelines.contracts.component import kinds


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_every_family_is_told_with_its_parameters(family: str) -> None:
    lines = kinds_table(family).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")] == kinds(
        FAMILIES[family].family
    )


def test_a_family_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"no family 'filter'; known: sources, filters"):
        kinds_table("filter")
