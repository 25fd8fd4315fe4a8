"""What holds for every rewriter: a new file in the family is tested from the moment it exists."""

import pickle

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.component import find, kinds
from pipelines.contracts.engine import Reply
from pipelines.contracts.rewriter import Rewriter
from pipelines.engines.echo import Echo

KINDS = kinds(Rewriter.family)
GENRES = st.sampled_from([None, "web", "wiki", "code", "textbook", "unheard-of"])
TEXTS = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<>"), max_size=400),
    st.lists(st.sampled_from(["The cat sat.", "No one came in 1912!", "\n\n", " ", "for x in y:"]), max_size=80).map(
        " ".join
    ),
)


def _usual(kind: str) -> Rewriter:
    return Rewriter.model_validate({"kind": kind})


@pytest.mark.parametrize("kind", KINDS)
def test_usable_with_defaults_and_says_what_it_does(kind: str) -> None:
    assert _usual(kind).kind == kind
    assert find(Rewriter, kind).__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_round_trips_through_yaml_and_pickle(kind: str) -> None:
    rewriter = _usual(kind)

    assert Rewriter.model_validate(yaml.safe_load(yaml.safe_dump(rewriter.model_dump(mode="json")))) == rewriter
    assert pickle.loads(pickle.dumps(rewriter)) == rewriter
    assert hash(pickle.loads(pickle.dumps(rewriter))) == hash(rewriter)


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXTS, genre=GENRES)
def test_prompts_are_pure_and_lose_nothing(kind: str, text: str, genre: str | None) -> None:
    prompts = _usual(kind).prompts(text, genre)

    assert prompts == _usual(kind).prompts(text, genre)
    assert "".join(prompt.text for prompt in prompts) == (text if text.strip() else "")
    assert all(prompt.messages and prompt.max_tokens > 0 for prompt in prompts)


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXTS, genre=GENRES)
def test_the_echo_of_a_text_leaves_it_as_it_was(kind: str, text: str, genre: str | None) -> None:
    rewriter = _usual(kind)
    prompts = rewriter.prompts(text, genre)

    assert rewriter.accept(text, prompts, Echo().open()(prompts)).text == text


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXTS, replies=st.data())
def test_whatever_comes_back_there_is_a_text_or_a_reason(kind: str, text: str, replies: st.DataObject) -> None:
    rewriter = _usual(kind)
    prompts = rewriter.prompts(text, None)
    reply = st.builds(Reply, st.text(max_size=100), st.sampled_from(["stop", "length", "error:500", ""]))
    answers = replies.draw(st.lists(reply, min_size=len(prompts), max_size=len(prompts)))

    rewrite = rewriter.accept(text, prompts, answers)

    assert rewrite == rewriter.accept(text, prompts, answers)
    if rewrite.kept_original is not None:
        assert rewrite.text == text
        assert rewrite.kept_original.isidentifier()
        assert rewrite.kept_original == rewrite.kept_original.lower()


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_the_engine_keeps_the_original(kind: str) -> None:
    rewriter = _usual(kind)
    text = "The cat sat on the mat and looked at the rain."
    prompts = rewriter.prompts(text, None)

    rewrite = rewriter.accept(text, prompts, [Reply("", "error:503")] * len(prompts))

    assert (rewrite.text, rewrite.kept_original) == (text, "engine_error")
