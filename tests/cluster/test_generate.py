"""gleaner generate: the text of a run's model as it comes, and what is said where there is none."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.config import dump, load
from cluster.generate import check_whole_windows, generate, write
from cluster.names import record
from cluster.run import main
from pipelines.build import build_data, find_data
from pipelines.contracts.codec import Codec, Coder
from pipelines.store.encoded import open_coder
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import planned_training
from training.networks.export import export
from training.networks.generation import Sampling
from training.stages import training_address


@pytest.fixture
def config_file(corpus_file: Path, tmp_path: Path) -> str:
    """A run over bytes, whose data and model are not in the store yet."""
    (corpus_file / "held-out.jsonl").write_text(json.dumps({"text": "Nothing but this."}), encoding="utf-8")
    tree = {
        "name": "tiny",
        "store": str(tmp_path / "store"),
        "data": {
            "source": {"kind": "jsonl", "path": str(corpus_file / "part-0.jsonl")},
            "codec": {"kind": "bytes"},
            "pack": {"length": 32},
        },
        "training": {"model": {"kind": "llama", "layers": 1}, "tokens": 64, "batch_tokens": 64},
        "evaluation": {"held_out": {"kind": "jsonl", "path": str(corpus_file / "held-out.jsonl")}},
    }
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return str(file)


@pytest.fixture
def trained_file(config_file: str, ray_session: None) -> str:
    """The same run with its data, and a model with fresh weights at the address of its training."""
    import torch

    config = load(config_file)
    store = Store(config.store)
    data = build_data(config.data, store, config.seed)
    assert find_data(config.data, store, config.seed) == data
    coder, target = open_coder(data.encoded, store), training_address(config.recipe, data.packed.address)
    torch.manual_seed(0)
    network = config.training.model.build(coder.vocab_size, 32, coder.end)
    export(network, dict(network.state_dict()), {}, Store(store.path(target)))
    files = {"model": f"{target}/model"}
    store.commit(Manifest(address=target, name="train", kind="train", ingredients={}, inputs=[], files=files))
    return config_file


def text_of(file: str, prompt: str, sampling: Sampling) -> tuple[str, str]:
    out = io.StringIO()
    done = generate(file, [], prompt, sampling, out)
    return out.getvalue(), done


def test_a_run_writes_on_behind_its_prompt(trained_file: str) -> None:
    text, done = text_of(trained_file, "Café ", Sampling(80, seed=1))
    assert text.startswith("Café ")
    assert text.endswith("\n")
    address, _, rest = done.partition(", ")
    assert Store(load(trained_file).store).manifest(address) is not None
    assert rest == "seed 1: 80 tokens behind 6, 86 bytes of text"
    assert text_of(trained_file, "Café ", Sampling(80, seed=1)) == (text, done)
    assert text_of(trained_file, "Café ", Sampling(80, seed=2))[0] != text
    assert text_of(trained_file, "", Sampling(0)) == ("\n", f"{address}, seed 0: 0 tokens behind 0, 0 bytes of text")


def test_a_run_is_found_by_its_name_overrides_and_all(
    trained_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file = text_of(trained_file, "x", Sampling(8))
    monkeypatch.chdir(tmp_path)
    config = load(trained_file)
    tree = yaml.safe_load(Path(trained_file).read_text(encoding="utf-8"))
    Path(trained_file).write_text(yaml.safe_dump({**tree, "seed": 9}), encoding="utf-8")
    record(Path("runs/tiny"), [("tiny", dump(config))])
    assert text_of("tiny", "x", Sampling(8)) == by_file
    with pytest.raises(ValueError, match=r"no run is named 'tinny' here .*runs/\*/tinny.yaml.*; did you mean 'tiny'\?"):
        text_of("tinny", "x", Sampling(8))


def test_a_run_that_is_not_trained_names_the_cure(
    config_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gleaner", "generate", config_file, "seed=3", "--prompt", "x"])
    with pytest.raises(SystemExit, match="2"):
        main()
    config = load(config_file, ["seed=3"])
    told = capsys.readouterr().err
    assert f"{planned_training(config.recipe)}, is not in store '{config.store}'; name the run ('tiny') or give" in told
    assert f"train it: gleaner train {config_file} seed=3" in told
    assert not Path(load(config_file).store).exists()


def test_what_cannot_become_text_is_refused_before_anything_is_drawn() -> None:
    class Pairs(Coder):
        window = 2

    check_whole_windows(Pairs(), 6, Sampling(4))
    with pytest.raises(ValueError, match="5 tokens end within 2 that are decoded together; give 4 or 6"):
        check_whole_windows(Pairs(), 6, Sampling(5))
    with pytest.raises(ValueError, match="the prompt ends within 2 tokens"):
        check_whole_windows(Pairs(), 7, Sampling(4))
    whole = Codec.model_validate("gzip").open({})
    check_whole_windows(whole, 0, Sampling(5))
    with pytest.raises(ValueError, match="the prompt is one already; leave it out"):
        check_whole_windows(whole, 7, Sampling(5))


def test_a_piece_is_written_at_once_and_a_character_cut_in_two_when_it_is_whole() -> None:
    out = io.StringIO()
    seen: list[str] = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"a\xc3", b"\xa9b", b"\xff", b"\xf0\x9f"):
            yield piece
            seen.append(out.getvalue())

    assert write(pieces(), out) == 7
    assert seen == ["a", "aéb", "aéb\ufffd", "aéb\ufffd"]
    assert out.getvalue() == "aéb\ufffd\ufffd\n"


def test_a_model_gives_no_orders_to_the_terminal() -> None:
    out = io.StringIO()
    write(iter([b"a\x1b[2J\tb\n", "\u202ec\u009bd".encode()]), out)
    assert out.getvalue() == "a\\x1b[2J\tb\n\\u202ec\\x9bd\n"


def test_what_came_before_an_error_is_written() -> None:
    coder, out = Codec.model_validate("bytes").open({}), io.StringIO()
    with pytest.raises(ValueError, match=r"window 2 is \[256\], which stands for no text"):
        write(coder.decode_stream([97, 98, 256, 99]), out)
    assert out.getvalue() == "ab\n"
