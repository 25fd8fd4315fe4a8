"""What a damaged file still gives, and what a fingerprint depends on."""

import codecs
import gzip
import os
import zlib
from pathlib import Path

import fsspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.reading import files

SUFFIXES = (".txt",)
CONTENT = b"".join(b"line %d of a text that goes on for a while\n" % number for number in range(20_000))
PACKED = {".gz": gzip.compress(CONTENT), ".zst": zstandard.compress(CONTENT)}


def lines_of(file: Path, batch_bytes: int = files.BATCH_BYTES) -> list[bytes]:
    return [line for batch in files.line_batches(str(file), batch_bytes) for line in batch.lines]


def write(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


class TestLines:
    @given(
        content=st.lists(st.binary(max_size=12), max_size=12).map(b"\n".join),
        batch_bytes=st.sampled_from([1, 7, 1 << 20]),
        suffix=st.sampled_from(["", ".gz", ".zst"]),
    )
    @settings(max_examples=60, deadline=None)
    def test_they_are_those_of_the_content(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes, batch_bytes: int, suffix: str
    ) -> None:
        packed = {"": content, ".gz": gzip.compress(content), ".zst": zstandard.compress(content)}[suffix]
        file = write(tmp_path_factory.mktemp("lines") / f"a.txt{suffix}", packed)
        expected = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        assert lines_of(file, batch_bytes) == (expected if expected[-1] else expected[:-1])

    @given(
        content=st.lists(st.sampled_from([b"", b"a", b"\xef\xbb\xbfab", b"long line"]), max_size=12).map(b"\n".join),
        count=st.integers(1, 20),
    )
    def test_stretches_together_are_all_of_them(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes, count: int
    ) -> None:
        file = str(write(tmp_path_factory.mktemp("lines") / "a.txt", content))
        mark = 3 * content.startswith(codecs.BOM_UTF8)
        found: list[bytes] = []
        for number in range(count):
            for batch in files.lines_of_stretch(file, number, count):
                assert files.lines_before(file, number, count) == len(found)
                assert content.removeprefix(codecs.BOM_UTF8).startswith(batch.lines[0], max(0, batch.offset - mark))
                found += batch.lines
        assert found == lines_of(Path(file))

    @pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
    def test_numbers_and_offsets_tell_where_a_batch_starts(self, tmp_path: Path, suffix: str) -> None:
        file = write(tmp_path / f"a.txt{suffix}", PACKED.get(suffix, CONTENT))
        batches = list(files.line_batches(str(file), batch_bytes=50_000))
        assert len(batches) > 1 or suffix
        assert sum(len(batch.lines) for batch in batches) == 20_000
        for batch in batches:
            assert batch.lines[0].startswith(b"line %d of" % (batch.first - 1))
            assert CONTENT[batch.offset :].startswith(batch.lines[0] + b"\n")

    @pytest.mark.parametrize("suffix", [".gz", ".zst"])
    def test_members_in_a_row_and_padding_are_read_through(self, tmp_path: Path, suffix: str) -> None:
        file = write(tmp_path / f"a.txt{suffix}", PACKED[suffix] + b"\0" * 300_000 + PACKED[suffix] + b"\0" * 100)
        assert len(lines_of(file)) == 40_000

    @pytest.mark.parametrize("suffix", [".gz", ".zst"])
    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
    def test_a_truncated_file_gives_its_whole_lines_first(self, tmp_path: Path, suffix: str, share: float) -> None:
        packed = PACKED[suffix]
        file = write(tmp_path / f"a.txt{suffix}", packed[: int(len(packed) * share)])
        seen: list[bytes] = []
        with pytest.raises(files.DamagedError) as caught:
            seen.extend(line for batch in files.line_batches(str(file)) for line in batch.lines)
        assert caught.value.reason == "truncated_file"
        assert caught.value.line == len(seen) + 1
        assert seen == CONTENT.split(b"\n")[: len(seen)]
        assert len(seen) >= 5000 * (share >= 0.9)

    @pytest.mark.parametrize("suffix", [".gz", ".zst"])
    def test_what_is_not_compressed_is_corrupt(self, tmp_path: Path, suffix: str) -> None:
        with pytest.raises(files.DamagedError) as caught:
            lines_of(write(tmp_path / f"a.txt{suffix}", b"no compressed data at all"))
        assert caught.value.reason == "corrupt_file"

    def test_a_flipped_bit_is_noticed_by_the_checksum(self, tmp_path: Path) -> None:
        broken = bytearray(PACKED[".gz"])
        broken[-6] ^= 1
        with pytest.raises(files.DamagedError) as caught:
            lines_of(write(tmp_path / "a.txt.gz", bytes(broken)))
        assert caught.value.reason == "corrupt_file"
        assert zlib.crc32(CONTENT).to_bytes(4, "little") == PACKED[".gz"][-8:-4]

    def test_a_missing_file_is_unreadable(self, tmp_path: Path) -> None:
        with pytest.raises(files.DamagedError) as caught:
            lines_of(tmp_path / "gone.txt")
        assert caught.value.reason == "unreadable_file"

    @pytest.mark.parametrize("suffix", [".gz", ".zst"])
    @pytest.mark.parametrize("sign", [b"x", b"\n"])
    def test_what_expands_without_measure_comes_in_bounded_pieces(
        self, tmp_path: Path, suffix: str, sign: bytes
    ) -> None:
        content = sign * (48 << 20)
        packed = {".gz": gzip.compress(content, 1), ".zst": zstandard.compress(content)}[suffix]
        sizes = [len(chunk) for chunk in files.chunks(str(write(tmp_path / f"a.txt{suffix}", packed)))]
        assert sum(sizes) == len(content)
        assert max(sizes) <= 8 << 20

    def test_a_frame_that_looks_back_too_far_is_refused_by_a_reason_of_its_own(self, tmp_path: Path) -> None:
        magic, last_block = b"\x28\xb5\x2f\xfd", bytes([1 | 5 << 3, 0, 0]) + b"line\n"
        fits, too_far = (
            write(tmp_path / f"{bits}.txt.zst", magic + bytes([0, (bits - 10) << 3]) + last_block) for bits in (27, 32)
        )
        assert lines_of(fits) == [b"line"]
        with pytest.raises(files.DamagedError) as caught:
            lines_of(too_far)
        assert caught.value.reason == "window_too_large"

    def test_a_line_without_end_stops_before_memory_does(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "LINE_LIMIT_BYTES", 1 << 20)
        file = write(tmp_path / "a.txt", b"short\n" + b"x" * (3 << 20))
        with pytest.raises(files.DamagedError) as caught:
            lines_of(file, batch_bytes=4)
        assert (caught.value.reason, caught.value.line) == ("line_too_long", 2)


def known_by(*names: Path | str) -> str:
    return files.fingerprint({str(name): files.NO_FACTS for name in names})


class TestFingerprint:
    def test_follows_names_and_contents_not_place_and_order(self, tmp_path: Path) -> None:
        here = [write(tmp_path / "here" / name, name.encode()) for name in ("a", "b")]
        there = [write(tmp_path / "there" / name, name.encode()) for name in ("b", "a")]
        assert known_by(*here) == known_by(*there)

    def test_changes_with_a_byte_a_name_or_a_file(self, tmp_path: Path) -> None:
        original = write(tmp_path / "1" / "a", b"text")
        other_byte = write(tmp_path / "2" / "a", b"texT")
        other_name = write(tmp_path / "3" / "b", b"text")
        prints = [known_by(file) for file in (original, other_byte, other_name)]
        prints.append(known_by(original, other_name))
        assert len(set(prints)) == 4

    def test_sees_a_rewritten_file(self, tmp_path: Path) -> None:
        file = write(tmp_path / "a", b"text")
        before = known_by(file)
        file.write_bytes(b"TEXT")
        os.utime(file, ns=(1, 1))
        assert known_by(file) != before

    def test_a_remote_file_is_known_by_its_version(self) -> None:
        prints = []
        for content in (b"one", b"three"):
            with fsspec.open("memory://prints/a.txt", "wb") as stream:
                stream.write(content)
            prints.append(known_by("memory:///prints/a.txt"))
        assert prints[0] != prints[1]
