"""What comes from a disk or a hub is data: no code of a model's is run, and no pickle is read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FLOORS = ("pipelines", "training", "tuning", "cluster")
WITHOUT_WEIGHTS = {"AutoTokenizer", "AutoConfig", "PreTrainedTokenizerFast", "GenerationConfig"}
UNPICKLING = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def test_no_source_file_loads_what_could_run() -> None:
    files = [file for floor in FLOORS for file in (REPOSITORY / floor).rglob("*.py")]

    assert len(files) > 200
    assert [(file, fault) for file in files for fault in faults(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "AutoTokenizer.from_pretrained(folder, trust_remote_code=True)",
        "AutoConfig.from_pretrained(folder, trust_remote_code=trusted)",
        "LLM(**{'trust_remote_code': True}, load_format='safetensors')",
        "vllm.LLM(model, load_format='auto')",
        "options['trust_remote_code'] = True",
        "AutoModelForCausalLM.from_pretrained(folder)",
        "transformers.LlamaForCausalLM.from_pretrained(folder, use_safetensors=False)",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
        "np.load(file, allow_pickle=True)",
        "pickle.loads(data)",
        "ray.cloudpickle.load(file)",
        "from pickle import load",
    ],
)
def test_what_could_run_is_found(source: str) -> None:
    assert len(list(faults(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "AutoTokenizer.from_pretrained(folder, trust_remote_code=False)",
        "AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True)",
        "torch.load(file, weights_only=True)",
        "LLM(model, load_format='safetensors')",
        "np.load(file)",
        "json.load(file)",
        "pickle.dumps(component)",
    ],
)
def test_what_could_not_is_none(source: str) -> None:
    assert list(faults(source)) == []


def faults(source: str) -> Iterator[str]:
    """Each place of a source text that would run what it loads, as `line: code`."""
    for node in ast.walk(ast.parse(source)):
        if _runs_code(node) or _unpickles(node):
            yield f"{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"


def _runs_code(node: ast.AST) -> bool:
    """Whether the node lets a model's own code run: `trust_remote_code` with any value but False, however it is set."""
    name = "trust_remote_code"
    match node:
        case ast.keyword(arg=arg, value=value):
            return arg == name and not _is(value, False)
        case ast.Dict(keys=keys, values=values):
            return any(_is(key, name) and not _is(value, False) for key, value in zip(keys, values, strict=True))
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            return _is(key, name) and not _is(value, False)
    return False


def _unpickles(node: ast.AST) -> bool:
    """Whether the node reads a pickle, or weights that could be one."""
    match node:
        case ast.ImportFrom(module=module, names=names):
            return _last(module or "") in UNPICKLING and any(name.name.startswith("load") for name in names)
        case ast.Call(func=called, keywords=keywords):
            owner, _, name = ast.unparse(called).rpartition(".")
            return _reads_a_pickle(_last(owner), name, {each.arg: each.value for each in keywords})
    return False


def _reads_a_pickle(owner: str, name: str, given: dict[str | None, ast.expr]) -> bool:
    match name:
        case "LLM":
            return not _is(given.get("load_format"), "safetensors")
        case "from_pretrained":
            return owner not in WITHOUT_WEIGHTS and not _is(given.get("use_safetensors"), True)
        case "load" | "loads":
            pickled = owner in UNPICKLING or not _is(given.get("allow_pickle", ast.Constant(False)), False)
            return pickled or (owner == "torch" and not _is(given.get("weights_only"), True))
    return False


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]
