"""Task `paper`: the tasks of DsDm (Engstrom et al. 2024, arXiv 2401.12926), its targets and its fifteen benchmarks."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import Field, field_validator, model_validator

from pipelines.contracts.component import did_you_mean
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.task import Half, Item, Task
from pipelines.sources.reading.listing import Paths

ANSWER = {"delimiter": "\nAnswer: "}


class Preset(NamedTuple):
    """The kind that reads the rows, the category, the examples before an item, and what the kind is told beside."""

    kind: str
    category: str
    shots: int
    parameters: Mapping[str, str] = {}


PRESETS = {
    # The four targets: the examples are the paper's.
    "squad": Preset("completion", "reading comprehension", 3),
    "jeopardy": Preset("completion", "world knowledge", 3, ANSWER),
    "cs_algorithms": Preset("completion", "symbolic", 0),
    "lambada": Preset("completion", "language understanding", 0),
    # The fifteen benchmarks: examples and delimiters are those of LLM Foundry's gauntlet (v0.3) where it has the task.
    "copa": Preset("multiple_choice", "commonsense", 0),
    "openbook_qa": Preset("multiple_choice", "commonsense", 10),
    "piqa": Preset("multiple_choice", "commonsense", 0, ANSWER),
    "cbt": Preset("multiple_choice", "language understanding", 0),
    "hellaswag": Preset("multiple_choice", "language understanding", 0),
    "winogrande": Preset("schema", "language understanding", 5),
    "coqa": Preset("completion", "reading comprehension", 0),
    "news_qa": Preset("completion", "reading comprehension", 0),
    "boolq": Preset("multiple_choice", "reading comprehension", 0, ANSWER),
    "bb_copy_logic": Preset("completion", "symbolic", 0),
    "bb_dyck_lang": Preset("completion", "symbolic", 5),
    "bb_operators": Preset("completion", "symbolic", 3),
    "arc_easy": Preset("multiple_choice", "world knowledge", 3, ANSWER),
    "bb_qa_wikidata": Preset("completion", "world knowledge", 3),
    "trivia_qa": Preset("completion", "world knowledge", 3, {"continuation": "answer"}),
}


class Paper(Task):
    """The task that `task` names, its rows as in LLM Foundry's files: `name`, `category` and `shots` follow from it.

    Each of the three can be given instead. The targets are squad, jeopardy, cs_algorithms and lambada; the benchmarks
    copa, openbook_qa and piqa (commonsense), cbt, hellaswag and winogrande (language understanding), coqa, news_qa and
    boolq (reading comprehension), bb_copy_logic, bb_dyck_lang and bb_operators (symbolic), arc_easy, bb_qa_wikidata and
    trivia_qa (world knowledge). `path` is a file, a folder, a glob, a list, or any fsspec URL of those (`hf://`).
    """

    task: str
    path: Paths
    name: str = Field(default="", min_length=1, description="that of the task where none is given")

    @model_validator(mode="before")
    @classmethod
    def _follow_the_preset(cls, value: Any) -> Any:
        task = value.get("task") if isinstance(value, Mapping) else None
        if not isinstance(task, str) or task not in PRESETS:
            return value
        preset = PRESETS[task]
        return {"name": task, "category": preset.category, "shots": preset.shots, **value}

    @field_validator("task")
    @classmethod
    def _is_known(cls, task: str) -> str:
        if task not in PRESETS:
            known = list(PRESETS)
            raise Mistake(f"no task '{task}' in the paper; {did_you_mean(task, known)}known: {', '.join(known)}")
        return task

    def files(self) -> list[str]:
        """Every file that `path` names."""
        return self._task().files()

    def items(self, half: Half) -> list[Item]:
        """The items of one half by id, as the task's kind reads them."""
        return self._task().items(half)

    def fingerprint(self) -> dict[str, str]:
        """That of the task's kind, with the kind and its version, which the parameters here do not show."""
        task = self._task()
        return {**task.fingerprint(), "read_as": f"{task.kind} {task.version}", **PRESETS[self.task].parameters}

    def _task(self) -> Task:
        preset = PRESETS[self.task]
        mine = {name: getattr(self, name) for name in ("name", "category", "path", "shots", "seed")}
        return Task.model_validate({"kind": preset.kind, **mine, **preset.parameters})
