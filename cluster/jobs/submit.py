"""Submit: the same gleaner command as a Ray job on a running cluster, its log followed here.

The repository travels as the job's working directory (`parcel.py`), the dependencies have to be in the cluster's
image. Everything goes through the head node's dashboard: an address, and a token where the cluster asks for one.
"""

import asyncio
import os
import platform
import shlex
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from cluster.config import EXTENDS, LOCATIONS, RunConfig, is_override, load, read_file, read_tree
from cluster.jobs.parcel import STAYS_BEHIND, Parcel
from cluster.names import CONFIG_SUFFIXES
from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake
from pipelines.store.provenance import COMMIT, commit

if TYPE_CHECKING:
    from ray.job_submission import JobDetails, JobSubmissionClient

ADDRESS_VARIABLES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
TOKEN_VARIABLES = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
RECONNECTS = 60
RECONNECT_SECONDS = 2.0
START_SECONDS = 60
STARTING = "No available agent"
INTERRUPTED = 130
VERSIONS = "/api/v0/cluster_metadata"  # which the dashboard's own pages ask, and Ray's client does not
MODELS = ("model", "models", "start")  # the keys of models, by folder or by hub name
LOG_IN_MESSAGE = ", last available logs"  # from here on a failed job's message repeats its log


def submit(arguments: Sequence[str], address: str | None, working_dir: str) -> int:
    """A job has run `gleaner <arguments>` on the cluster at `address`, its log printed as it came; its exit status.

    `address` is the URL of the dashboard, else what RAY_API_SERVER_ADDRESS or RAY_ADDRESS names. The exit status is 0
    only where the job succeeded; after Ctrl-C it is 130 and the job goes on. Mistake with the cure, before anything
    is sent, for a config that is wrong or that does not travel with `working_dir`, and where no cluster answers.
    """
    parcel = Parcel.of(working_dir)
    command = travelling(arguments, parcel)
    _require_address(address)
    for warning in place_warnings(command, parcel):
        print(f"gleaner: {warning}", file=sys.stderr)
    client = _connected(address)
    for warning in version_warnings(cluster_versions(client)):
        print(f"gleaner: {warning}", file=sys.stderr)
    job = f"gleaner-{command[0]}-{uuid.uuid4().hex[:8]}"
    print(f"job {job}: gleaner {public(shlex.join(command))}", flush=True)
    print(f"sends {parcel.told()}; it runs with the `python` of the cluster's image and the packages there", flush=True)
    try:
        with parcel.packed() as folder:
            _send(client, job, shlex.join(["python", "-m", "cluster.run", *command]), _environment(folder, parcel.root))
        details = asyncio.run(_followed(client, job))
    except KeyboardInterrupt:
        print(f"\nthe cluster goes on with job {job}; {_reattaching(job, address)}", flush=True)
        return INTERRUPTED
    if details is None:
        print(
            f"gleaner: the cluster answers no more, job {job} may go on; {_reattaching(job, address)}", file=sys.stderr
        )
        return 1
    return _exit_status(job, details)


def travelling(arguments: Sequence[str], parcel: Parcel) -> list[str]:
    """The arguments with every config file named relative to the parcel's root, where the job starts.

    Mistake for a mistake in a config, and for a file, or one that it extends, which the job would not find.
    """
    overrides = [argument for argument in arguments if is_override(argument)]
    result = []
    for argument in arguments:
        if _is_config(argument):
            load(argument, overrides)
            names = [_travelling_name(file, parcel) for file in _with_extended(Path(argument))]
            result.append(names[0])
        else:
            result.append(argument)
    return result


def place_warnings(command: Sequence[str], parcel: Parcel) -> Iterator[str]:
    """A sentence for every store, corpus or model of a config that the job would not find where it runs."""
    overrides = [argument for argument in command if is_override(argument)]
    for file in filter(_is_config, command):
        tree = {"store": RunConfig.model_fields["store"].default, **read_tree(str(parcel.root / file), overrides)}
        for path, place in _local_places(tree, parcel.root):
            if path == "store" and not _is_absolute(place):
                yield (
                    f"store '{place}' of '{file}' is relative to the job's own folder on the head node, which other "
                    "nodes do not see and which goes with the cluster; set store=s3://BUCKET/FOLDER, or the absolute "
                    "path of a disk that all nodes share"
                )
            elif _is_absolute(place):
                yield f"{path} of '{file}' is '{place}': every node of the cluster has to see it there"
            elif not parcel.holds(place):
                yield (
                    f"{path} of '{file}' is '{place}', and no such file travels with the job; give a URL such as "
                    "s3://BUCKET/FOLDER, or the absolute path of a disk that all nodes share"
                )


def cluster_versions(client: "JobSubmissionClient") -> dict[str, str]:
    """The versions of Python and Ray on the head node, by these names; none where its Ray tells none."""
    answer = client._do_request("GET", VERSIONS)
    told = answer.json()["data"] if answer.ok else {}
    keys = {"Python": "pythonVersion", "Ray": "rayVersion"}
    return {name: told[key] for name, key in keys.items() if key in told}


def version_warnings(there: Mapping[str, str]) -> Iterator[str]:
    """A sentence for Python and for Ray where the cluster has another release than the one that looked at the config.

    Releases of Python differ in their first two numbers, those of Ray in any.
    """
    import ray

    here = {"Python": platform.python_version(), "Ray": ray.__version__}
    for name, version in there.items():
        parts = 2 if name == "Python" else None
        if version.split(".")[:parts] != here[name].split(".")[:parts]:
            yield (
                f"the cluster runs {name} {version}, and this command {here[name]}: what was checked here may fail "
                f"there; give the cluster's image {name} {'.'.join(here[name].split('.')[:parts])}"
            )


def _local_places(tree: Any, root: Path, path: str = "") -> Iterator[tuple[str, str]]:
    """The dotted path and the value of everything in a config that names a file or folder and is no URL."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _local_places(value, root, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list):
        for value in tree:
            yield from _local_places(value, root, path)
    elif isinstance(tree, str) and "://" not in tree:
        key = path.rpartition(".")[2]
        is_folder = key in MODELS and (_is_absolute(tree) or (root / tree).is_dir())  # else it is a hub name
        if key in LOCATIONS or is_folder:
            yield path, tree


def _is_absolute(place: str) -> bool:
    return os.path.isabs(os.path.expanduser(place))


class ShownLog:
    """What of a job's log is on the screen already; every new connection sends the log from its first character."""

    def __init__(self) -> None:
        """Nothing is on the screen yet."""
        self.characters = 0

    def show(self, text: str, position: int) -> int:
        """Prints the part of `text`, which begins at `position` in the log, that is new; the position behind it."""
        print(text[max(0, self.characters - position) :], end="", flush=True)
        end = position + len(text)
        self.characters = max(self.characters, end)
        return end


def _is_config(argument: str) -> bool:
    return argument.endswith(CONFIG_SUFFIXES) and not is_override(argument)


def _with_extended(file: Path) -> list[Path]:
    """A config file and the chain of those that it extends; all of them are known to be readable."""
    below = read_file(file).get(EXTENDS)
    if not below:
        return [file]
    if Path(below).is_absolute():
        raise Mistake(
            f"'{file}' extends '{below}', an absolute path that a cluster does not have; name it relative to the file"
        )
    return [file, *_with_extended(file.parent / below)]


def _travelling_name(file: Path, parcel: Parcel) -> str:
    """The file's path inside the parcel; Mistake where it lies outside of it or in a part that stays behind."""
    path, root = PurePath(os.path.abspath(file)), parcel.root
    if not path.is_relative_to(root):
        raise Mistake(
            f"config file '{file}' is not inside the working dir '{root}', so the job would not find it; move it "
            "there, as to cluster/runs/, or give another --working-dir"
        )
    name = path.relative_to(root)
    if name not in parcel.files:
        raise Mistake(
            f"config file '{file}' stays behind: nothing travels that git ignores or that matches "
            f"{', '.join(STAYS_BEHIND)}; move it to another folder, as to cluster/runs/"
        )
    return name.as_posix()


def _require_address(address: str | None) -> None:
    if address is None and not any(os.environ.get(name) for name in ADDRESS_VARIABLES):
        raise Mistake(
            "no cluster is named; give --address http://HOST:8265, the dashboard of the head node, or set "
            "RAY_API_SERVER_ADDRESS"
        )
    if address is not None and "://" not in address:
        raise Mistake(f"address '{address}' is no URL; give the head node's dashboard, as in http://HOST:8265")


def _connected(address: str | None) -> "JobSubmissionClient":
    """A client of the cluster; Mistake where none answers or it wants another token.

    The token itself is read by Ray alone, and only if RAY_AUTH_MODE says so before Ray is imported. Ray lets
    RAY_API_SERVER_ADDRESS win over an argument, so an address that was given goes there.
    """
    if address is not None:
        os.environ["RAY_API_SERVER_ADDRESS"] = address
    if any(os.environ.get(name) for name in TOKEN_VARIABLES) or (Path.home() / ".ray" / "auth_token").is_file():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    place = next(os.environ[name] for name in ADDRESS_VARIABLES if os.environ.get(name))
    try:
        return JobSubmissionClient()
    except AuthenticationError:
        raise Mistake(
            f"the cluster at {place} does not take this token; set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to a file "
            "that holds the cluster's token"
        ) from None
    except (ConnectionError, RuntimeError) as error:
        raise Mistake(
            f"no Ray dashboard answers at {place} ({error}); give --address http://HOST:8265 of a running cluster, "
            "through a tunnel or port-forward where it is elsewhere"
        ) from None


def _environment(folder: str, root: Path) -> dict[str, Any]:
    """The runtime environment of a job: the files, and the commit that they are of, since no .git travels."""
    found = commit(root)
    return {"working_dir": folder, **({"env_vars": {COMMIT: found}} if found else {})}


def _send(client: "JobSubmissionClient", job: str, entrypoint: str, environment: dict[str, Any]) -> None:
    """The cluster has the job. A head that has just started answers before it can take one; it is asked again."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client.submit_job(entrypoint=entrypoint, submission_id=job, runtime_env=environment)
            return
        except RuntimeError as error:
            if STARTING not in str(error):
                raise Mistake(f"the cluster does not take the job: {error}") from error
            if time.monotonic() > deadline:
                raise Mistake(
                    f"the cluster has taken no job for {START_SECONDS} s: its head node has no agent that starts jobs; "
                    "see dashboard_agent.log there (a port that was taken is the usual reason), and start Ray again"
                ) from error
            time.sleep(1.0)


async def _followed(client: "JobSubmissionClient", job: str) -> "JobDetails | None":
    """The finished job, its whole log printed; None where the cluster is lost. Broken connections are mended."""
    import aiohttp

    lost = (RuntimeError, OSError, aiohttp.ClientError)
    log, failures = ShownLog(), 0
    while failures < RECONNECTS:
        whole = True
        try:
            position = 0
            async for text in client.tail_job_logs(job):
                position = log.show(text, position)
        except lost:
            whole = False
        try:
            details = client.get_job_info(job)
            if details.status.is_terminal():
                log.show("" if whole else client.get_job_logs(job), 0)
                return details
            failures = 0
        except lost:
            failures += 1
        await asyncio.sleep(RECONNECT_SECONDS)
    return None


def _reattaching(job: str, address: str | None) -> str:
    mode = "RAY_AUTH_MODE=token " if os.environ.get("RAY_AUTH_MODE") == "token" else ""
    place = "" if address is None else f"RAY_API_SERVER_ADDRESS={shlex.quote(address)} "
    return (
        f"follow it again with\n  {mode}{place}ray job logs --follow {job}\n"
        f"or stop it with\n  {mode}{place}ray job stop {job}"
    )


def _exit_status(job: str, details: "JobDetails") -> int:
    """Says how the job ended; 0 where it succeeded, else its own exit status, or 1 where it has none."""
    from ray.job_submission import JobStatus

    if details.status == JobStatus.SUCCEEDED:
        print(f"job {job} succeeded")
        return 0
    reason = (details.message or "").partition(LOG_IN_MESSAGE)[0]
    print(f"gleaner: job {job} {details.status.value.lower()}: {reason}", file=sys.stderr)
    code = details.driver_exit_code or 1
    return code if 0 < code < 256 else 1
