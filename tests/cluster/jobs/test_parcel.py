"""What travels with a job, and what stays behind."""

import subprocess
from pathlib import Path

import pytest

from cluster.jobs.parcel import Parcel
from pipelines.store.provenance import commit

TRAVELS = ("cluster/run.py", "acme/keys.py", "acme/docs/keys.md", "mine.yaml", "corpus/a.jsonl")
STAYS = (
    ".env",
    ".aws/credentials",
    "deploy/id_rsa",
    "deploy/server.key",
    "deploy/google-credentials.json",
    "runs/store/x/manifest.json",
    "docs/page.md",
    "env/pyvenv.cfg",
    "env/lib/site.py",
    "acme/__pycache__/keys.pyc",
)
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@b")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that looks like the repository."""
    for name in (*TRAVELS, *STAYS):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def test_keys_credentials_and_environments_stay_behind(project: Path) -> None:
    parcel = Parcel.of(str(project))
    assert {str(name) for name in parcel.files} == set(TRAVELS)
    assert parcel.told() == "5 files, 0.0 MB: acme/, cluster/, corpus/, mine.yaml"
    with parcel.packed() as folder:
        packed = {str(file.relative_to(folder)): file.read_text() for file in Path(folder).rglob("*") if file.is_file()}
    assert packed == {name: name for name in TRAVELS}
    assert not Path(folder).exists()


def test_what_git_ignores_stays_behind_and_the_commit_is_known(project: Path) -> None:
    assert commit(project) == ""
    for command in (["init", "-q"], ["add", "cluster"], [*IDENTITY, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(project), *command], check=True)
    (project / ".gitignore").write_text("corpus/\n")
    assert {str(name) for name in Parcel.of(str(project)).files} == {*TRAVELS} - {"corpus/a.jsonl"}
    clean = commit(project)
    (project / "cluster" / "run.py").write_text("changed")
    assert commit(project) == f"{clean}-dirty"


def test_what_is_too_large_is_refused_with_the_largest_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.jobs.parcel.MOST_BYTES", 20)
    (project / "corpus" / "a.jsonl").write_text("x" * 100)
    with pytest.raises(ValueError, match=r"the largest is 'corpus/a.jsonl': move data out of the working dir"):
        Parcel.of(str(project))


def test_a_working_dir_without_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--working-dir"):
        Parcel.of(str(tmp_path))
