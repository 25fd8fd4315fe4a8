"""Laws that every objective keeps with every model that reads as it does; a new file of the family is tested at once.

Legend of shapes: B sequences, T tokens, P places, V vocabulary.
"""

from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contracts.component import kinds
from training.contracts import IGNORED, Model, Objective, Predictions
from training.randomness import sequence_keys

KINDS = kinds("training.objectives")
VOCAB, LENGTH, END, ROWS = 257, 16, 256, 6  # the vocabulary is that of bytes, which one family of models reads alone
KEYS = sequence_keys(0, 1, np.arange(ROWS))


def objective(kind: str) -> Objective:
    return Objective.model_validate({"kind": kind})


def models(kind: str) -> list[str]:
    """Those that read as the objective does."""
    reads = objective(kind).reads
    return [each for each in kinds("training.models") if Model.model_validate({"kind": each}).reads == reads]


PAIRS = [(kind, model) for kind in KINDS for model in models(kind)]
every_pair = pytest.mark.parametrize(("kind", "model"), PAIRS)


def network(model: str) -> Any:
    torch.set_num_threads(1)  # the model is too small to share
    torch.manual_seed(0)
    return Model.model_validate({"kind": model}).build(VOCAB, LENGTH, END)


def tokens() -> torch.Tensor:
    return torch.randint(0, END, (ROWS, LENGTH), generator=torch.Generator().manual_seed(1))


def scored() -> torch.Tensor:
    """Of each sequence but the first another part, of the last nothing."""
    scored_BT = torch.ones((ROWS, LENGTH), dtype=torch.bool)
    for row in range(1, ROWS):
        scored_BT[row, LENGTH - 2 * row :] = False
    scored_BT[-1] = False
    return scored_BT


def predict(kind: str, net: Any, rows: slice | list[int], tokens_BT: torch.Tensor | None = None) -> Predictions:
    tokens_BT = tokens() if tokens_BT is None else tokens_BT
    return objective(kind).predict(net, tokens_BT[rows], scored()[rows], KEYS[rows])


def test_every_objective_has_a_model_that_it_trains() -> None:
    assert {kind for kind, _ in PAIRS} == set(KINDS)


@every_pair
def test_targets_are_scored_tokens_at_places_of_their_own(kind: str, model: str) -> None:
    predicted = predict(kind, network(model), slice(None))
    assert predicted.logits_BPV.shape == (*predicted.targets_BP.shape, VOCAB)
    assert predicted.counts_B().tolist() == (predicted.targets_BP != IGNORED).sum(1).tolist()
    assert predicted.counts_B().sum() > 0
    for places_P in predicted.places_BP.tolist():
        assert len(set(places_P)) == len(places_P)
    are_targets_BP = predicted.targets_BP != IGNORED
    there_BP = tokens().gather(1, predicted.places_BP)
    assert torch.equal(predicted.targets_BP[are_targets_BP], there_BP[are_targets_BP])
    assert scored().gather(1, predicted.places_BP)[are_targets_BP].all()


@every_pair
def test_hits_are_the_targets_found_most_probable(kind: str, model: str) -> None:
    net = network(model)
    predicted = predict(kind, net, slice(None))
    guesses_BP = predicted.logits_BPV.argmax(-1)
    hits_BT = predicted.hits_BT(LENGTH)
    assert hits_BT.sum() == (guesses_BP == predicted.targets_BP).sum()
    assert not hits_BT[~scored()].any()
    row, place = (predicted.targets_BP != IGNORED).nonzero()[0].tolist()
    predicted.logits_BPV.data[row, place, predicted.targets_BP[row, place]] = 1e9
    assert predicted.hits_BT(LENGTH)[row, predicted.places_BP[row, place]]


@every_pair
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_parts_of_a_batch_add_up_to_the_whole_and_so_do_their_gradients(kind: str, model: str, size: int) -> None:
    def measured(cuts: list[slice]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        net = network(model)
        parts = [predict(kind, net, cut) for cut in cuts]
        nats_B = torch.cat([part.nats_B() for part in parts])
        nats_B.sum().backward()
        gradient = torch.cat([weight.grad.flatten() for weight in net.parameters() if weight.grad is not None])
        return nats_B, torch.cat([part.counts_B() for part in parts]), gradient

    whole = measured([slice(None)])
    parts = measured([slice(first, first + size) for first in range(0, ROWS, size)])
    assert torch.allclose(whole[0], parts[0], rtol=1e-4)
    assert torch.equal(whole[1], parts[1])
    assert torch.allclose(whole[2], parts[2], rtol=1e-3, atol=1e-5 * whole[2].abs().max().item())


@every_pair
def test_the_order_of_sequences_does_not_matter(kind: str, model: str) -> None:
    net, order = network(model), [3, 0, 5, 1, 4, 2]
    with torch.no_grad():
        ordered, shuffled = predict(kind, net, slice(None)), predict(kind, net, order)
    assert torch.allclose(ordered.nats_B()[order], shuffled.nats_B(), rtol=1e-4)
    assert torch.equal(ordered.targets_BP[order], shuffled.targets_BP)


@every_pair
def test_where_nothing_is_scored_the_sum_is_zero_and_nothing_is_learned(kind: str, model: str) -> None:
    net, nothing_BT = network(model), torch.zeros((ROWS, LENGTH), dtype=torch.bool)
    predicted = objective(kind).predict(net, tokens(), nothing_BT, KEYS)
    assert predicted.nats_B().tolist() == [0.0] * ROWS
    assert predicted.counts_B().tolist() == [0] * ROWS
    predicted.nats_B().sum().backward()
    assert all(weight.grad is None or not weight.grad.any() for weight in net.parameters())


@every_pair
def test_only_targets_are_learned_from(kind: str, model: str) -> None:
    predicted = predict(kind, network(model), slice(None))
    predicted.logits_BPV.retain_grad()
    predicted.nats_B().sum().backward()
    moved_BP = predicted.logits_BPV.grad.abs().sum(-1) > 0
    assert torch.equal(moved_BP, predicted.targets_BP != IGNORED)


@every_pair
def test_a_target_is_told_without_having_been_seen(kind: str, model: str) -> None:
    net = network(model)
    with torch.no_grad():
        before = predict(kind, net, slice(None))
        for place in range(LENGTH):
            changed_BT = tokens()
            changed_BT[:, place] = (changed_BT[:, place] + 100) % END
            after = predict(kind, net, slice(None), changed_BT)
            told_BP = (before.places_BP == place) & (before.targets_BP != IGNORED)
            assert torch.equal(before.places_BP, after.places_BP)
            assert torch.allclose(before.logits_BPV[told_BP], after.logits_BPV[told_BP], atol=1e-5)


@every_pair
def test_a_sequence_has_as_many_targets_as_it_says(kind: str, model: str) -> None:
    net, counts = network(model), []
    everything_BT = torch.ones((ROWS, LENGTH), dtype=torch.bool)
    with torch.no_grad():
        for step in range(40):
            keys_B = sequence_keys(0, step, np.arange(ROWS))
            counts += objective(kind).predict(net, tokens(), everything_BT, keys_B).counts_B().tolist()
    assert np.mean(counts) == pytest.approx(objective(kind).targets_per_sequence(LENGTH), rel=0.15)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_usable_with_defaults_and_survives_a_round_trip(kind: str) -> None:
    spec = objective(kind)
    assert Objective.model_validate(spec.model_dump(mode="json")) == spec
