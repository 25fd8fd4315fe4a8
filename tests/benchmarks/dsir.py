"""ngram_importance against DSIR's own package data-selection on the shards of mixture/, one process each.

    python tests/benchmarks/dsir.py --dsir VENV [--data mixture/] [--genre wiki]

The peer is not installed here: VENV is a virtual environment that has data-selection 1.0.3. Both learn from the texts
of one genre in two shards as the target and from all texts as the corpus, and weigh all texts. CPU-seconds
are those of both passes over the texts in memory (the peer reads JSON lines, a hundredth of its time), without start
and compilation.

Compared as well: the weights by our formula and the peer's counts with the peer's weights, and our weights, whose words
and hashes differ, with the peer's by rank. Prints a table and ends with one JSON line.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measuring import DATA, best_of_three, shard_texts
from scipy.sparse import csr_matrix
from scipy.stats import spearmanr

from pipelines.contracts.rows import TEXT, FloatArray
from pipelines.contracts.source import Source
from pipelines.scorers.ngram_importance import NgramImportance, count_ngrams, log_ratio

BUCKETS = 10_000
BAR, PRECISION, AGREEMENT = 10.0, 1e-6, 0.95

PEER = """
import json, sys, time
from pathlib import Path
import numpy as np
from data_selection import HashedNgramDSIR
work = Path(sys.argv[1])
dsir = HashedNgramDSIR([str(work / "corpus.jsonl")], [str(work / "target.jsonl")], str(work / "cache"), num_proc=1)
started = time.process_time()
dsir.fit_importance_estimator(num_tokens_to_fit="all")
dsir.compute_importance_weights()
seconds = time.process_time() - started
def features(name):
    return [dsir.featurizer(json.loads(line)["text"]) for line in open(work / name)]
corpus, target = features("corpus.jsonl"), sum(features("target.jsonl"))
rows, buckets = zip(*[(row, bucket) for row, each in enumerate(corpus) for bucket in np.flatnonzero(each)])
counts = [corpus[row][bucket] for row, bucket in zip(rows, buckets)]
weights = np.load(work / "cache/log_importance_weights/0.npy")
np.savez(work / "peer.npz", weights=weights, rows=rows, buckets=buckets, counts=counts, target=target, seconds=seconds)
"""


def main() -> None:
    """Measures both, compares their weights, and prints what came of it."""
    arguments = parse_arguments()
    files = sorted(arguments.data.glob("part-*"))
    corpus = pa.array([text for file in files for text in shard_texts(file)], pa.large_string())
    target = pa.array(of_genre(arguments.data, arguments.genre), pa.large_string())
    weights, seconds = best_of_three(lambda: ours(target, corpus))
    with tempfile.TemporaryDirectory() as work:
        theirs = peer(arguments.dsir, Path(work), target, corpus)
    counts = csr_matrix((theirs["counts"], (theirs["rows"], theirs["buckets"])), (len(corpus), BUCKETS))
    by_formula = counts @ log_ratio(theirs["target"], np.asarray(counts.sum(axis=0))[0], 0.0)
    result = {
        "documents": len(corpus),
        "target_documents": len(target),
        "ours_documents_per_cpu_second": len(corpus) / seconds,
        "peer_documents_per_cpu_second": len(corpus) / float(theirs["seconds"]),
        "ratio": float(theirs["seconds"]) / seconds,
        "largest_difference": float(np.abs(by_formula - theirs["weights"]).max()),
        "spearman": float(spearmanr(weights, theirs["weights"]).statistic),
    }
    for name, value in result.items():
        print(f"{name:32}{value:14,.6g}")
    bars = {"ratio": BAR, "largest_difference": PRECISION, "spearman": AGREEMENT}
    print(json.dumps({"benchmark": "dsir", "genre": arguments.genre, "bars": bars, **result}))


def ours(target: pa.Array, corpus: pa.Array) -> FloatArray:
    """(n,) the weights of all texts, after both counts."""
    counts = [count_ngrams(pa.table({TEXT: pa.chunked_array([each])}), BUCKETS) for each in (target, corpus)]
    scorer = NgramImportance(target=Source.model_validate({"kind": "text", "path": "none"}), buckets=BUCKETS)
    score = scorer.open({"log_ratios": log_ratio(*counts, 0.0)[None]})
    return np.concatenate(
        [score(pa.table({TEXT: corpus[first : first + 1024]})).values for first in range(0, len(corpus), 1024)]
    )


def peer(venv: Path, work: Path, target: pa.Array, corpus: pa.Array) -> dict[str, Any]:
    """What the peer's package gives for the same texts."""
    for name, texts in {"target": target, "corpus": corpus}.items():
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts.to_pylist())
        (work / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    done = subprocess.run(
        [str(venv / "bin/python"), "-c", PEER, str(work)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(work / "peer.npz") as found:
        return dict(found)


def of_genre(data: Path, genre: str) -> list[str]:
    """The texts of the genre in the first two Parquet shards."""
    shards = pa.concat_tables([pq.read_table(file) for file in sorted(data.glob("*.parquet"))[:2]])
    texts: list[str] = shards.filter(pc.equal(shards["genre"], genre))[TEXT].to_pylist()
    return texts


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dsir", type=Path, required=True, help="a virtual environment with data-selection 1.0.3")
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--genre", default="wiki")
    return parser.parse_args()


if __name__ == "__main__":
    main()
