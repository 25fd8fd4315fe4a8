"""What the tests of codecs with a Hugging Face form share."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipelines.contracts.codec import Codec

ExportCheck = Callable[[Codec, dict[str, bytes], Sequence[str]], None]


@pytest.fixture
def assert_exported_agrees(tmp_path: Path) -> ExportCheck:
    """Asserts that what `AutoTokenizer` opens gives a codec's own tokens and texts."""

    def check(codec: Codec, files: dict[str, bytes], texts: Sequence[str]) -> None:
        from transformers import AutoTokenizer

        for name, content in codec.tokenizer_files(files).items():
            (tmp_path / name).write_bytes(content)
        exported, coder = AutoTokenizer.from_pretrained(tmp_path), codec.open(files)
        assert len(exported) == coder.vocab_size
        assert exported.eos_token_id == coder.end
        for text in texts:
            assert exported(text)["input_ids"] == coder.encode([text])[0].tolist()
            assert exported.decode(coder.encode([text])[0].tolist()) == text

    return check
