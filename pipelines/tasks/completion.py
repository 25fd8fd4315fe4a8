"""Task `completion`: a context, and the one continuation that is right."""

from pipelines.contracts.task import Item
from pipelines.tasks.reading.json_lines import JsonLines
from pipelines.tasks.reading.rows import Row
from pipelines.tasks.reading.wording import item, option


class Completion(JsonLines):
    """Rows with a `context` and a `continuation`, as of LAMBADA or SQuAD; both parameters name the keys that hold them.

    `delimiter` stands between the two, the white space at its end being part of what is scored.
    """

    context: str = "context"
    continuation: str = "continuation"
    delimiter: str = " "

    def item(self, row: Row) -> Item:
        """An item of one option."""
        return item([option(row.text(self.context), self.delimiter, row.text(self.continuation))], 0)
