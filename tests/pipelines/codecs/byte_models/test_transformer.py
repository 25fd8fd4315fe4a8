"""The neural byte model: its folder, its file, and its two ways of reading."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.codecs.byte_models.transformer import FILE, Transformer
from pipelines.codecs.entropy.cdf import quantized_cdf
from pipelines.codecs.neural.weights import KIND
from pipelines.contracts.byte_model import BEGIN
from pipelines.store.address import ingredients
from pipelines.store.sealed import seal, unseal


def files_of(folder: Path) -> dict[str, bytes]:
    return Transformer(model=str(folder)).train(None, seed=0)  # type: ignore[arg-type]


def test_reading_side_by_side_gives_the_numbers_of_whole_contexts(byte_transformer: Path) -> None:
    model = Transformer(model=str(byte_transformer)).open(files_of(byte_transformer))
    texts = [b"Some words, longer than the context.", b"Other words, which are just as long."]
    reader = model.reader(2)
    rows = [reader.step(np.array([BEGIN, BEGIN]))]
    rows += [reader.step(np.array(letters)) for letters in zip(*texts, strict=True)]
    contexts = [text[:end] for end in range(len(texts[0]) + 1) for text in texts]
    assert (quantized_cdf(model.predict(contexts)).reshape(len(rows), 2, 257) == np.array(rows)).all()


def test_it_names_what_it_costs(byte_transformer: Path) -> None:
    model = Transformer(model=str(byte_transformer)).open(files_of(byte_transformer))
    assert model.flops_per_byte == 2 * (2 * (4 * 32**2 + 3 * 32 * 64))


def test_its_recipe_is_its_content_and_not_its_place(byte_transformer: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for file in byte_transformer.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert ingredients(Transformer(model=str(copy))) == ingredients(Transformer(model=str(byte_transformer)))


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="finds no folder 'nowhere'"):
        files_of(Path("nowhere"))


def test_half_an_export_is_refused(byte_transformer: Path, tmp_path: Path) -> None:
    for file in byte_transformer.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:-9] if file.suffix == ".safetensors" else content)
    with pytest.raises(ValueError, match="cannot be read"):
        files_of(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_folder_without_a_file_is_refused_by_its_name(byte_transformer: Path, tmp_path: Path, name: str) -> None:
    for file in byte_transformer.iterdir():
        if file.name != name:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match=f"it has no {name}"):
        files_of(tmp_path)


def test_heads_that_do_not_divide_are_refused(byte_transformer: Path) -> None:
    sealed = unseal(KIND, files_of(byte_transformer)[FILE])
    content = seal(KIND, sealed.facts | {"heads": 3}, sealed.arrays)
    with pytest.raises(ValueError, match="hidden is a multiple of heads"):
        Transformer(model=str(byte_transformer)).open({FILE: content})


def test_an_edited_file_is_refused(byte_transformer: Path) -> None:
    content = bytearray(files_of(byte_transformer)[FILE])
    content[-3] ^= 1
    with pytest.raises(ValueError, match="cut off or edited"):
        Transformer(model=str(byte_transformer)).open({FILE: bytes(content)})
