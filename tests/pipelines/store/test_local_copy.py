"""Local copies: whole, one for each content, the user's own, and gone when nobody wants them."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from pipelines.store.local_copy import FRESH_SECONDS, UNUSED_DAYS, local_copy

MEMORY = fsspec.filesystem("memory")


class Slow(MemoryFileSystem):
    """A remote place whose files arrive in two halves; counts how many were asked for."""

    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get_file(self, rpath: str, lpath: str, *arguments: object, **more: object) -> None:
        self.asked += 1
        data = self.cat_file(rpath)
        with open(lpath, "wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            time.sleep(0.3)
            file.write(data[len(data) // 2 :])


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def remote(tmp_path: Path) -> str:
    """A folder of `MEMORY` that no other test has, with a file and a folder in it."""
    folder = f"/{tmp_path.name}"
    MEMORY.pipe({f"{folder}/model/a.bin": b"a" * 1000, f"{folder}/model/inner/b.txt": b"b"})
    return folder


def test_a_file_and_a_folder_keep_their_names(remote: str) -> None:
    file = local_copy(MEMORY, f"{remote}/model/a.bin")
    folder = local_copy(MEMORY, f"{remote}/model/")
    assert (file.name, file.read_bytes()) == ("a.bin", b"a" * 1000)
    assert folder.name == "model"
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {"a.bin": b"a" * 1000, "inner/b.txt": b"b"}


def test_what_is_here_is_not_copied_again(remote: str) -> None:
    slow = Slow()
    first = local_copy(slow, f"{remote}/model")
    assert local_copy(slow, f"{remote}/model") == first
    assert slow.asked == 2


def test_changed_content_has_a_copy_of_its_own(remote: str) -> None:
    before = local_copy(MEMORY, f"{remote}/model/a.bin")
    MEMORY.pipe_file(f"{remote}/model/a.bin", b"c" * 1000)
    after = local_copy(MEMORY, f"{remote}/model/a.bin")
    assert (before.read_bytes(), after.read_bytes()) == (b"a" * 1000, b"c" * 1000)


def test_of_many_at_once_one_copies_and_none_sees_a_half(remote: str) -> None:
    slow = Slow()
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda _: local_copy(slow, f"{remote}/model/a.bin").stat().st_size, range(8)))
    assert sizes == {1000}
    assert slow.asked == 1


def test_processes_that_copy_at_once_have_the_same_whole_copy(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "large.bin").write_bytes(os.urandom(20_000_000))
    code = (
        "import sys, fsspec; from pipelines.store.local_copy import local_copy;"
        "copy = local_copy(fsspec.filesystem('file'), sys.argv[1]); print(copy, copy.stat().st_size)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "large.bin")]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate(timeout=120)[0] for process in running}
    assert len(said) == 1
    assert said.pop().endswith("20000000\n")


def test_what_is_not_there_is_an_error_and_leaves_nothing(remote: str, temporary: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        local_copy(MEMORY, f"{remote}/nothing")
    assert not [path for path in temporary.rglob("*") if path.is_file()]


def test_a_broken_copy_leaves_nothing_and_the_next_one_is_whole(remote: str, temporary: Path) -> None:
    class Broken(Slow):
        def get_file(self, rpath: str, lpath: str, *arguments: object, **more: object) -> None:
            Path(lpath).write_bytes(b"half")
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        local_copy(Broken(), f"{remote}/model/a.bin")
    assert not [path for path in temporary.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert local_copy(MEMORY, f"{remote}/model/a.bin").read_bytes() == b"a" * 1000


def test_the_place_is_the_users_own(remote: str, temporary: Path) -> None:
    local_copy(MEMORY, f"{remote}/model")
    place = temporary / f"gleaner-{os.getuid()}"
    assert place.stat().st_mode & 0o777 == 0o700
    place.chmod(0o755)
    with pytest.raises(PermissionError, match="yours alone"):
        local_copy(MEMORY, f"{remote}/model")


def test_a_place_that_leads_elsewhere_is_refused(remote: str, temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "trap").mkdir(mode=0o700)
    (temporary / f"gleaner-{os.getuid()}").symlink_to(tmp_path / "trap")
    with pytest.raises(PermissionError, match="yours alone"):
        local_copy(MEMORY, f"{remote}/model")


def test_copies_that_nobody_asks_for_are_removed_when_another_is_made(remote: str, tmp_path: Path) -> None:
    old = local_copy(MEMORY, f"{remote}/model")
    wanted = local_copy(MEMORY, f"{remote}/model/a.bin")
    long_ago = time.time() - (UNUSED_DAYS + 1) * 86400
    for entry in old.parents[1].iterdir():
        os.utime(entry, (long_ago, long_ago))
    assert local_copy(MEMORY, f"{remote}/model/a.bin") == wanted
    assert old.exists()
    (tmp_path / "other").write_text("other")
    local_copy(LocalFileSystem(), str(tmp_path / "other"))
    assert not old.exists()
    assert wanted.exists()


def test_all_copies_take_a_share_of_the_disk_and_the_longest_unasked_for_go(
    remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MEMORY.pipe({f"{remote}/{name}": name.encode() * 1000 for name in "bcd"})
    first, second, fresh = (local_copy(MEMORY, f"{remote}/{name}") for name in ("model/a.bin", "b", "c"))
    for age, copy in ((3, first), (2, second)):
        os.utime(copy.parent, (time.time() - age * FRESH_SECONDS,) * 2)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=6500))
    local_copy(MEMORY, f"{remote}/d")
    assert (first.exists(), second.exists(), fresh.exists()) == (False, True, True)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=0))
    local_copy(MEMORY, f"{remote}/model")
    assert (second.exists(), fresh.exists()) == (False, True)
