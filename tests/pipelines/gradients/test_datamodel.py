"""A datamodel's folder comes back as it was, and one that does not fit its models is refused."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.gradients.datamodel import FACTS, Datamodel, DatamodelFacts, Proxy
from pipelines.gradients.features import FeatureConfig, open_features
from pipelines.inference.model_files import model_fingerprint
from pipelines.inference.passages import Passage
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.scorers.datamodel import Datamodel as Scorer
from pipelines.scorers.datamodel import standard_error
from pipelines.store.store import Store


def test_a_folder_comes_back_as_it_was(datamodel: Path, tmp_path: Path) -> None:
    found = Datamodel.open(str(datamodel))
    found.save(Store(str(tmp_path)), "again")
    again = Datamodel.open(str(tmp_path / "again"))
    assert again.facts == found.facts
    np.testing.assert_array_equal(again.directions, found.directions)


def test_where_its_features_were_made_is_no_part_of_it(datamodel: Path, tmp_path: Path) -> None:
    found = Datamodel.open(str(datamodel))
    elsewhere = found.facts.features.model_copy(update={"workers": 7, "batch_tokens": 3})
    facts = DatamodelFacts(proxies=found.facts.proxies, features=elsewhere, dimensions=400, longest=found.facts.longest)
    Datamodel(facts, found.directions).save(Store(str(tmp_path)), "elsewhere")
    assert model_fingerprint(str(tmp_path / "elsewhere")) == model_fingerprint(str(datamodel))


def test_a_store_can_be_moved_with_its_datamodel_and_proxies(datamodel: Path, tiny_llama: Path, tmp_path: Path) -> None:
    found = Datamodel.open(str(datamodel))
    store = Store(str(tmp_path / "before"))
    shutil.copytree(tiny_llama, tmp_path / "before" / "train-0123456789ab" / "run" / "model")
    proxy = Proxy.of(str(tmp_path / "before" / "train-0123456789ab" / "run" / "model"))
    facts = found.facts.model_copy(update={"proxies": [proxy, *found.facts.proxies[1:]]})
    Datamodel(facts, found.directions).save(store, "datamodel-0123456789ab/model")
    (tmp_path / "before").rename(tmp_path / "after")
    moved = Datamodel.open(str(tmp_path / "after" / "datamodel-0123456789ab" / "model"))
    assert moved.facts.proxies[0].folder == str(tmp_path / "after" / "train-0123456789ab" / "run" / "model")
    assert moved.facts.proxies[1] == found.facts.proxies[1], "one elsewhere stays where it is"


def test_a_folder_without_a_datamodel_is_refused(tiny_llama: Path) -> None:
    with pytest.raises(Mistake, match=r"holds no datamodel \(datamodel.json\)"):
        Datamodel.open(str(tiny_llama))


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        (Proxy(folder="/nowhere/model", content="x"), "asks the model '/nowhere/model', which is not there"),
        (None, "was made with another model than"),
    ],
)
def test_proxies_have_to_be_those_it_was_made_with(
    proxy: Proxy | None, told: str, datamodel: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    found = Datamodel.open(str(datamodel))
    other = proxy or Proxy(folder=str(tiny_llama), content="of another day")
    facts = DatamodelFacts(proxies=[other], features=FeatureConfig(), dimensions=400, longest=[1.0])
    Datamodel(facts, found.directions[:1]).save(Store(str(tmp_path)), "odd")
    assert (tmp_path / "odd" / FACTS).is_file()
    with pytest.raises(Mistake, match=told):
        Datamodel.open(str(tmp_path / "odd"))


def test_the_standard_error_is_that_of_a_mean() -> None:
    scores = np.array([[1.0, 5.0], [3.0, 5.0]])
    np.testing.assert_allclose(standard_error(scores), [1.0, 0.0])
    np.testing.assert_array_equal(standard_error(scores[:1]), [0.0, 0.0])


def test_weights_multiply_score_and_error_by_the_proxies_mean_doubt(datamodel: Path, tmp_path: Path) -> None:
    found = Datamodel.open(str(datamodel))
    assert found.facts.weights == "equal"
    weighted = found.facts.model_copy(update={"weights": "doubt"})
    Datamodel(weighted, found.directions).save(Store(str(tmp_path)), "weighted")
    rows = pa.table({"text": ["The cat sat on the mat.", "mat mat mat", ""]})
    plain, times = (
        Scorer(kind="datamodel", model=str(folder)).open({})(rows) for folder in (datamodel, tmp_path / "weighted")
    )
    folder = found.facts.proxies[0].folder
    passages = [Passage(tokens) for tokens in open_tokenizer(folder, None)(rows["text"].to_pylist())]
    doubts = open_features(folder, found.facts.features, 400).read(passages).doubts
    assert doubts[0] != pytest.approx(doubts[1])
    np.testing.assert_allclose(times.values, plain.values * doubts, rtol=1e-5)
    np.testing.assert_allclose(times.more["error"], plain.more["error"] * doubts, rtol=1e-5)
