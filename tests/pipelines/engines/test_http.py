"""The client against a real vLLM server, and against peers that misbehave."""

import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pipelines.contracts.engine import Message, Prompt
from pipelines.engines.http import Http, _asked_seconds

KEY, KEY_VARIABLE = "not-so-secret", "GLEANER_TEST_KEY"
Answer = tuple[int, dict[str, str], bytes]


def _prompt(text: str, max_tokens: int = 8) -> Prompt:
    return Prompt((Message("system", "Be brief."), Message("user", text)), text, max_tokens)


@contextmanager
def peer(answer: Callable[[str, int], Answer]) -> Iterator[tuple[str, list[tuple[float, dict[str, Any], Any]]]]:
    """A server whose answer to a chat request is `answer(last message, how often it was sent)`; with what it saw."""
    seen: list[tuple[float, dict[str, Any], Any]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(404, {}, b"{}")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = body["messages"][-1]["content"]
            with lock:
                seen.append((time.monotonic(), body, self.headers))
                attempt = sum(body["messages"][-1]["content"] == text for _, body, _ in seen)
            self._send(*answer(text, attempt))

        def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(text: str, finish: str = "stop") -> Answer:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return 200, {}, json.dumps({"choices": [choice], "usage": usage}).encode()


def _client(url: str, **parameters: Any) -> Http:
    return Http(model="tiny", base_url=url, **{"retries": 3, "first_wait_seconds": 0.01, **parameters})


@pytest.mark.vllm
def test_a_real_server_answers_every_prompt_in_order(
    vllm_server: str, server_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, server_key)
    answer = _client(vllm_server, api_key_variable=KEY_VARIABLE, concurrency=8).open()
    prompts = [_prompt(f"The cat {number} sat.", 3 + number) for number in range(20)]

    replies = answer(prompts)

    for prompt, reply in zip(prompts, replies, strict=True):
        assert reply.finish in ("stop", "length")
        assert (reply.tokens_out == prompt.max_tokens) == (reply.finish == "length")
        assert reply.tokens_in > 10
    assert answer(prompts[::-1]) == replies[::-1]


@pytest.mark.vllm
def test_a_prompt_too_long_for_a_real_server_is_an_error_in_its_reply(
    vllm_server: str, server_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, server_key)
    answer = _client(vllm_server, api_key_variable=KEY_VARIABLE).open()

    too_long, fits = answer([_prompt("Q" * 2000), _prompt("The cat")])

    assert too_long.finish.startswith("error:400")
    assert fits.finish in ("stop", "length")


@pytest.mark.vllm
def test_a_real_server_refuses_a_wrong_key_and_a_wrong_model(
    vllm_server: str, server_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "wrong")
    with pytest.raises(ValueError, match=r"401.*api_key_variable") as caught:
        _client(vllm_server, api_key_variable=KEY_VARIABLE).open()
    assert "wrong" not in str(caught.value)

    monkeypatch.setenv(KEY_VARIABLE, server_key)
    other = Http(model="other", base_url=vllm_server, api_key_variable=KEY_VARIABLE).open()
    with pytest.raises(ValueError, match=r"404.*'other'.*no such model"):
        other([_prompt("The cat")])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(status: int) -> None:
    def answer(text: str, attempt: int) -> Answer:
        return (status, {}, b"busy") if attempt < 3 else _completion(text.upper())

    with peer(answer) as (url, seen):
        replies = _client(url).open()([_prompt(text) for text in "abcdefgh"])

    assert [reply.text for reply in replies] == list("ABCDEFGH")
    assert len(seen) == 24


def test_attempts_come_to_an_end_and_other_prompts_are_not_harmed() -> None:
    def answer(text: str, attempt: int) -> Answer:
        return (500, {}, b"out of\n memory") if text == "bad" else _completion(text)

    with peer(answer) as (url, seen):
        bad, good = _client(url).open()([_prompt("bad"), _prompt("good")])

    assert bad.finish == "error:500 out of memory"
    assert good.text == "good"
    assert sum(body["messages"][-1]["content"] == "bad" for _, body, _ in seen) == 4


def test_a_request_that_is_wrong_is_not_repeated() -> None:
    with peer(lambda text, attempt: (400, {}, b"too long")) as (url, seen):
        (reply,) = _client(url).open()([_prompt("a")])

    assert reply.finish == "error:400 too long"
    assert len(seen) == 1


def test_waits_as_long_as_the_server_asks() -> None:
    def answer(text: str, attempt: int) -> Answer:
        return (429, {"Retry-After": "0.6"}, b"") if attempt == 1 else _completion(text)

    with peer(answer) as (url, seen):
        _client(url).open()([_prompt("a")])

    assert seen[1][0] - seen[0][0] >= 0.6


def test_a_silent_server_times_out_and_is_asked_again() -> None:
    def answer(text: str, attempt: int) -> Answer:
        if attempt == 1:
            time.sleep(0.8)
        return _completion(text)

    with peer(answer) as (url, seen):
        (reply,) = _client(url, timeout_seconds=0.3).open()([_prompt("a")])

    assert (reply.text, len(seen)) == ("a", 2)


def test_a_server_that_goes_away_leaves_errors_and_not_an_exception() -> None:
    with peer(lambda text, attempt: _completion(text)) as (url, _):
        answer = _client(url, retries=1).open()
        assert answer([_prompt("a")])[0].text == "a"

    assert [reply.finish for reply in answer([_prompt("a"), _prompt("b")])] == ["error:ConnectError"] * 2


def _answered(content: str, **others: str) -> bytes:
    """A completion spelled out in JSON, of which one field or another may be anything."""
    fields = {"finish_reason": '"stop"', "usage": '{"prompt_tokens": 3, "completion_tokens": 2}', **others}
    choice = f'{{"message": {{"content": {content}}}, "finish_reason": {fields["finish_reason"]}}}'
    return f'{{"choices": [{choice}], "usage": {fields["usage"]}}}'.encode()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('[{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]', "one two"),
        ('[{"type": "thinking", "thinking": []}, {"type": "text", "text": "two"}]', "two"),
        ("[]", ""),
        ("null", ""),
        (r'"half \ud83d of a pair"', "half \ufffd of a pair"),
        (r'"\udc00 and a pair: \ud83d\ude00"', "\ufffd and a pair: 😀"),
        (r'[{"type": "text", "text": "\ud83d"}, {"type": "text", "text": "\ude00"}]', "😀"),
    ],
)
def test_the_text_of_a_reply_in_each_of_its_forms(content: str, text: str) -> None:
    with peer(lambda _, attempt: (200, {}, _answered(content))) as (url, _):
        (reply,) = _client(url).open()([_prompt("a")])

    assert (reply.text, reply.finish, reply.tokens_in, reply.tokens_out) == (text, "stop", 3, 2)


@pytest.mark.parametrize(
    "usage",
    [
        *("null", "[]", "7", '"many"', "{}", '{"prompt_tokens": null}', '{"prompt_tokens": "3"}'),
        *('{"prompt_tokens": -3}', '{"prompt_tokens": true}', f'{{"completion_tokens": {"9" * 400}}}'),
    ],
)
def test_usage_that_counts_nothing_counts_as_none(usage: str) -> None:
    with peer(lambda _, attempt: (200, {}, _answered('"b"', usage=usage))) as (url, _):
        (reply,) = _client(url).open()([_prompt("a")])

    assert (reply.text, reply.finish, reply.tokens_in, reply.tokens_out) == ("b", "stop", 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b"[]", b"null", b"7", b"\xff\xfe\x00", b"[" * 100_000, b'{"choices": []}'),
        *(b'{"choices": {"a": 1}}', b'{"choices": [null]}', b'{"choices": [{"message": null}]}'),
        *(b'{"choices": [{"message": []}]}', _answered("7"), _answered("{}"), _answered("true")),
        *(_answered('["b"]'), _answered("[null]"), _answered('[{"type": "text"}]'), _answered("[[]]")),
        *(_answered('[{"type": "text", "text": 7}]'), _answered('[{"text": "b"}]')),
        *(_answered('"b"', finish_reason=odd) for odd in ("7", "[1]", '{"a": 1}')),
    ],
)
def test_an_answer_in_another_form_is_an_error_in_its_reply(content: bytes) -> None:
    with peer(lambda text, attempt: (200, {}, content)) as (url, _):
        (reply,) = _client(url).open()([_prompt("a")])

    assert reply.finish.startswith("error:no chat completion")
    assert reply.finish.encode()


def test_an_answer_that_cannot_be_decoded_is_an_error_in_its_reply() -> None:
    with peer(lambda text, attempt: (200, {"Content-Encoding": "gzip"}, b"no gzip")) as (url, _):
        (reply,) = _client(url, retries=1).open()([_prompt("a")])

    assert reply.finish == "error:DecodingError"


def test_no_more_requests_at_a_time_than_allowed() -> None:
    running = {"now": 0, "most": 0}
    lock = threading.Lock()

    def answer(text: str, attempt: int) -> Answer:
        with lock:
            running["now"] += 1
            running["most"] = max(running["most"], running["now"])
        time.sleep(0.02)
        with lock:
            running["now"] -= 1
        return _completion(text)

    with peer(answer) as (url, _):
        replies = _client(url, concurrency=4).open()([_prompt(str(number)) for number in range(40)])

    assert [reply.text for reply in replies] == [str(number) for number in range(40)]
    assert 2 <= running["most"] <= 4


def test_the_key_goes_to_the_server_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)

    with peer(lambda text, attempt: (400, {}, f"bad key {KEY}".encode())) as (url, seen):
        engine = _client(url, api_key_variable=KEY_VARIABLE)
        (reply,) = engine.open()([_prompt("a")])

    assert seen[0][2]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in reply.finish
    assert KEY not in engine.model_dump_json()


def test_nobody_listens(free_ports: Iterator[int]) -> None:
    with pytest.raises(ValueError, match=r"no server answers at .*base_url"):
        _client(f"http://127.0.0.1:{next(free_ports)}/v1").open()


def test_a_key_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)

    with pytest.raises(ValueError, match=f"{KEY_VARIABLE}.*not set"):
        _client("http://127.0.0.1:1/v1", api_key_variable=KEY_VARIABLE).open()


@pytest.mark.parametrize("key", ["secret\n", "secret\r\nX: 1", " secret", "s e", "sécret", "secret\0", "secret\udc80"])
def test_a_key_that_no_header_may_hold_is_refused_and_not_told(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {**os.environ, KEY_VARIABLE: key})

    with (
        peer(lambda text, attempt: _completion(text)) as (url, _),
        pytest.raises(ValueError, match=KEY_VARIABLE) as caught,
    ):
        _client(url, api_key_variable=KEY_VARIABLE).open()

    assert "cret" not in "".join(traceback.format_exception(caught.value))


def test_a_key_that_the_server_repeats_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    key = 'odd"key\\of-signs'
    monkeypatch.setenv(KEY_VARIABLE, key)
    told = json.dumps({"error": f"bad key {key}"}).encode()

    for status in (200, 400, 401, 500):
        with peer(lambda text, attempt, status=status: (status, {}, told)) as (url, _):
            answer = _client(url, api_key_variable=KEY_VARIABLE, retries=0).open()
            try:
                message = answer([_prompt("a")])[0].finish
            except ValueError as error:
                message = "".join(traceback.format_exception(error))
        assert "bad key ***" in message
        assert "of-signs" not in message


@pytest.mark.parametrize("url", ["https://user:key@example.org/v1", "https://example.org/v1?key=key"])
def test_a_key_in_the_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Http(model="m", base_url=url)


@pytest.mark.parametrize(
    "url", ["http://[", "http://127.0.0.1:99999/v1", "http://no such", "http://nowhere.invalid/v1"]
)
def test_an_address_that_is_none_is_one_sentence(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        _client(url).open()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        ("2.5", 2.5),
        ("-3", 0.0),
        ("soon", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("999999", 600.0),
    ],
)
def test_reads_retry_after_as_seconds_or_as_a_date(header: str | None, seconds: float) -> None:
    assert _asked_seconds(header, now_seconds=60.0) == seconds
