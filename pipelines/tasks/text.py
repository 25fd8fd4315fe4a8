"""Task `text`: texts that are scored whole."""

from typing import Literal

from pipelines.contracts.task import Item, Option
from pipelines.tasks.reading.json_lines import JsonLines
from pipelines.tasks.reading.rows import Row
from pipelines.tasks.reading.wording import item


class Text(JsonLines):
    """Rows with a `text`, which the parameter names the key of: it is what a model has to tell, with nothing before it.

    There are no examples before a text, so `shots` stays 0.
    """

    text: str = "text"
    shots: Literal[0] = 0

    def item(self, row: Row) -> Item:
        """An item of one option without a context, the text as it is."""
        return item([Option("", row.text(self.text))], 0)
