"""What holds for every kind of byte model, so that a new file is tested the moment it exists."""

import functools
import pickle
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.codecs.entropy.cdf import quantized_cdf
from pipelines.contracts.byte_model import BEGIN, ByteModel, NextByte
from pipelines.contracts.component import component_in, kinds

LEARNING = [kind for kind in kinds(ByteModel.family) if kind != "transformer"]  # that one is trained by the floor above
every_model = pytest.mark.parametrize("model", kinds(ByteModel.family), indirect=True)
every_learner = pytest.mark.parametrize("model", LEARNING, indirect=True)
CORPUS = [f"Number {n} of a few sentences, which say: é{word}." for n in range(50) for word in ("one", "two")]
contexts = st.one_of(st.binary(max_size=12), st.text("Number of\n", max_size=12).map(str.encode))


@pytest.fixture
def model(request: pytest.FixtureRequest, byte_transformer: Path) -> ByteModel:
    named = {"model": str(byte_transformer)} if request.param == "transformer" else {}
    return ByteModel.model_validate({"kind": request.param, **named})


@functools.cache
def trained(model: ByteModel) -> dict[str, bytes]:
    return model.train(lambda *_: CORPUS, seed=1)


@functools.cache
def opened(model: ByteModel) -> NextByte:
    return model.open(trained(model))


@every_model
def test_file_holds_its_kind(model: ByteModel) -> None:
    component = component_in(f"{ByteModel.family}.{model.kind}", ByteModel)
    assert component.__name__.lower() == model.kind.replace("_", "")
    assert component.__doc__


@every_model
def test_round_trips_through_yaml_and_pickle(model: ByteModel) -> None:
    assert ByteModel.model_validate(yaml.safe_load(yaml.safe_dump(model.model_dump(mode="json")))) == model
    assert pickle.loads(pickle.dumps(model)) == model


@every_model
@given(texts=st.lists(contexts, max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_byte_is_possible_behind_every_context(model: ByteModel, texts: list[bytes]) -> None:
    probabilities = opened(model).predict(texts)
    assert probabilities.shape == (len(texts), 256)
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@every_model
@given(texts=st.lists(contexts, max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_context_is_continued_the_same_alone_and_in_company(model: ByteModel, texts: list[bytes]) -> None:
    together = opened(model).predict(texts)
    assert all((opened(model).predict([text])[0] == row).all() for text, row in zip(texts, together, strict=True))


@every_model
@given(texts=st.lists(contexts, min_size=1, max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_read_side_by_side_are_continued_as_their_contexts_are(model: ByteModel, texts: list[bytes]) -> None:
    """Every text begins anew where it ends, so rows begin at different steps."""
    reader = opened(model).reader(len(texts))
    letters = [np.tile([BEGIN, *text], 3)[: 2 + max(map(len, texts))] for text in texts]
    steps = np.array(
        [np.pad(each, (0, 2 + max(map(len, texts)) - len(each)), constant_values=BEGIN) for each in letters]
    )
    for step in range(steps.shape[1]):
        cdf = reader.step(steps[:, step])
        so_far = [row[: step + 1] for row in steps]
        now = [bytes(row[np.flatnonzero(row == BEGIN)[-1] + 1 :].tolist()) for row in so_far]
        assert (cdf == quantized_cdf(opened(model).predict(now))).all()


@every_model
def test_rows_that_are_kept_read_on(model: ByteModel) -> None:
    reader, letters = opened(model).reader(3), np.array([list(b"one text"), list(b"another!"), list(b"a third.")])
    for step in [np.full(3, BEGIN), *letters.T[:4]]:
        reader.step(step)
    reader.keep(np.array([2, 0]))
    for place, step in enumerate(letters[[2, 0]].T[4:], start=5):
        contexts = [bytes(letters[row, :place].tolist()) for row in (2, 0)]
        assert (reader.step(step) == quantized_cdf(opened(model).predict(contexts))).all()


@every_learner
def test_it_learned_from_the_text(model: ByteModel) -> None:
    probabilities = opened(model).predict([b""])[0]
    assert probabilities[ord("e")] > 10 * probabilities[ord("@")]


@every_learner
def test_training_again_gives_the_same_files(model: ByteModel) -> None:
    assert model.train(lambda *_: CORPUS[::-1], seed=1) == trained(model)


@every_model
def test_files_that_are_not_its_own_or_not_whole_are_refused(model: ByteModel) -> None:
    with pytest.raises(ValueError, match=model.kind):
        model.open({"nothing-of-the-kind": b"x"})
    for name, content in trained(model).items():
        with pytest.raises(ValueError, match="cut off"):
            model.open({**trained(model), name: content[:-1]})
