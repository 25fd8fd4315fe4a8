from pipelines.rewriters.checks.echo import RUN_WORDS, echoed

RULES = "Write short, whole sentences. An example: The lighthouse is a tall house with a light on top."


def test_runs_of_words_that_only_the_instructions_have_are_counted() -> None:
    assert echoed(RULES, "A tower by the sea.", "The lighthouse is a tall house. Ships see it.") == 6 - RUN_WORDS + 1
    assert echoed(RULES, "A tower by the sea.", "WRITE SHORT, whole  sentences an old man said.") == 1


def test_what_the_original_says_as_well_is_no_echo() -> None:
    original = "It is said that the lighthouse is a tall house."

    assert echoed(RULES, original, "The lighthouse is a tall house.") == 0
    assert echoed(RULES, original, "Write it short. Whole ships see the tall light.") == 0
    assert echoed(RULES, "", "") == 0
