"""JSON lines as a task: what all kinds share whose items are rows of files."""

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.task import Half, Item, Task
from pipelines.sources.reading.files import fingerprint
from pipelines.sources.reading.listing import Paths, described, listed
from pipelines.tasks.reading.rows import Row, read_items
from pipelines.tasks.reading.wording import with_examples

SUFFIXES = (".jsonl", ".ndjson")


class JsonLines(Task):
    """A task of which every row is an item; `path` is a file, a folder, a glob, a list, or any fsspec URL of those.

    Items are related that share 13 words in a row, or a whole shorter context or text (`pipelines/texts/halves.py`).
    """

    path: Paths

    def item(self, row: Row) -> Item:
        """The item that a row stands for, without examples; WrongRowError where it stands for none."""
        raise NotImplementedError

    def files(self) -> list[str]:
        """Every file that `path` names."""
        return listed(self.path, SUFFIXES)

    def items(self, half: Half) -> list[Item]:
        """The items of one half by id; Mistake where a row is wrong, all are related, or too few for the examples."""
        halves = self._halves()
        pool = halves["target"]
        if len(pool) <= self.shots:
            raise Mistake(
                f"task '{self.name}' has {len(pool)} items in its target half, too few for an item and {self.shots} "
                f"examples; set `shots` to {len(pool) - 1} at most"
            )
        return with_examples(halves[half], pool, self.shots, self.seed)

    def fingerprint(self) -> dict[str, str]:
        """One digest over the names and contents of the files."""
        return {"files": fingerprint(described(self.path, SUFFIXES))}

    def _halves(self) -> dict[Half, list[Item]]:
        from pipelines.texts.halves import halves

        items = read_items(self.files(), self.item)
        target, held_out = halves({id_: _passages(item) for id_, item in items.items()})
        if not held_out:
            raise Mistake(
                f"task '{self.name}' cannot be halved: its {len(items)} items are all related, by 13 words in a row or "
                "a context; give more items"
            )
        return {"target": [items[id_] for id_ in target], "held_out": [items[id_] for id_ in held_out]}


def _passages(item: Item) -> list[str]:
    """What may relate an item to another: its contexts, and its options in full."""
    texts = (text for each in item.options for text in (each.context, each.context + each.continuation))
    return [text for text in dict.fromkeys(texts) if text]
