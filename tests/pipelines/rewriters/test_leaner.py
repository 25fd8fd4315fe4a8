import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
import zstandard

from pipelines.contracts.component import kinds
from pipelines.contracts.engine import Prompt, Reply
from pipelines.contracts.rewriter import Rewriter
from pipelines.engines.echo import Echo
from pipelines.rewriters.leaner import Leaner
from pipelines.rewriters.prompts import genres
from pipelines.rewriters.prompts.genres import CHUNK_TOKENS
from pipelines.rewriters.prompts.marked_reply import marked

DATA = Path(os.environ.get("GLEANER_DATA", Path(__file__).parents[4] / "shared" / "data")) / "leaner"
ORIGINAL = (
    "The committee did not approve the construction of the municipal bridge in 1987. Engineers never examined the "
    "foundations, and no inspector visited the riverbank. Nothing was repaired, none of the workers were paid, and "
    "without money the municipality could not continue. Nobody complained.\n\nThe bridge collapsed in 1991."
)
REWRITE = (
    "The town did not let people build the bridge in 1987. No one looked at the ground under it. Nothing was made "
    "whole again, and the workers were not paid. Nobody said a word.\n\nThe bridge fell down in 1991."
)
KITCHEN = (
    "A kitchen is a room where people cook. It has an oven, a table and some chairs. Plates stand in a cupboard there. "
    "Families eat dinner together, and then they wash the dishes. In the evening it smells of soup and bread. "
)
RULE = "Use the easiest grammar and the commonest words of English"
Pair = tuple[str, str, str]  # genre, original, rewrite


def _outcome(original: str, reply: str, finish: str = "stop", genre: str | None = None, **limits: float) -> str | None:
    rewriter = Leaner(**limits)
    prompts = rewriter.prompts(original, genre)
    assert len(prompts) == 1
    rewrite = rewriter.accept(original, prompts, [Reply(reply, finish)])
    assert (rewrite.text == original) or rewrite.kept_original is None
    return rewrite.kept_original


def test_a_good_reply_takes_the_place_of_the_text() -> None:
    prompts = Leaner().prompts(f"  {ORIGINAL}\n", None)

    rewrite = Leaner().accept(f"  {ORIGINAL}\n", prompts, [Reply(marked(REWRITE))])

    assert rewrite.kept_original is None
    assert rewrite.text == f"  {REWRITE}\n"


@pytest.mark.parametrize(
    ("reply", "finish", "reason"),
    [
        (marked(ORIGINAL), "stop", None),
        (marked(REWRITE), "length", None),
        ("", "stop", "empty"),
        ("EDITED: <end>", "stop", "empty"),
        ("EDITED: " + REWRITE, "length", "cut_off"),
        ("", "error:500", "engine_error"),
        ("", "too_long_prompt", "engine_error"),
        ("I'm sorry, but I can't help with that.", "stop", "refusal"),
        ("EDITED: I cannot rewrite this text. <end>", "stop", "refusal"),
        ("As an AI language model, I do not simplify texts about bridges.", "stop", "refusal"),
        (marked("A bridge fell."), "stop", "too_short"),
        (marked(REWRITE + KITCHEN + KITCHEN.upper()), "stop", "too_long"),
        (marked(KITCHEN), "stop", "unfaithful"),
        (marked(REWRITE + " It cost 12, then 34, then 56, then 78."), "stop", "unfaithful"),
        (REWRITE, "stop", None),
        ("Sure! Here is the simplified text:\n\n" + REWRITE, "stop", "remark"),
        (marked("Sure! Here is the simplified text:\n\n" + REWRITE), "stop", "remark"),
        ("EDITED: " + REWRITE[:140], "stop", "breaks_off"),
        (marked(REWRITE[:140]), "stop", None),
        (marked("the " * 60), "stop", "repetitive"),
        (marked(REWRITE[:94] + " No one looked at it." * 6), "stop", "repetitive"),
        (marked(f"{RULE}. {REWRITE}"), "stop", None),
        (marked(f"{RULE}, from a store of at most 2000. {REWRITE}"), "stop", "echo"),
    ],
)
def test_a_reply_is_taken_or_turned_down_for_a_reason(reply: str, finish: str, reason: str | None) -> None:
    assert _outcome(ORIGINAL, reply, finish) == reason


def test_a_text_that_lost_all_its_negations_is_unfaithful() -> None:
    turned = ORIGINAL.replace("did not approve", "approved").replace("could not", "could").replace("without", "with")
    for word in ("never", "no", "Nothing", "none", "Nobody"):
        turned = turned.replace(f"{word} ", "all ")

    assert _outcome(ORIGINAL, marked(turned)) == "unfaithful"
    assert _outcome(ORIGINAL, marked(turned), free_turned_negations=9) is None


def test_words_of_apology_in_the_original_are_no_refusal() -> None:
    apology = "I'm sorry, but I can not come to the party at your house. My little brother has a bad cold today."

    assert _outcome(apology, marked(apology), genre="conversation") is None


def test_the_example_of_the_instructions_is_no_answer() -> None:
    (prompt,) = Leaner().prompts(ORIGINAL, "wiki")
    example = prompt.messages[0].content.partition("Answer:\n")[2].partition("<end>")[0]

    assert _outcome(ORIGINAL, example + "<end>", genre="wiki") == "echo"


def test_one_bad_chunk_keeps_the_whole_original() -> None:
    text = " ".join(f"The small boat number {number} came slowly into the harbour." for number in range(60))
    rewriter = Leaner(chunk_tokens=100)
    prompts = rewriter.prompts(text, "book")
    replies = [Reply(marked(prompt.text)) for prompt in prompts]
    stranger = Reply(marked(KITCHEN))

    assert len(prompts) > 5
    assert rewriter.accept(text, prompts, replies).text == text
    assert rewriter.accept(text, prompts, [*replies[:-1], Reply("", "error:500")]).kept_original == "engine_error"
    assert rewriter.accept(text, prompts, [*replies[:2], stranger, *replies[3:]]).kept_original == "unfaithful"


def test_the_white_space_between_chunks_stays() -> None:
    text = "A first line about a cat.\n\n\tA second line about a dog.\n"
    rewriter = Leaner(chunk_tokens=8)
    prompts = rewriter.prompts(text, None)
    replies = [Reply(marked(prompt.text.strip().replace("A ", "The "))) for prompt in prompts]

    assert len(prompts) == 2
    assert rewriter.accept(text, prompts, replies).text == text.replace("A ", "The ")


def test_every_genre_has_a_prompt_of_its_own_and_others_are_web_pages() -> None:
    systems = {genre: Leaner().prompts("Some text.", genre)[0].messages[0].content for genre in CHUNK_TOKENS}

    assert len(set(systems.values())) == len(CHUNK_TOKENS) == len(list(genres.PROMPTS.glob("*.txt"))) - 1
    assert all("EDITED:" in system and "<end>" in system for system in systems.values())
    assert Leaner().prompts("Some text.", "sermon")[0].messages[0].content == systems["web"]
    assert Leaner(genre="wiki").prompts("Some text.", "code")[0].messages[0].content == systems["wiki"]


def test_chunks_follow_the_genre() -> None:
    text = "A sentence of several simple words. " * 90

    requests = {genre: len(Leaner().prompts(text, genre)) for genre in CHUNK_TOKENS}

    assert requests == {"web": 3, "book": 3, "wiki": 3, "textbook": 2, "conversation": 2, "instruction": 2, "code": 1}


def test_a_reply_has_room_for_the_longest_rewrite() -> None:
    (prompt,) = Leaner(longest=1.5).prompts("word " * 160, "web")

    assert 1.5 * 200 < prompt.max_tokens < 1.5 * 200 + 100


def test_a_blank_text_needs_no_request() -> None:
    assert Leaner().prompts(" \n", None) == []
    assert Leaner().accept(" \n", [], []).text == " \n"


def test_an_unknown_genre_in_the_config_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'sermon'.*known: book, code"):
        Leaner(genre="sermon")


def test_the_prompts_are_part_of_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Leaner().fingerprint()
    for file in genres.PROMPTS.glob("*.txt"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    (tmp_path / "book.txt").write_text("Rewrite the book.", "utf-8")
    monkeypatch.setattr(genres, "PROMPTS", tmp_path)
    genres.instructions.cache_clear()

    after = Leaner().fingerprint()

    genres.instructions.cache_clear()
    assert before != after
    assert before.keys() == after.keys() == {"prompts"}


def test_the_folder_of_prompts_is_no_kind() -> None:
    assert "prompts" not in kinds("pipelines.rewriters")
    assert Rewriter.model_validate({"kind": "leaner"}) == Leaner()


def test_the_echo_of_a_document_is_accepted_unchanged() -> None:
    rewriter = Leaner()
    prompts = rewriter.prompts(ORIGINAL * 10, "book")

    assert rewriter.accept(ORIGINAL * 10, prompts, Echo().open()(prompts)).text == ORIGINAL * 10


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Every fourth of the paper's pairs of an original and its rewrite by GPT-4; the book's are whole books."""
    if not DATA.is_dir():
        pytest.skip("the paper's pairs are not here")
    found = []
    for file in sorted(DATA.glob("*.jsonl.zst")):
        with file.open("rb") as stream:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(stream), "utf-8")
            rows = [json.loads(line) for line in lines]
        found += [(row["genre"], row["original"], row["simplified"]) for row in rows if row["genre"] != "book"]
    return found[::4]


def _share_taken(pairs: Iterable[Pair]) -> float:
    taken: Counter[bool] = Counter()
    for genre, original, rewrite in pairs:
        (request,) = Leaner(chunk_tokens=10**9).prompts(original, genre)
        prompt = Prompt(request.messages, original, genre=request.genre)
        taken[Leaner().accept(original, [prompt], [Reply(marked(rewrite))]).kept_original is None] += 1
    return taken[True] / taken.total()


def test_takes_the_rewrites_of_the_paper(pairs: list[Pair]) -> None:
    assert _share_taken(pairs) > 0.9


def test_turns_down_rewrites_of_another_document(pairs: list[Pair]) -> None:
    by_genre = defaultdict(list)
    for genre, original, rewrite in pairs:
        by_genre[genre].append((original, rewrite))
    swapped = [
        (genre, original, rewrite)
        for genre, group in by_genre.items()
        for (original, _), (_, rewrite) in zip(group, group[1:] + group[:1], strict=True)
    ]

    assert _share_taken(swapped) < 0.05
