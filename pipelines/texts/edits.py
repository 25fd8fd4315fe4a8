"""How many edits lead from one sequence to another."""

import numba
import numpy as np
import numpy.typing as npt


@numba.njit(cache=True, nogil=True)
def levenshtein(one: npt.NDArray[np.integer], other: npt.NDArray[np.integer]) -> int:
    """The fewest insertions, deletions and substitutions that make one sequence of numbers the other."""
    row = np.arange(len(other) + 1)
    for place in range(len(one)):
        diagonal = row[0]
        row[0] = place + 1
        for column in range(len(other)):
            above = row[column + 1]
            least = min(above, row[column]) + 1
            row[column + 1] = min(least, diagonal + (one[place] != other[column]))
            diagonal = above
    distance: int = row[-1]
    return distance
