"""A source behind a signed URL: read by all of it, told by none of its secrets."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.source import Source
from pipelines.passes.units import Attempt
from pipelines.sources.reading.files import NO_FACTS, fingerprint
from pipelines.sources.reading.ingest import IngestWork, file_units, read_all
from pipelines.store.store import Store

LINES = [json.dumps({"text": "one"}), "{broken", json.dumps({"text": "two"})]
BODIES = {
    "/whole.jsonl.gz": gzip.compress("\n".join(LINES).encode()),
    "/cut.jsonl.gz": gzip.compress("\n".join(LINES).encode())[:-9],
}


class Signed(BaseHTTPRequestHandler):
    """Answers only where the URL is signed."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        body = BODIES.get(path, b"") if query == "sig=s3cret/x.txt" else b""
        self.send_response(200 if body else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Signed) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["whole", "cut"])
def test_rows_quarantine_and_records_hold_no_secret(server: str, tmp_path: Path, name: str) -> None:
    source = Source.model_validate({"kind": "jsonl", "path": f"http://{server}/{name}.jsonl.gz?sig=s3cret/x.txt"})
    source.check()
    store = Store(str(tmp_path))
    (unit,) = file_units(source)
    record = IngestWork(Attempt.begin(store, "source-1"), source).open()(unit)
    assert record.bad["broken_json"] == 1
    documents = store.read_table(record.shards[0])
    assert set(documents["source"].to_pylist()) == {f"{name}.jsonl.gz"}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any("quarantine" in str(file) for file in files)
    for file in files:
        assert b"s3cret" not in file.read_bytes()
    assert "s3cret" not in str(documents.to_pylist())
    assert "s3cret" not in record.model_dump_json()


def test_other_secrets_of_the_same_file_are_the_same_content(server: str) -> None:
    one, other = (f"http://{user}{server}/whole.jsonl.gz?sig=s3cret/x.txt" for user in ("", "me:s3cret@"))
    assert fingerprint({one: NO_FACTS}) == fingerprint({other: NO_FACTS})


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "text"])
def test_a_signature_that_has_expired_is_a_sentence_without_it(server: str, kind: str) -> None:
    url = f"http://me:s3cret@{server}/whole.jsonl.gz?sig=s3cret"
    told = f"'http://{server}/whole.jsonl.gz' cannot be reached .* still holds"
    with pytest.raises(ValueError, match=told) as caught:
        Source.model_validate({"kind": kind, "path": url}).check()
    assert "s3cret" not in str(caught.value)


def test_messages_hold_no_secret(server: str) -> None:
    signed = f"http://{server}/whole.jsonl.gz?sig=s3cret/x.txt"
    with pytest.raises(ValueError, match="no key 'content' in the rows") as caught:
        Source.model_validate({"kind": "jsonl", "path": signed, "text": "content"}).check()
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read") as caught:
        read_all(Source.model_validate({"kind": "jsonl", "path": signed}))
    assert "s3cret" not in str(caught.value)
