"""Engine `http`: any server with the OpenAI chat interface, many requests at a time."""

import asyncio
import email.utils
import json
import os
import random
import time
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
from pydantic import Field

from pipelines.contracts.component import PLACEMENT, Workers
from pipelines.contracts.engine import Engine, EngineFn, Prompt, Reply
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources

LONGEST_WAIT_SECONDS = 60.0
LONGEST_OBEYED_SECONDS = 600.0  # of what a server asks for by Retry-After
LONGEST_LOOK_SECONDS = 10.0
MOST_TOKENS = 2**53  # what is counted is a float
EXCERPT_CHARACTERS = 200
AGAIN = (408, 409, 425, 429)  # beside every 5xx: what another attempt can mend
CURES = {
    401: "the server wants another key; set the environment variable that `api_key_variable` names",
    403: "the key may not use this model; take another key or another `model`",
    404: "the server has no such model or path; see `model`, and `base_url`, which usually ends in /v1",
}


class Http(Engine):
    """Asks an OpenAI-compatible server (`base_url` + /chat/completions), at most `concurrency` requests at a time.

    Too many requests, server errors, time-outs and broken connections are tried again, `retries` times, after waits
    that double and vary, or as long as the server asks by Retry-After. `model` names what answers; where it is served
    changes no address. The key is read from the environment and is in no address, manifest or log.

    A vLLM server on a CPU needs `--no-enable-chunked-prefill`, or seeded requests under load end it (vLLM 0.32).
    """

    model: str
    temperature: float = Field(0.8, ge=0.0)
    top_p: float = Field(0.95, gt=0.0, le=1.0)
    seed: int | None = Field(0, ge=0, description="sent with every request; None: not sent")

    base_url: Annotated[str, PLACEMENT] = Field("http://127.0.0.1:8000/v1", pattern=r"^https?://[^\s@?#]+$")
    api_key_variable: Annotated[str | None, PLACEMENT] = None
    concurrency: Annotated[int, PLACEMENT] = Field(64, ge=1)
    retries: Annotated[int, PLACEMENT] = Field(5, ge=0)
    timeout_seconds: Annotated[float, PLACEMENT] = Field(300.0, gt=0.0)
    first_wait_seconds: Annotated[float, PLACEMENT] = Field(1.0, ge=0.0)
    workers: Workers = Field(1, ge=1)
    parameters: Annotated[float, PLACEMENT] = Field(0.0, ge=0.0, description="of the served model, to count its FLOPs")

    @property
    def resources(self) -> Resources:
        """What one client takes: a quarter of a CPU, since it mostly waits, in a pool of `workers`."""
        return Resources(cpus=0.25, workers=self.workers)

    def flops(self, tokens_in: float, tokens_out: float) -> float:
        """Two operations for each parameter and token; 0 where `parameters` is not given."""
        return 2.0 * self.parameters * (tokens_in + tokens_out)

    def open(self) -> EngineFn:
        """The client, after one look at the server: Mistake where it cannot be reached or refuses the key.

        A request that fails for good is answered by a reply whose `finish` begins with 'error:'; but 401, 403 and 404,
        which every other request would get too, raise Mistake.
        """
        headers = self._headers()
        self._look(headers)
        return lambda prompts: asyncio.run(self._answer(prompts, headers))

    def _headers(self) -> dict[str, str]:
        if self.api_key_variable is None:
            return {}
        key = os.environ.get(self.api_key_variable)
        if not key:
            raise Mistake(
                f"the environment variable '{self.api_key_variable}' that `api_key_variable` names is not set here; "
                "set it on every machine that rewrites, or leave `api_key_variable` out"
            )
        if not all("!" <= sign <= "~" for sign in key):
            raise Mistake(
                f"the key in the environment variable '{self.api_key_variable}' has a blank, a line break or another "
                "character that no header may hold; set it to the key alone"
            )
        return {"Authorization": f"Bearer {key}"}

    def _look(self, headers: dict[str, str]) -> None:
        """Raises Mistake where nobody listens or the key is refused; servers without a list of models pass."""
        try:
            seconds = min(self.timeout_seconds, LONGEST_LOOK_SECONDS)
            response = httpx.get(f"{self.base_url.rstrip('/')}/models", headers=headers, timeout=seconds)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            return  # it is there, and busy
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Mistake(
                f"no server answers at '{self.base_url}' ({error}); start one there, or correct `base_url`"
            ) from error
        if response.status_code in (401, 403):
            raise self._refused(response)

    async def _answer(self, prompts: Sequence[Prompt], headers: dict[str, str]) -> list[Reply]:
        gate = asyncio.Semaphore(self.concurrency)
        limits = httpx.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency)
        async with httpx.AsyncClient(headers=headers, timeout=self.timeout_seconds, limits=limits) as client:

            async def one(prompt: Prompt) -> Reply:
                async with gate:
                    return await self._ask(client, prompt)

            return await asyncio.gather(*map(one, prompts))

    async def _ask(self, client: httpx.AsyncClient, prompt: Prompt) -> Reply:
        """The reply to one prompt, after as many attempts as it takes and `retries` allows."""
        body = self._body(prompt)
        reply, asked_seconds = await self._attempt(client, body)
        for attempt in range(self.retries):
            if asked_seconds is None:
                break
            await asyncio.sleep(max(asked_seconds, self._wait_seconds(attempt)))
            reply, asked_seconds = await self._attempt(client, body)
        return reply

    async def _attempt(self, client: httpx.AsyncClient, body: dict[str, Any]) -> tuple[Reply, float | None]:
        """The reply, and the seconds to wait before another attempt may do better; None where none will."""
        try:
            response = await client.post(f"{self.base_url.rstrip('/')}/chat/completions", json=body)
        except httpx.RequestError as error:
            return Reply("", f"error:{type(error).__name__}"), 0.0
        status = response.status_code
        if status in CURES:
            raise self._refused(response)
        if status < 300:
            return _reply(response), None
        failure = Reply("", f"error:{status} {_excerpt(response)}")
        if status < 500 and status not in AGAIN:
            return failure, None
        return failure, _asked_seconds(response.headers.get("Retry-After"), time.time())

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        body = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": prompt.max_tokens,
        }
        return body if self.seed is None else {**body, "seed": self.seed}

    def _wait_seconds(self, attempt: int) -> float:
        """Seconds until the next attempt: twice as long each time, half of it random, so that clients spread out."""
        return min(LONGEST_WAIT_SECONDS, self.first_wait_seconds * 2.0**attempt) * random.uniform(0.5, 1.0)

    def _refused(self, response: httpx.Response) -> Mistake:
        status = response.status_code
        return Mistake(
            f"'{self.base_url}' answered {status} for model '{self.model}': {CURES[status]} ({_excerpt(response)})"
        )


def _asked_seconds(retry_after: str | None, now_seconds: float) -> float:
    """What a Retry-After header asks for, in seconds or as a date; 0 where there is none that can be read."""
    if retry_after is None:
        return 0.0
    try:
        seconds = float(retry_after)
    except ValueError:
        date = email.utils.parsedate_tz(retry_after)
        seconds = email.utils.mktime_tz(date) - now_seconds if date else 0.0
    return min(max(seconds, 0.0), LONGEST_OBEYED_SECONDS)


def _reply(response: httpx.Response) -> Reply:
    """The first choice of a chat completion; an answer in another form is a reply whose `finish` tells the error."""
    try:
        answer = response.json()
        choice = answer["choices"][0]
        text = _whole(_text(choice["message"]["content"]))
        finish = _whole(choice["finish_reason"] or "unfinished")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return Reply("", f"error:no chat completion: {_excerpt(response)}")
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Reply(text, finish, _tokens(counts.get("prompt_tokens")), _tokens(counts.get("completion_tokens")))


def _text(content: Any) -> str:
    """A message's text: its content, the texts of its parts joined, or none; TypeError where it is something else."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return "" if content is None else content


def _whole(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which no UTF-8 can spell."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tokens(count: Any) -> int:
    """A count of tokens; 0 where the server gives something else for it."""
    return count if type(count) is int and 0 <= count <= MOST_TOKENS else 0


def _excerpt(response: httpx.Response) -> str:
    """The start of an answer in one line, without the key should the server repeat it."""
    key = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    text = _whole(response.text)
    for spelling in {key, json.dumps(key)[1:-1]} if key else ():
        text = text.replace(spelling, "***")
    return " ".join(text.split())[:EXCERPT_CHARACTERS]
