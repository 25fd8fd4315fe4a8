"""Durations as people read them, on the terminal and in the report: 3 min 12 s."""


def duration(seconds: float) -> str:
    """Seconds: '0.4 s', '12.3 s', '3 min 12 s', '2 h 5 min', '3 d 4 h'."""
    if seconds < 59.95:
        return f"{round(seconds, 1):.3g} s"
    whole = round(seconds)
    for large, large_unit, small, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {large_unit} {rest} {small_unit}" if rest else f"{whole // large} {large_unit}"
    return f"{whole} s"
