from collections.abc import Callable

import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.step import Place, Step
from pipelines.store.address import ingredients

DOCUMENT, OTHER = "d" * 32, "e" * 32
FIRST, SECOND, THIRD = ("1" * 32, "2" * 32, "3" * 32)  # passages of the document


def passages(*ids: str, parent: str = DOCUMENT) -> pa.Table:
    return pa.table({"id": list(ids), "parents": [[parent]] * len(ids)})


def left(step: Step, rows: pa.Table) -> list[str]:
    outcome = step.open(step.fit(None, 0), 0)(rows, Place.in_shard(0, 0, rows.num_rows))
    assert outcome.dropped["reason"].to_pylist() == ["trained_on"] * (rows.num_rows - outcome.rows.num_rows)
    return outcome.rows["id"].to_pylist()


def excluding(*models: str) -> Step:
    return Step.model_validate({"kind": "exclude", "models": models})


@pytest.fixture(autouse=True)
def _arrays_of_this_test_alone(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_a_passage_is_read_once_and_the_others_of_its_document_stay(trained_on: Callable[..., str]) -> None:
    step = excluding(trained_on(passages(FIRST), number=0xB1))
    assert left(step, passages(FIRST, SECOND, THIRD)) == [SECOND, THIRD]
    assert left(step, pa.table({"id": [DOCUMENT, OTHER]})) == [OTHER]


def test_a_document_that_was_read_whole_takes_its_passages_along(trained_on: Callable[..., str]) -> None:
    step = excluding(trained_on(pa.table({"id": [DOCUMENT]}), number=0xB2))
    assert left(step, pa.table({"id": [OTHER, DOCUMENT]})) == [OTHER]
    mixed = pa.concat_tables([passages(FIRST, SECOND), passages(THIRD, parent=OTHER)])
    assert left(step, mixed) == [THIRD]
    assert left(step, mixed.slice(1)) == [THIRD]
    assert left(step, mixed.slice(0, 0)) == []


def test_what_several_models_read_and_what_they_went_on_from_is_left_out(trained_on: Callable[..., str]) -> None:
    warm = trained_on(passages(FIRST), number=0xB3)
    further = trained_on(passages(SECOND), number=0xB4, after=warm)
    apart = trained_on(passages(OTHER), number=0xB5)
    rows = passages(FIRST, SECOND, THIRD, OTHER)
    assert left(excluding(further), rows) == [THIRD, OTHER]
    assert left(excluding(warm, apart), rows) == [SECOND, THIRD]
    found = excluding(warm, apart)
    assert found.details(found.fit(None, 0)) == {"trained_on": {f"encode-{0xB3:012x}": 1, f"encode-{0xB5:012x}": 1}}


def test_its_address_is_that_of_the_models_wherever_the_store_lies() -> None:
    here, there = (excluding(f"{store}/train-0123456789ab/run/model") for store in ("/store", "s3://bucket/store"))
    assert ingredients(here) == ingredients(there)
    assert ingredients(here)["fingerprint"] == {"model.0": "train-0123456789ab"}


def test_a_model_of_which_nobody_knows_the_text_is_refused(tmp_path) -> None:
    excluding("@warm").check()
    for unknown in (str(tmp_path), "gpt2", "/store/datamodel-0123456789ab/model"):
        with pytest.raises(Mistake, match=r"nobody knows what .* was trained on; name a model of the section `models`"):
            excluding(unknown).check()
    with pytest.raises(Mistake, match=r"no finished 'train-0123456789ab'"):
        excluding(f"{tmp_path}/train-0123456789ab/run/model").fit(None, 0)
