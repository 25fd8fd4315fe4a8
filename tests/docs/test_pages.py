"""What the pages say of the repository is there: the files, the folders and the pages that they link to."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted(str(page.relative_to(REPOSITORY)) for page in [*REPOSITORY.glob("docs/*.md"), REPOSITORY / "README.md"])
NAMED = re.compile(r"`((?:pipelines|training|tuning|cluster|tests|docs)/[\w./-]*\w/?)`")
DOTTED = re.compile(r"`((?:pipelines|cluster)(?:\.[a-z_]\w*)+)`")
LINKED = re.compile(r"\]\(([\w./-]+)\)")
NEW = {"pipelines/filters/shouting.py", "pipelines/filters/unfinished.py"}  # what a reader of the page would write


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    text = (REPOSITORY / page).read_text("utf-8")
    named = set(NAMED.findall(text)) - NEW
    modules = {name.replace(".", "/") for name in DOTTED.findall(text)}
    there = {name for name in named if (REPOSITORY / name).exists()}
    there |= {name for name in modules if (REPOSITORY / name).is_dir() or (REPOSITORY / f"{name}.py").is_file()}
    assert named | modules == there


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_is_there(page: str) -> None:
    folder = (REPOSITORY / page).parent
    links = LINKED.findall((REPOSITORY / page).read_text("utf-8"))
    assert [link for link in links if not (folder / link).exists()] == []
