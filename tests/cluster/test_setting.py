"""The formulas, against what the setting of arXiv 2401.12926 costs."""

from pathlib import Path

import pytest

from cluster.config import load
from cluster.setting import Setting, feature_flops, gram_flops, training_flops
from pipelines.contracts.mistakes import Mistake

PAPER = Path(__file__).resolve().parents[2] / "cluster" / "runs" / "selection" / "paper"
CANDIDATES, TOKENS, WEIGHTS, DIMENSIONS, PROXIES = 216_948_746, 1_024, 125e6, 16_384, 4
PROXY_SEQUENCES = 82e6
H100_FLOPS_PER_HOUR = 400e12 * 3_600


def test_the_papers_own_numbers() -> None:
    training = training_flops(WEIGHTS, PROXY_SEQUENCES * TOKENS)
    features = feature_flops(WEIGHTS, CANDIDATES * TOKENS)
    assert training == pytest.approx(6.3e19, rel=0.01)
    assert features == pytest.approx(1.11e20, rel=0.01)
    assert gram_flops(CANDIDATES, DIMENSIONS) == pytest.approx(5.8e16, rel=0.01)
    assert gram_flops(CANDIDATES, DIMENSIONS, blocks=48) == pytest.approx(1.2e15, rel=0.02)
    assert PROXIES * features / H100_FLOPS_PER_HOUR == pytest.approx(310, rel=0.01)
    assert PROXIES * training / H100_FLOPS_PER_HOUR == pytest.approx(175, rel=0.01)


def test_its_config_with_the_weights_that_it_has_here() -> None:
    config = load(str(PAPER / "targeted" / "10-datamodel.yaml"))
    weights = config.models["proxy"].training.model.parameters(50_304)
    found = {part.name: part for part in Setting(config, CANDIDATES, 50_304).parts()}
    assert list(found) == [
        "models.proxy: train",
        "models.helpful: gradients",
        "models.helpful: datamodel",
        "helpful",
        "train",
    ]
    assert found["models.proxy: train"].flops == 4 * 6 * weights * 83_886_080_000
    assert found["helpful"].flops == pytest.approx(4 * 1.11e20 * weights / WEIGHTS, rel=0.01)
    sample = 0.0012 * CANDIDATES
    assert found["models.helpful: gradients"].stored_bytes == pytest.approx(4 * 4 * sample * DIMENSIONS)
    assert found["models.helpful: datamodel"].flops == pytest.approx(4 * sample * DIMENSIONS**2)
    assert found["train"].flops == 6 * weights * 6e9


def test_what_follows_from_the_text_has_to_be_given() -> None:
    tiny = str(PAPER.parent / "tiny-10-datamodel.yaml")
    with pytest.raises(Mistake, match=r"models\.helpful\.datamodel\.features\.dimensions follow from the text"):
        list(Setting(load(tiny), 1_000, 2_000).parts())
    with pytest.raises(Mistake, match=r"give `training\.tokens`"):
        list(
            Setting(
                load(tiny, ["training.tokens=null", "training.text_bytes=100000", "models={}", "data.steps={}"]),
                1_000,
                2_000,
            ).parts()
        )
