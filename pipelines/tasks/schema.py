"""Task `schema`: one continuation, and several contexts of which one makes sense before it."""

from pipelines.contracts.task import Item
from pipelines.tasks.reading.json_lines import JsonLines
from pipelines.tasks.reading.rows import Row
from pipelines.tasks.reading.wording import item, option


class Schema(JsonLines):
    """Rows with a list of `context_options`, a `continuation` and the place `gold` of the right context: Winograd's.

    The three parameters name the keys that hold them. `delimiter` stands between context and continuation, the white
    space at its end being part of what is scored.
    """

    context_options: str = "context_options"
    continuation: str = "continuation"
    gold: str = "gold"
    delimiter: str = " "

    def item(self, row: Row) -> Item:
        """An item of as many contexts as there are and one continuation."""
        contexts, continuation = row.texts(self.context_options), row.text(self.continuation)
        options = [option(context, self.delimiter, continuation) for context in contexts]
        return item(options, row.place(self.gold, len(options)))
