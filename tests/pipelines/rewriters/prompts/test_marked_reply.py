import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rewriters.prompts.marked_reply import is_closed, marked, unmarked


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<>"), max_size=200))
def test_unmarked_undoes_marked(text: str) -> None:
    assert unmarked(marked(text)) == text.strip()
    assert is_closed(marked(text))


@pytest.mark.parametrize(
    "reply",
    [
        "EDITED: The cat sat. <end>",
        "EDITED:\nThe cat sat.\n<end>\nI hope this helps!",
        "Sure! EDITED: The cat sat.",
        "**EDITED:** The cat sat. <END>",
        "## Edited text:\nThe cat sat.</end>",
        "edited: The cat sat.",
        "<think>EDITED: no, shorter.</think>\n\nEDITED: The cat sat.<end>",
        "The cat sat.",
        "The cat sat. <end>",
    ],
)
def test_bears_with_other_ways_to_write_the_marks(reply: str) -> None:
    assert unmarked(reply) == "The cat sat."


def test_a_word_of_the_text_is_no_mark() -> None:
    assert unmarked("EDITED: He edited: a book <end>") == "He edited: a book"
    assert not is_closed("in the end")
