"""Documents that any machine with Python has: the docstrings of installed packages."""

import ast
import contextlib
import functools
import gc
import importlib.metadata
import importlib.util
import inspect
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import pyarrow as pa
import xxhash
from pydantic import Field, StringConstraints

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import SOURCE, TEXT, Read
from pipelines.contracts.source import Source
from pipelines.sources.reading.documents import Bad, bad_rows, only_bad

# What this project's own dependencies bring with them, on a CPU as well as on a GPU machine.
PACKAGES = (
    "PIL aiohttp click deepspeed fontTools fsspec grpc httpx huggingface_hub jinja2 matplotlib mpmath networkx numba "
    "numpy openai optuna pandas pyarrow pydantic pyparsing ray rich safetensors setuptools sqlalchemy sympy tokenizers "
    "torch transformers typer vllm"
)
QUALIFIED_NAME = "qualified_name"
TEST_FOLDERS = {"test", "tests"}  # a third of the parsing in pandas, numpy and sympy, and hardly any docstrings

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While
Compound = Loop | ast.If | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match
PackageName = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*$")]


class Docstring(NamedTuple):
    """A cleaned docstring, where it starts, and the dotted name of what it describes."""

    line: int
    qualified_name: str
    text: str


class PythonDocs(Source):
    """Harvests the docstrings of modules, classes and functions by `ast`; no package is imported.

    `packages` are import names of top-level packages or modules. An input file is one `.py` file, named from its
    package on (`numpy/linalg/_linalg.py`), so a list of files reads the same on every machine. Test folders are left
    out, and so are docstrings shorter than `min_characters` after the indentation is cleaned (as `inspect.cleandoc`
    does). Columns: text, source (the package), qualified_name.
    """

    packages: tuple[PackageName, ...] = Field(tuple(PACKAGES.split()), min_length=1)
    min_characters: int = Field(200, ge=1)

    def files(self) -> list[str]:
        """The `.py` files of all packages, sorted; Mistake naming a package that is not here."""
        return sorted(file for package in set(self.packages) for file in _package_files(package))

    def size(self, file: str) -> int:
        """Bytes of one `.py` file."""
        return os.path.getsize(_located(file))

    def fingerprint(self) -> dict[str, str]:
        """The packages' versions, this Python's, and a digest over the names and sizes of all files."""
        digest = xxhash.xxh3_128()
        for file in self.files():
            digest.update(f"{file}\0{self.size(file)}\n".encode())
        return {
            "files": digest.hexdigest(),
            "packages": " ".join(sorted(f"{package} {_version(package)}" for package in set(self.packages))),
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        }

    def read(self, file: str) -> Iterator[Read]:
        """All docstrings of a file in one batch; a file that does not parse is one bad row, not_python or not_utf8."""
        try:
            source = Path(_located(file)).read_bytes()
            found = [doc for doc in docstrings(source, _module_name(file)) if len(doc.text) >= self.min_characters]
        except (FileNotFoundError, PermissionError) as error:
            yield only_bad(file, Bad(None, "unreadable_file", f"{type(error).__name__}: {error}", None))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = error.lineno if isinstance(error, SyntaxError) else None
            yield only_bad(file, Bad(line, "not_python" if _is_utf8(source) else "not_utf8", str(error)))
        else:
            yield _batch(file, found)


def docstrings(source: bytes, module: str) -> list[Docstring]:
    """The docstrings of a module and of all that it defines, in the order of the text; SyntaxError if it is no Python.

    Only statements are walked, since a docstring is the first statement of a body.
    """
    # The collector would go through the growing tree again and again: 10 MB/s of source on one core, 6 without a pause.
    with _collector_paused(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _docstrings_of(ast.parse(source), module)


def _docstrings_of(tree: ast.Module, module: str) -> list[Docstring]:
    return [*_docstring_of(tree.body, module), *_in_block(tree.body, module)]


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _in_block(block: list[ast.stmt], prefix: str) -> Iterator[Docstring]:
    for statement in block:
        if isinstance(statement, Definition):
            name = f"{prefix}.{statement.name}"
            yield from _docstring_of(statement.body, name)
            yield from _in_block(statement.body, name)
        elif isinstance(statement, Compound):
            for inner in _blocks(statement):
                yield from _in_block(inner, prefix)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The bodies of a compound statement, in the order of the text."""
    branches = [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    return [
        getattr(statement, "body", []),
        *(branch.body for branch in branches),
        getattr(statement, "orelse", []),
        getattr(statement, "finalbody", []),
    ]


def _docstring_of(body: list[ast.stmt], name: str) -> Iterator[Docstring]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str(text)), lineno=line), *_]:
            yield Docstring(line, name, inspect.cleandoc(text))


def _batch(file: str, found: list[Docstring]) -> Read:
    bad = [Bad(doc.line, "not_utf8", ascii(doc.text)) for doc in found if not doc.text.isascii() and _lone(doc.text)]
    lines = {row.line for row in bad}
    kept = [doc for doc in found if doc.line not in lines]
    columns = {
        TEXT: pa.array([doc.text for doc in kept], pa.string()),
        SOURCE: pa.array([file.partition("/")[0].removesuffix(".py")] * len(kept), pa.string()),
        QUALIFIED_NAME: pa.array([doc.qualified_name for doc in kept], pa.string()),
    }
    return Read(rows=pa.table(columns), bad=bad_rows(file, bad))


def _lone(text: str) -> bool:
    """Whether the text holds a surrogate that an escape sequence left alone, which no UTF-8 can spell."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _is_utf8(source: bytes) -> bool:
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _module_name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _located(file: str) -> str:
    """Where a file of a package lies on this machine."""
    package = file.partition("/")[0].removesuffix(".py")
    candidates = [os.path.join(folder, file) for folder in _parents(package)]
    if len(candidates) == 1:
        return candidates[0]  # of 17,000 files none has to be asked for
    return next((path for path in candidates if os.path.exists(path)), candidates[0])


@functools.lru_cache(maxsize=1024)
def _parents(package: str) -> tuple[str, ...]:
    """The folders in which the package lies, most often one; finding a top-level name imports nothing."""
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.submodule_search_locations:
        return tuple(os.path.dirname(folder.rstrip("/")) for folder in spec.submodule_search_locations)
    if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
        return (os.path.dirname(spec.origin),)
    raise Mistake(
        f"package '{package}' has no Python files to be found here; install it, or take its name out of the source's "
        "`packages` (import names such as PIL, not distribution names such as pillow)"
    )


@functools.lru_cache(maxsize=1024)
def _package_files(package: str) -> tuple[str, ...]:
    found = []
    for parent in _parents(package):
        if os.path.isfile(os.path.join(parent, package + ".py")):
            found.append(package + ".py")
        for folder, inner, names in os.walk(os.path.join(parent, package)):
            inner[:] = [name for name in inner if name not in TEST_FOLDERS]
            relative = os.path.relpath(folder, parent).replace(os.sep, "/")
            found += [f"{relative}/{name}" for name in names if name.endswith(".py")]
    if not found:
        raise Mistake(f"package '{package}' has no `.py` files of its own; take it out of the source's `packages`")
    return tuple(found)


def _version(package: str) -> str:
    """The versions of the distributions that own the package."""
    owners = _distributions().get(package, [])
    return "+".join(sorted({importlib.metadata.version(owner) for owner in owners})) or "unversioned"


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return {package: list(owners) for package, owners in importlib.metadata.packages_distributions().items()}
