"""Scorers classifier and distilled beside scikit-learn's hashed words, on the Parquet shards of mixture/, one process.

    python tests/benchmarks/hashed_words.py [--data mixture/] [--genre wiki]

`classifier` learns to tell texts of one genre, in the first half of the documents, from all others: our words and
pairs, unit vectors and logistic regression against `HashingVectorizer` of words and pairs with the same regression.
Judged are the texts of the other half. `distilled` learns `compression_ratio` from the first half and tells it of the
other. CPU-seconds are those of the fit, and of scoring the other half in blocks. Prints a table and ends with one JSON
line.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measuring import DATA, best_of_three
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from pipelines import regression
from pipelines.contracts.rows import GENRE, ID, TEXT, FloatArray
from pipelines.contracts.scorer import Scorer
from pipelines.scorers import classifier

BUCKETS = 65_536
BLOCK = 1_024
BAR = 20.0  # MB of text a CPU-second, for `distilled`


def main() -> None:
    """Measures all three and prints what came of it."""
    arguments = parse_arguments()
    shards = sorted(arguments.data.glob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(shard, columns=[ID, TEXT, GENRE]) for shard in shards])
    seen, unseen = rows.slice(0, rows.num_rows // 2), rows.slice(rows.num_rows // 2)
    megabytes = {"fit": size(seen), "score": size(unseen)}
    results = {}
    for name, side in {"classifier": classified, "scikit-learn": by_peer}.items():
        model, fit_seconds = best_of_three(lambda side=side: side(seen, arguments.genre))
        scores, score_seconds = best_of_three(lambda model=model: model(unseen))
        auc = float(roc_auc_score(is_of(unseen, arguments.genre), scores))
        results[name] = {"auc": auc, **rates(megabytes, fit_seconds, score_seconds, unseen.num_rows)}
    model, fit_seconds = best_of_three(lambda: distilled(seen))
    scores, score_seconds = best_of_three(lambda: model(unseen))
    agreement = regression.spearman(scores, teacher(unseen))
    results["distilled"] = {"spearman": agreement, **rates(megabytes, fit_seconds, score_seconds, unseen.num_rows)}
    for name, each in results.items():
        print(f"{name:14}" + "  ".join(f"{what} {value:,.3g}" for what, value in each.items()))
    print(json.dumps({"benchmark": "hashed_words", "genre": arguments.genre, "bar": BAR, "results": results}))


def size(rows: pa.Table) -> float:
    """Megabytes of text."""
    return float(pc.sum(pc.binary_length(rows[TEXT])).as_py()) / 1e6


def rates(megabytes: dict[str, float], fit_seconds: float, score_seconds: float, documents: int) -> dict[str, float]:
    """What a CPU-second does."""
    return {
        "fit_mb_per_cpu_second": megabytes["fit"] / fit_seconds,
        "score_mb_per_cpu_second": megabytes["score"] / score_seconds,
        "score_documents_per_cpu_second": documents / score_seconds,
    }


def is_of(rows: pa.Table, genre: str) -> npt.NDArray[np.bool_]:
    """(n,) which documents are of the genre."""
    found: npt.NDArray[np.bool_] = pc.equal(rows[GENRE], genre).to_numpy()
    return found


def classified(seen: pa.Table, genre: str) -> Any:
    """Our classifier, as a function of rows."""
    is_target = pa.array(is_of(seen, genre))
    sides = {classifier.TARGET: seen.filter(is_target), classifier.CORPUS: seen.filter(pc.invert(is_target))}
    found = classifier.fitted(sides, BUCKETS, 1.0, 0)
    scorer = Scorer.model_validate({"kind": "classifier", "target": {"kind": "text", "path": "none"}})
    return in_blocks(scorer.open(found))


def by_peer(seen: pa.Table, genre: str) -> Any:
    """What one writes first, as a function of rows."""
    words = HashingVectorizer(ngram_range=(1, 2), n_features=BUCKETS, alternate_sign=False)
    model = LogisticRegression(class_weight="balanced", max_iter=classifier.MOST_STEPS)
    model.fit(words.transform(seen[TEXT].to_pylist()), is_of(seen, genre))
    return lambda rows: model.predict_proba(words.transform(rows[TEXT].to_pylist()))[:, 1]


def distilled(seen: pa.Table) -> Any:
    """The regression of the teacher's score, as a function of rows."""
    scored = seen.append_column("score", pa.array(teacher(seen)))
    found = regression.fitted(regression.RegressionConfig(of="score", buckets=BUCKETS), [scored], 0)
    return lambda rows: found.linear.values(rows[TEXT].combine_chunks())[0]


def teacher(rows: pa.Table) -> FloatArray:
    """(n,) the score that is learned."""
    return in_blocks(Scorer.model_validate({"kind": "compression_ratio"}).open({}))(rows)


def in_blocks(score: Any) -> Any:
    """A scoring function that gets so many rows as a step gives it."""
    return lambda rows: np.concatenate(
        [score(rows.slice(first, BLOCK)).values for first in range(0, rows.num_rows, BLOCK)]
    )


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--genre", default="wiki")
    return parser.parse_args()


if __name__ == "__main__":
    main()
