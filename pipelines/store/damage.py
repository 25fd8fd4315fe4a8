"""Damage: the one sentence for a stored file that is gone or is not what was written, with the cure."""

from pipelines.contracts.mistakes import Mistake


def damaged(path: str, what: str, folder: str) -> Mistake:
    """The error of the file at `path`, of which `what` is true, in the address that has `folder`."""
    return Mistake(f"'{path}' {what}; delete '{folder}' and run the same command again to rebuild it")
