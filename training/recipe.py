"""Recipe: everything that the result of a run depends on; what a run, a trial and an arm all are."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, field_validator, model_validator

from pipelines.check import check_corpus, check_data, within
from pipelines.config import CorpusConfig, DataConfig
from pipelines.contracts.codec import Codec
from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.source import Source
from pipelines.contracts.task import Task
from pipelines.datamodel import DatamodelConfig
from pipelines.inference.model_files import DATAMODEL, REGRESSION, TRAINED, Sort
from pipelines.regression import RegressionConfig
from training.config import TrainingConfig
from training.contracts import Model
from training.measures.compression import StudyConfig
from training.references import check_references, references
from training.yaml_text import on_one_line


class EvaluationConfig(Spec):
    """What the model is measured on: never part of the training pool. `curve_bytes` of it are read during training.

    Of each of the `tasks` the held-out half is asked (`training.measures.tasks`); a task is named by its key, and needs
    no name of its own. With a `study` the tokens themselves are measured too (`training.measures.compression`).
    """

    held_out: Source
    curve_bytes: int = Field(default=65_536, gt=0)
    tasks: dict[str, Task] = {}
    study: StudyConfig | None = None

    @field_validator("tasks", mode="before")
    @classmethod
    def _name_tasks(cls, tasks: Any) -> Any:
        if not isinstance(tasks, Mapping):
            return tasks
        return {name: _named(name, task) for name, task in tasks.items() if task is not None}

    def check(self, codec: Codec) -> None:
        """Raises Mistake with the cure for what is wrong with the sources, or cannot be asked in the codec's tokens."""
        with within("evaluation.held_out"):
            self.held_out.check()
        for name, task in self.tasks.items():
            with within(f"evaluation.tasks.{name}"):
                task.check()
        if self.tasks and codec.decodes_whole:
            raise Mistake(
                f"evaluation.tasks asks for what follows a context, and codec '{codec.kind}' makes tokens of whole "
                "documents only; leave the tasks out, or choose another data.codec"
            )


def _named(name: str, task: Any) -> Any:
    return {"name": name, **task} if isinstance(task, Mapping) else task


class ModelRecipe(Spec):
    """What makes a model: its data, its training, and the seed of both."""

    seed: int = Field(default=0, ge=0)
    data: DataConfig
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _has_one_seed(self) -> Self:
        if self.training.seed not in (0, self.seed):
            raise Mistake(
                f"training.seed {self.training.seed} is not {self.seed}; set `seed` beside it, training takes it over"
            )
        return self

    @model_validator(mode="after")
    def _reads_these_tokens(self) -> Self:
        self.training.model.check_codec(self.data.codec)
        return self


class TrainingEntry(ModelRecipe):
    """A model that is trained for the data of a run: a proxy that scores, a byte model that compresses.

    `copies` are made of it, each with the next seed; a list of models that refers to the entry takes them all.
    """

    sort: ClassVar[Sort] = TRAINED

    copies: int = Field(default=1, ge=1)

    def check(self, where: str) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        check_data(self.data, f"{where}.data")
        self.training.batch_sequences(self.data.pack.length)


class DatamodelEntry(Spec):
    """A datamodel, made of the documents that `data` ends with: the candidates of a selection, or a sample of them."""

    sort: ClassVar[Sort] = DATAMODEL
    copies: ClassVar[int] = 1

    seed: int = Field(default=0, ge=0)
    data: CorpusConfig
    datamodel: DatamodelConfig

    def check(self, where: str) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        check_corpus(self.data, f"{where}.data")
        for name, target in self.datamodel.targets.items():
            with within(f"{where}.datamodel.targets.{name}"):
                target.check()
        with within(f"{where}.datamodel"):
            self.datamodel.check()


class RegressionEntry(Spec):
    """A regression of a score on the words of the documents that `data` ends with, which have the score as a column."""

    sort: ClassVar[Sort] = REGRESSION
    copies: ClassVar[int] = 1

    seed: int = Field(default=0, ge=0)
    data: CorpusConfig
    regression: RegressionConfig

    def check(self, where: str) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        self.regression.check(f"{where}.regression", check_corpus(self.data, f"{where}.data"))


Entry = TrainingEntry | DatamodelEntry | RegressionEntry


def _entry(value: Any) -> Entry:
    """An entry of the section `models`: a datamodel or a regression where it has such a section, else a training."""
    if isinstance(value, Entry):
        return value
    sections = value if isinstance(value, Mapping) else {}
    if "datamodel" in sections:
        return DatamodelEntry.model_validate(value)
    if "regression" in sections:
        return RegressionEntry.model_validate(value)
    return TrainingEntry.model_validate(value)


class Recipe(ModelRecipe):
    """Everything that the result of a run depends on.

    `models` that are needed are made first, in order, each with a seed of its own; a component of `data` refers to
    one as `model: "@name"`, a datamodel to its proxies as `models: ["@name"]`, and a training to the model that it goes
    on from as `start: "@name"`.
    """

    referring: ClassVar[tuple[str, ...]] = ("data", "training")  # sections that refer to models

    models: dict[str, Annotated[Entry, PlainValidator(_entry)]] = {}
    evaluation: EvaluationConfig

    @field_validator("models")
    @classmethod
    def _names_its_models(cls, models: dict[str, Any]) -> dict[str, Any]:
        for name in models:
            if not re.fullmatch(r"\w[\w-]*", name):
                raise Mistake(f"{name!r} cannot name a model; use letters, digits, '_' and '-'")
        return models

    @model_validator(mode="after")
    def _knows_its_models(self) -> Self:
        before: dict[str, Entry] = {}
        for name, each in self.models.items():
            check_references(f"models.{name}", each, before)
            before[name] = each
        for name in self.referring:
            check_references(name, getattr(self, name), before)
        return self

    @model_validator(mode="after")
    def _goes_on_in_the_same_shape(self) -> Self:
        trained = {"training": self} | {f"models.{name}.training": each for name, each in self.models.items()}
        for where, each in trained.items():
            if isinstance(each, ModelRecipe):
                for reference in references(each.training):
                    _check_start(where, each.training.model, reference.name, self.models[reference.name])
        return self

    @property
    def needed_models(self) -> dict[str, list[int]]:
        """The models to make, in order, and which copies of each, from 1 on.

        They are those that the sections of `referring` refer to, and those that these refer to.
        """
        wanted: dict[str, set[int]] = {}

        def want(section: Spec) -> None:
            for each in references(section):
                copies = range(1, self.models[each.name].copies + 1) if each.copy is None else [each.copy]
                wanted.setdefault(each.name, set()).update(copies)

        for name in self.referring:
            want(getattr(self, name))
        for name in reversed(self.models):
            if name in wanted:
                want(self.models[name])
        return {name: sorted(wanted[name]) for name in self.models if name in wanted}

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        for name, each in self.models.items():
            each.check(f"models.{name}")
        check_data(self.data)
        self.evaluation.check(self.data.codec)
        self.training.batch_sequences(self.data.pack.length)


def _check_start(where: str, model: Model, name: str, entry: Entry) -> None:
    if isinstance(entry, TrainingEntry) and entry.training.model != model:
        theirs, mine = (on_one_line(each.model_dump(mode="json")) for each in (entry.training.model, model))
        raise Mistake(
            f"{where}.start is '@{name}', whose model is {theirs}, and {where}.model is {mine}; a training goes on "
            "with the same model"
        )


def set_path(tree: dict[str, Any], path: str, value: Any) -> None:
    """Sets the value at a dotted path in place, making the sections on the way; Mistake where one is no section."""
    *sections, key = path.split(".")
    for place, section in enumerate(sections, 1):
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            whole = ".".join(sections[:place])
            raise Mistake(f"path '{path}' goes through '{section}', which is no section; set '{whole}' whole")
    tree[key] = value
