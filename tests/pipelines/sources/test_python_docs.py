"""Docstrings of installed packages, without importing any."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.sources.python_docs import PythonDocs, docstrings

CODE = '''
"""Module."""
import os
if os.name == "posix":
    class First:
        """  First
             class.  """
        async def run(self):
            r"""Run \\d."""
            def inner():
                """Inner."""
        def bare(self): return 1
try:
    def second(): "Second."
except ImportError:
    def second():
        "Fallback."
else:
    with open("x") as f:
        for line in f:
            def third(): """Third."""
match os.name:
    case "nt":
        def fourth(): "Fourth."
value = """no docstring"""
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that would end the process if it were imported."""
    folder = tmp_path / f"sleeping_{tmp_path.name}"
    (folder / "tests").mkdir(parents=True)
    (folder / "inner").mkdir()
    (folder / "__init__.py").write_text(f'"""{"About the package. " * 20}"""\nraise SystemExit\n')
    (folder / "inner" / "module.py").write_text(
        f'def long():\n    """{"Long. " * 50}"""\ndef short():\n    """No."""\n'
    )
    (folder / "tests" / "test_it.py").write_text(f'"""{"A test. " * 50}"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_it_finds_what_ast_finds() -> None:
    tree = ast.parse(CODE)
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    expected = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)]
    found = docstrings(CODE.encode(), "m")
    assert sorted(doc.text for doc in found) == sorted(text for text in expected if text is not None)
    assert [doc.line for doc in found] == sorted(doc.line for doc in found)
    names = ["m", "m.First", "m.First.run", "m.First.run.inner", "m.second", "m.second", "m.third", "m.fourth"]
    assert [doc.qualified_name for doc in found] == names


@pytest.mark.parametrize("name", ["json.decoder", "argparse", "typing", "ast"])
def test_it_agrees_with_ast_on_the_standard_library(name: str) -> None:
    path = Path(sys.modules["ast"].__file__ or "").parent / (name.replace(".", "/") + ".py")
    source = path.read_bytes()
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    expected = sorted(text for text in map(ast.get_docstring, nodes) if text is not None)
    assert sorted(doc.text for doc in docstrings(source, name)) == expected


def test_a_package_is_read_without_being_imported(package: Path) -> None:
    source = PythonDocs(packages=(package.name,))
    assert source.files() == [f"{package.name}/__init__.py", f"{package.name}/inner/module.py"]
    rows = [row for file in source.files() for read in source.read(file) for row in read.rows.to_pylist()]
    assert [row["qualified_name"] for row in rows] == [package.name, f"{package.name}.inner.module.long"]
    assert {row["source"] for row in rows} == {package.name}
    assert all(len(row["text"]) >= 200 for row in rows)
    assert package.name not in sys.modules
    assert source.size(source.files()[0]) == (package / "__init__.py").stat().st_size


def test_a_single_module_is_a_package_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lonely_module.py").write_text('"""One."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    source = PythonDocs(packages=("lonely_module",), min_characters=1)
    (read,) = source.read("lonely_module.py")
    assert read.rows.to_pylist() == [{"text": "One.", "source": "lonely_module", "qualified_name": "lonely_module"}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def broken(:\n", "not_python"),
        (b"x = 1\0\n", "not_python"),
        (b"x = " + b"(" * 5000, "not_python"),
        (b'"""\xff"""\n', "not_utf8"),
        (b'"""' + b"x" * 300 + b'\\ud800"""\n', "not_utf8"),
    ],
)
def test_what_does_not_parse_is_a_bad_row(package: Path, content: bytes, reason: str) -> None:
    (package / "bad.py").write_bytes(content)
    (read,) = PythonDocs(packages=(package.name,)).read(f"{package.name}/bad.py")
    assert read.rows.num_rows == 0
    assert read.bad["reason"].to_pylist() == [reason]


def test_another_encoding_is_read_where_it_is_declared(package: Path) -> None:
    (package / "latin.py").write_bytes(b'# coding: latin-1\n"""\xe9"""\n')
    (read,) = PythonDocs(packages=(package.name,), min_characters=1).read(f"{package.name}/latin.py")
    assert read.rows["text"].to_pylist() == ["é"]


@pytest.mark.parametrize("name", ["no_such_package", "_struct"])
def test_an_unknown_package_fails_with_the_cure(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}'.*`packages`"):
        PythonDocs(packages=("numpy", name)).check()


def test_the_fingerprint_knows_versions_and_files() -> None:
    import numpy

    one, two = PythonDocs(packages=("numpy",)).fingerprint(), PythonDocs(packages=("jinja2",)).fingerprint()
    assert one["packages"] == f"numpy {numpy.__version__}"
    assert one["files"] != two["files"]


def test_the_default_packages_are_all_there_and_none_is_imported() -> None:
    code = (
        "import sys; from pipelines.sources.python_docs import PythonDocs; source = PythonDocs(); source.check();"
        "read = list(source.read('vllm/sampling_params.py'));"
        "print(len(source.files()), read[0].rows.num_rows, 'torch' in sys.modules, 'vllm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    file_count, documents, torch_imported, vllm_imported = done.stdout.split()
    assert int(file_count) > 10_000
    assert int(documents) > 0
    assert (torch_imported, vllm_imported) == ("False", "False")
