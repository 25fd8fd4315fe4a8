"""The page: whole HTML, nothing from outside, nothing of the corpus taken for markup."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from cluster.report.charts.axes import Tick
from cluster.report.page import _environment, render
from cluster.report.schema import Ends, Example, Passage, Report, Sample, Scored
from cluster.report.templates import HERE

VOID = {"meta", "link", "br", "wbr", "path", "rect"}
GRID = '{% import "charts.html.j2" as charts %}{% call charts.grid(chart) %}{% endcall %}'
HOSTILE = (
    "</p><script>alert(1)</script><img src=https://evil.example/x onerror='alert(2)'> {{ 7 * 7 }} \"quoted\" &amp;"
)


class Page(HTMLParser):
    """Collects tags, attributes, ids and text; fails on a tag closed out of turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def html(example: Report) -> str:
    return render(example)


def headings(html: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", html)


def test_tags_are_balanced_and_ids_unique(html: str) -> None:
    page = Page(html)
    assert page.open == []
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids)) > 5


def test_nothing_comes_from_outside(html: str) -> None:
    loaded = [(name, value) for name, value in Page(html).attributes if name in {"src", "href", "srcset", "action"}]
    assert loaded == [("href", "data:,")]
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest", html)
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_every_section_is_there_in_order(html: str) -> None:
    assert headings(html) == [
        "The arms side by side",
        "What differs between the arms",
        "Learning, by compute",
        "By genre",
        "By task",
        "What was chosen",
        "What the models write",
        "What became of the data",
        "Before and after rewriting",
        "Scores, and what was kept of them",
        "The curriculum",
        "Held-out text found in the pool",
        "Lineage",
        "Do it again",
        "Words used here",
    ]


def test_numbers_of_the_report_are_on_the_page(html: str, example: Report) -> None:
    text = Page(html).text
    for said in ("2.311", "−0.210", "1.21 PFLOP", "2.4 TFLOP", "10.1 MB", "19 min 12 s", "2.2x", "14,249", "65.0 %"):
        assert said in text, said
    for arm in example.arms:
        for step in arm.steps:
            assert f'data-copy="{step.address}"' in html
    assert "gleaner compare random.yaml gleaned.yaml simplified.yaml" in text


def test_labels_that_would_touch_on_a_narrow_screen_are_marked() -> None:
    ticks = tuple(Tick(at, str(at)) for at in (300.0, 600.0, 800.0, 960.0))
    chart = SimpleNamespace(x_ticks=ticks, y_ticks=(), level=None)
    text = _environment().from_string(GRID).render(chart=chart)
    assert re.findall(r'class="x( crowded)?"', text) == ["", "", " crowded", ""]


def test_a_leak_is_no_quotation_and_says_what_it_counts(html: str) -> None:
    section = html.partition('id="decontamination"')[2].partition("</section>")[0]
    assert "how many n-grams a document of the pool shares" in section
    assert "<q>" not in section


def test_equal_reports_give_equal_bytes(html: str, example: Report) -> None:
    assert render(Report.model_validate_json(example.model_dump_json())) == html


def test_the_page_is_light(html: str) -> None:
    assert len(html.encode()) < 1_000_000


def test_text_of_the_corpus_stays_text(example: Report) -> None:
    step = example.arms[1].steps[1]
    spoiled = step.model_copy(
        update={
            "examples": [Example(reason=HOSTILE, id=HOSTILE, detail=HOSTILE)],
            "dropped": {HOSTILE: 5},
            "notes": [HOSTILE],
            "name": HOSTILE,
            "address": HOSTILE,
        }
    )
    arm = example.arms[1].model_copy(
        update={
            "name": HOSTILE,
            "samples": [Sample(id=HOSTILE, before=HOSTILE, after=HOSTILE + " more")],
            "steps": [spoiled],
            "ends": [Ends(name=HOSTILE, high=[Scored(id=HOSTILE, score=1.0, text=HOSTILE)], low=[])],
            "genres": {HOSTILE: 3.0, "other": 4.0},
        }
    )
    spoiled_arms = {"arms": [example.arms[0], arm], "overlaps": [[1.0, 0.5], [0.5, 1.0]]}
    page = Page(render(example.model_copy(update={"title": HOSTILE, "machine": HOSTILE, **spoiled_arms})))
    assert page.open == []
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "src"]
    assert page.text.count(HOSTILE) >= 6


@pytest.mark.parametrize(
    ("finals", "label"),
    [
        ({"random": [2.5, 2.51, 2.5], "gleaned": [2.3, 2.31, 2.3]}, "better beyond the seed spread"),
        ({"random": [2.5, 2.51, 2.5], "gleaned": [2.7, 2.71, 2.7]}, "worse beyond the seed spread"),
        ({"random": [2.5, 2.51, 2.5], "gleaned": [2.5, 2.51, 2.5]}, "no difference beyond the seed spread"),
        ({"random": [2.5, 2.51], "gleaned": [2.3, 2.31]}, "fewer than three seeds, not judged"),
        ({"random": [2.5], "gleaned": [2.3]}, "fewer than three seeds, not judged"),
        ({"random": [2.5, 2.4]}, "nothing to compare with"),
    ],
)
def test_the_outcome_is_on_top(make_report: Callable[..., Report], finals: dict[str, list[float]], label: str) -> None:
    page = Page(render(make_report(finals)))
    assert label in page.text
    assert page.open == []


def test_sections_without_content_are_left_out(example: Report) -> None:
    bare = {
        "steps": [], "curves": [], "scores": [], "samples": [], "written": [], "recipe": {}, "plan": None, "ends": [],
        "genres": {},
    }  # fmt: skip
    bare |= {"tasks": [], "categories": []}
    arms = [arm.model_copy(update=bare) for arm in example.arms]
    html = render(example.model_copy(update={"arms": arms, "overlaps": []}))
    assert headings(html) == ["The arms side by side", "By genre", "Do it again", "Words used here"]


def test_what_was_chosen_is_told_by_genre_by_overlap_and_at_the_ends_of_scores(html: str) -> None:
    text = " ".join(Page(html).text.split())
    assert "random100 %12.0 %8.0 %" in text
    assert "tutorial25.0 %60.0 %60.0 %" in text
    assert "0.75A plough turns the soil." in text
    assert text.index("A plough turns the soil.") < text.index("See the changelog.")


def test_what_models_write_stands_behind_one_prompt(html: str) -> None:
    text = " ".join(Page(html).text.split())
    assert text.count("Kernels may be stored in a silo as long as") == 1
    assert "the the field is of a kernels" in text
    assert "simplified (here it ended the document)" in text


def test_examples_show_what_was_kept_and_what_was_dropped_with_the_reason(html: str) -> None:
    text = " ".join(Page(html).text.split())
    assert "Examples of what was kept and dropped keptA furrow turns seeds into grain" in text
    assert "repeated linesDeprecated: use reap()." in text


def test_only_keys_that_differ_are_told(html: str) -> None:
    (section,) = re.findall(r'<section id="recipes">(.*?)</section>', html, re.DOTALL)
    told = section.replace("<wbr>", "")
    assert re.findall(r"<th scope=\"row\"><code>(.*?)</code>", told) == [
        "data.steps.chosen.selector",
        "data.steps.clean",
    ]
    assert "fields" not in section
    assert "clean(filters=[length(least_words=8), repetition(most_share=0.3), language])" in told
    assert told.count("least_words") == 1, "an equal value of a later arm is told by the name of the first"
    assert '<span class="none">as gleaned</span>' in told
    assert "least_<wbr>words" in section, "names go on in a new line where a word ends"
    assert section.lstrip().partition('<table class="recipes">')[0].rstrip().endswith('<div class="scroll">')


def test_a_curve_of_a_sample_says_so(html: str, example: Report) -> None:
    assert "on a sample of the held-out text, about 65.5 kB" in html
    assert "The table is of all 412 kB, so curves end on other values" in html
    whole = example.held_out.model_copy(update={"curve_bytes": example.held_out.bytes})
    assert "a sample of" not in render(example.model_copy(update={"held_out": whole}))


def test_what_hides_or_turns_text_is_visible(example: Report) -> None:
    hidden, shown = "a\u202eb\u200b\x1b[31mc", "a\\u202eb\\u200b\\x1b[31mc"
    arm = example.arms[0].model_copy(
        update={
            "name": hidden,
            "recipe": {hidden: hidden},
            "written": [Passage(prompt=hidden, text=hidden, note=hidden)],
            "samples": [Sample(id=hidden, before=hidden, after="other")],
        }
    )
    html = render(example.model_copy(update={"arms": [arm, *example.arms[1:]], "title": hidden, "command": hidden}))
    assert not set("\u202e\u200b\x1b") & set(html)
    assert html.count(shown) > 10


def test_long_names_wrap_where_they_stand() -> None:
    css = (HERE / "page.css").read_text(encoding="utf-8")
    for selector in (".reason span:first-child", ".funnel .name", ".examples td", ".written p"):
        rules = re.findall(rf"{re.escape(selector)}[^{{}}]*{{([^}}]*)}}", css)
        assert any("overflow-wrap: anywhere" in rule for rule in rules), selector


def test_more_arms_than_colours_still_render(example: Report) -> None:
    arms = [example.arms[1].model_copy(update={"name": f"arm{number}"}) for number in range(10)]
    html = render(example.model_copy(update={"arms": arms}))
    assert Page(html).open == []
    assert "hue-8" not in html
    assert '<span class="chip hue-1"><i></i><span>arm1</span></span>' in html
    assert '<span class="chip hue-1 again"><i></i><span>arm9</span></span>' in html


def test_the_words_say_what_an_interval_leaves_out(example: Report) -> None:
    first, arm, last = example.arms

    def told(over: list[str]) -> str:
        with_interval = arm.model_copy(update={"multiplier_interval": (1.8, 2.5), "interval_over": over})
        return Page(render(example.model_copy(update={"arms": [first, with_interval, last]}))).text

    assert "95 % of draws, with replacement, of seeds and documents. At least" in told(["seeds", "documents"])
    assert "of documents: the runs are those that there are" in told(["documents"])
    assert "of seeds: what other held-out text would give is not in it" in told(["seeds"])
    assert "with replacement" not in Page(render(example)).text
