"""Task `multiple_choice`: a question, and several answers of which one is right."""

from pipelines.contracts.task import Item
from pipelines.tasks.reading.json_lines import JsonLines
from pipelines.tasks.reading.rows import Row
from pipelines.tasks.reading.wording import item, option


class MultipleChoice(JsonLines):
    """Rows with a `query`, a list of `choices` and the place `gold` of the right one, as of ARC or PIQA.

    The three parameters name the keys that hold them. `delimiter` stands between query and choice, the white space at
    its end being part of what is scored.
    """

    query: str = "query"
    choices: str = "choices"
    gold: str = "gold"
    delimiter: str = " "

    def item(self, row: Row) -> Item:
        """An item of one context and as many continuations as there are choices."""
        query, choices = row.text(self.query), row.texts(self.choices)
        options = [option(query, self.delimiter, choice) for choice in choices]
        return item(options, row.place(self.gold, len(options)))
