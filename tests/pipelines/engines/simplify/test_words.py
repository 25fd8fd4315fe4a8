import pytest

from pipelines.engines.simplify.vocabulary import table
from pipelines.engines.simplify.words import plain_words


@pytest.fixture(scope="module")
def plain():
    return plain_words(table(2000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They utilize it.", "They use it."),
        ("Utilizing tools, she commenced.", "Using tools, she started."),
        ("An enormous dog ate a gigantic meal.", "A huge dog ate a huge meal."),
        ("He had a crucial role.", "He had an important role."),
        ("The physician's house", "The doctor's house"),
        ("Due to the fact that it rained, we left.", "Because it rained, we left."),
        ("A large number of dogs and a large number of the cats", "Many dogs and a large number of the cats"),
        ("Therefore, it is, therefore, so.", "So, it is, therefore, so."),
        ("He is unable to swim.", "He cannot swim."),
        ("It consists of parts", "It is made up of parts"),
        ('"Commence at once," he said.', '"Start at once," he said.'),
        ('He said, "Commence!" She left. (Utilize it.)', 'He said, "Start!" She left. (Use it.)'),
        ("- Commence.\n  * Utilize it.\n2) [Ascertain it.]", "- Start.\n  * Use it.\n2) [Find out it.]"),
    ],
)
def test_puts_the_common_word_in_the_same_form_and_case(plain, text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "He works at Commence Inc.",
        "Commence Systems grew.",
        "call utilize() or tool.utilize or utilize_all or utilize=1 or x/utilize or non-essential or @commence",
        "COMMENCE",
        'Press "Ascertain" or the key "Ascertain all".',
        '"Ascertain" is a key, as are "Commence", [Utilize] and {Commence}.',
        "The house (Abode) is that of our doctor (Physician, born in Rome).",
        "The key - Ascertain - is red, as on page 3) Commence.",
        "She is called Mrs. Abode, he St. Physician.",
        "An adequate plan",
        "It is more vast than that, and less rapid.",
        "He revealed it.",
        "1,234 and 5.6 did not, could not, never would",
        "",
    ],
)
def test_leaves_names_identifiers_and_what_would_read_wrong(plain, text: str) -> None:
    assert plain(text) == text
