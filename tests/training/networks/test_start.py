"""What a training may go on from."""

from pathlib import Path

import pytest

from pipelines.codecs.of_model import OfModel
from pipelines.codecs.tokenizer.byte_level import TOKENIZER_FILE
from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import parameter_count
from training.networks.export import check_start


def test_a_start_knows_the_tokens_of_its_own_tokenizer_and_no_others(tiny_llama: Path) -> None:
    folder, parameters = str(tiny_llama), parameter_count(str(tiny_llama))
    codec = OfModel.model_validate({"kind": "of_model", "model": folder})
    own = codec.tokenizer_files(codec.train(lambda size, seed, purpose: [], 0))
    check_start(folder, parameters, own)
    check_start(folder, parameters, {})
    swapped = own[TOKENIZER_FILE].replace(b'"a":', b'"?":').replace(b'"b":', b'"a":').replace(b'"?":', b'"b":')
    with pytest.raises(Mistake, match=r"knows other tokens than the codec makes; go on with its own tokenizer"):
        check_start(folder, parameters, {**own, TOKENIZER_FILE: swapped})
    with pytest.raises(Mistake, match=r"parameters, the model to train 7; go on with the same model"):
        check_start(folder, 7, own)
