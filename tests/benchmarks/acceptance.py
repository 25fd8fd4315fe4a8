"""What the rewriter leaner accepts: true rewrites, and the same ones damaged, on TinyHelen's pairs of texts.

    python tests/benchmarks/acceptance.py [--share 1.0]

Prints for each kind of reply the share that is accepted and the shares of the reasons why others are not, and the
processor time of one acceptance; ends with one JSON line. A pair is one request, whatever its length; whole books are
left out. The example of the instructions is given back where they have one.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from measuring import DATA, rows

from pipelines.contracts.engine import Reply
from pipelines.rewriters.leaner import Leaner
from pipelines.rewriters.prompts.marked_reply import BEGIN, marked
from pipelines.texts.sentences import sentences_and_lines

OPENINGS = (
    "Sure! Here is the simplified text:\n\n",
    "Here's the rewritten version:\n\n",
    "Certainly! Below is a simpler version of the text for a child:\n\n",
    "Okay, here is your text in simple words:\n\n",
    "Sure, I can help with that.\n\n",
)
ONE_REQUEST = 10**9


def main() -> None:
    """Judges every reply, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the files that are read")
    arguments = parser.parse_args()
    rewriter = Leaner(chunk_tokens=ONE_REQUEST)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    started = time.process_time()
    pairs = [pair for pair in rows(DATA / "leaner", arguments.share) if pair["genre"] != "book"]
    for number, pair in enumerate(pairs):
        prompts = rewriter.prompts(pair["original"], pair["genre"])
        example = prompts[0].messages[0].content.partition("Answer:\n")[2].partition("<end>")[0]
        for kind, reply in replies(pair["simplified"], pairs[number - 1]["simplified"], example, number):
            outcomes[kind][rewriter.accept(pair["original"], prompts, [Reply(reply)]).kept_original or "accepted"] += 1
    seconds = (time.process_time() - started) / sum(map(Counter.total, outcomes.values()))
    shares = {kind: {reason: n / of.total() for reason, n in of.most_common()} for kind, of in outcomes.items()}
    print_table(shares)
    print(f"{1e3 * seconds:.2f} ms of processor time for one acceptance")
    print(json.dumps({"benchmark": "acceptance", "pairs": len(pairs), "milliseconds": 1e3 * seconds, "shares": shares}))


def replies(rewrite: str, stranger: str, example: str, number: int) -> Iterator[tuple[str, str]]:
    """The replies that are judged, each with its kind; all of them end in `stop`."""
    half = rewrite[: len(rewrite) // 2]
    yield "whole, between the marks", marked(rewrite)
    yield "whole, without the marks", rewrite
    yield "the rewrite of another text", marked(stranger)
    yield '"the the the ..."', marked("the " * len(rewrite.split()))
    yield "one sentence again and again for the second half", marked(looped(half))
    yield "a remark in front, without the marks", OPENINGS[number % len(OPENINGS)] + rewrite
    yield "a remark behind, without the marks", f"{rewrite}\n\nI hope this helps!"
    yield "the first half, without an end mark", f"{BEGIN}\n{half}"
    if example:
        yield "the example of the instructions", marked(example)
        yield "the example, then the rewrite", marked(f"{example}\n{rewrite}")


def looped(half: str) -> str:
    """The half, and its longest sentence for as long again, twice at least."""
    sentence = max(sentences_and_lines(half), key=len).strip()
    return f"{half.rstrip()} {' '.join([sentence] * max(2, len(half) // len(sentence)))}"


def print_table(shares: dict[str, dict[str, float]]) -> None:
    """One line a kind of reply, the commonest reasons first."""
    for kind, reasons in shares.items():
        told = ", ".join(f"{reason} {share:.2%}" for reason, share in reasons.items() if reason != "accepted")
        print(f"{kind:50}{reasons.get('accepted', 0.0):8.2%}   {told}")


if __name__ == "__main__":
    main()
