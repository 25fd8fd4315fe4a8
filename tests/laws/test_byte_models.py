"""What holds for every kind of byte model, so that a new file is tested the moment it exists."""

import functools
import pickle

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.byte_model import ByteModel, NextByte
from pipelines.component import component_in, kinds
from pipelines.documents import identify

pytestmark = [pytest.mark.parametrize("kind", kinds(ByteModel.family)), pytest.mark.usefixtures("ray_session")]
CORPUS = [f"Number {n} of a few sentences, which say: é{word}." for n in range(50) for word in ("one", "two")]
contexts = st.one_of(st.binary(max_size=12), st.text("Number of\n", max_size=12).map(str.encode))


@functools.cache
def trained(kind: str) -> dict[str, bytes]:
    import ray.data

    rows = identify(pa.table({"text": CORPUS}), "corpus")
    return ByteModel.model_validate(kind).train(ray.data.from_arrow(rows.select(["id", "text"])), seed=1)


@functools.cache
def model_of(kind: str) -> NextByte:
    return ByteModel.model_validate(kind).open(trained(kind))


def test_file_holds_its_kind(kind: str) -> None:
    component = component_in(f"{ByteModel.family}.{kind}", ByteModel)
    assert component.__name__.lower() == kind.replace("_", "")
    assert component.__doc__


def test_round_trips_through_yaml_and_pickle(kind: str) -> None:
    spec = ByteModel.model_validate(kind)
    assert ByteModel.model_validate(yaml.safe_load(yaml.safe_dump(spec.model_dump(mode="json")))) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec


@given(texts=st.lists(contexts, max_size=6))
@settings(deadline=None)
def test_every_byte_is_possible_behind_every_context(kind: str, texts: list[bytes]) -> None:
    probabilities = model_of(kind).predict(texts)
    assert probabilities.shape == (len(texts), 256)
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@given(texts=st.lists(contexts, max_size=6))
@settings(deadline=None)
def test_a_context_is_continued_the_same_alone_and_in_company(kind: str, texts: list[bytes]) -> None:
    together = model_of(kind).predict(texts)
    assert all((model_of(kind).predict([text])[0] == row).all() for text, row in zip(texts, together, strict=True))


def test_it_learned_from_the_text(kind: str) -> None:
    probabilities = model_of(kind).predict([b""])[0]
    assert probabilities[ord("e")] > 10 * probabilities[ord("@")]


def test_training_again_gives_the_same_files(kind: str) -> None:
    import ray.data

    rows = identify(pa.table({"text": CORPUS[::-1]}), "corpus").select(["id", "text"])
    again = ByteModel.model_validate(kind).train(ray.data.from_arrow(rows).repartition(3), seed=1)
    assert again == trained(kind)


def test_files_that_are_not_its_own_or_not_whole_are_refused(kind: str) -> None:
    model = ByteModel.model_validate(kind)
    with pytest.raises(ValueError, match=kind):
        model.open({"nothing-of-the-kind": b"x"})
    for name, content in trained(kind).items():
        with pytest.raises(ValueError, match="cut off"):
            model.open({**trained(kind), name: content[:-1]})
