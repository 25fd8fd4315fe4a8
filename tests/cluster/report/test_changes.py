"""Before and after: the marked spans are the text, and only what changed is marked."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.report.changes import SHOWN, Span, compare


def joined(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans)


def test_changed_words_are_marked_on_their_side() -> None:
    found = compare("we utilize a plough", "we use a plough")
    assert found.before == (
        Span("same", "we"),
        Span("same", " "),
        Span("removed", "utilize"),
        Span("same", " a plough"),
    )
    assert [span.text for span in found.after if span.kind == "added"] == ["use"]


def test_new_line_breaks_are_no_change() -> None:
    found = compare("a plough\nand  an ox", "a plough and an ox")
    assert {span.kind for span in found.before + found.after} == {"same"}


@given(st.text(max_size=300), st.text(max_size=300))
def test_short_texts_are_shown_whole(before: str, after: str) -> None:
    found = compare(before, after)
    assert joined(found.before) == before
    assert joined(found.after) == after
    assert not found.before_hidden
    assert not found.after_hidden
    assert all(span.kind != "added" for span in found.before)
    assert all(span.kind != "removed" for span in found.after)


def test_long_texts_are_cut_at_the_same_place_and_say_so() -> None:
    before = "seed grain furrow plough " * 2000
    after = before.replace("furrow", "row")
    found = compare(before, after)
    assert before.startswith(joined(found.before))
    assert after.startswith(joined(found.after))
    assert len(joined(found.before)) <= SHOWN
    assert len(joined(found.before)) + found.before_hidden == len(before)
    assert len(joined(found.before).split()) == len(joined(found.after).split())
