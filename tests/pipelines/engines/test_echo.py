from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.engine import Message, Prompt
from pipelines.engines.echo import Echo
from pipelines.rewriters.prompts.marked_reply import unmarked


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<>"), max_size=200), max_size=5))
def test_gives_every_text_back_in_order(texts: list[str]) -> None:
    replies = Echo().open()([Prompt((Message("user", text),), text) for text in texts])

    assert [unmarked(reply.text) for reply in replies] == [unmarked(text) for text in texts]
    assert {reply.finish for reply in replies} <= {"stop"}


def test_counts_the_tokens_of_all_messages_and_of_the_reply() -> None:
    prompt = Prompt((Message("system", "a" * 40), Message("user", "b" * 400)), "b" * 400)

    (reply,) = Echo().open()([prompt])

    assert reply.tokens_in == 110
    assert 100 < reply.tokens_out < 110


def test_costs_no_operations() -> None:
    assert Echo().flops(1e6, 1e6) == 0.0
