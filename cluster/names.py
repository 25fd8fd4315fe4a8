"""Names: the resolved config by which a run is found again under its name."""

from collections.abc import Sequence
from glob import escape
from pathlib import Path

from pipelines.contracts.component import did_you_mean
from pipelines.contracts.mistakes import Mistake

RUNS = Path("runs")  # runs/<name> holds what a run leaves for people
CONFIG_SUFFIXES = (".yaml", ".yml")


def record(folder: Path, configs: Sequence[tuple[str, str]]) -> None:
    """The folder has a file for every name and resolved config, by which `config_file` finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in configs:
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def config_file(target: str) -> str:
    """The YAML file that `target` names: itself, or the newest resolved config of a run of that name.

    Mistake says what was looked for where there is none.
    """
    if target.endswith(CONFIG_SUFFIXES) or Path(target).is_file():
        return target
    found = sorted(RUNS.glob(f"*/{escape(target)}.yaml"), key=lambda file: file.stat().st_mtime)
    if not found:
        known = sorted({file.stem for file in RUNS.glob("*/*.yaml")})
        raise Mistake(
            f"no run is named '{target}' here (there is no {RUNS}/*/{target}.yaml); {did_you_mean(target, known)}give "
            "the name of a run that was begun in this folder, or its YAML file with the same overrides"
        )
    return str(found[-1])
