"""Numbers as people read them: 1.2 PFLOP, 34.1 MB; durations are those of `pipelines.contracts.durations`."""

PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
MINUS = "−"


def scaled(value: float, unit: str) -> str:
    """`value` with three significant digits and a decimal prefix: 34_100_000 and 'B' give '34.1 MB'."""
    power = 0
    while abs(value) >= 999.5 and power < len(PREFIXES) - 1:
        value /= 1000
        power += 1
    return f"{_three_digits(value)} {PREFIXES[power]}{unit}".rstrip()


def flops(value: float) -> str:
    """Floating-point operations: '1.2 PFLOP', '0' where none were spent."""
    return scaled(value, "FLOP") if value else "0"


def size(value: float) -> str:
    """Bytes: '34.1 MB'."""
    return scaled(value, "B")


def tokens(value: float) -> str:
    """A large count: '12.3 M'."""
    return scaled(value, "")


def count(value: float) -> str:
    """Things one counts: '33,325'; a fraction keeps three significant digits."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else _three_digits(value)


def epochs(value: float) -> str:
    """How often something was gone through: '2.37 epochs', '0.0041 epochs', '< 0.001 epochs', '1 epoch'."""
    text = "< 0.001" if 0 < value < 0.0005 else f"{value:.2g}" if value < 1 else count(round(value, 2))
    return f"{text} epoch{'' if text == '1' else 's'}"


def share(value: float) -> str:
    """A part of 1: '6.3 %', '< 0.1 %' for what is not quite nothing."""
    if 0 < value < 0.001:
        return "< 0.1 %"
    return f"{100 * value:.1f} %" if 0 < value < 0.9995 else f"{100 * value:.0f} %"


def percent(value: float) -> str:
    """A part of 1 in whole percents, for axes: '40 %'."""
    return f"{100 * value:.0f} %"


def bits(value: float) -> str:
    """Bits per byte with three decimals."""
    return f"{value:.3f}"


def signed(value: float, decimals: int = 3) -> str:
    """A difference with its sign: '−0.212', '+0.034', '0.000'."""
    digits = f"{abs(value):.{decimals}f}"
    if not float(digits):
        return digits
    return f"{MINUS if value < 0 else '+'}{digits}"


def times(value: float) -> str:
    """A factor: '4.1x', '0.85x', '120x'."""
    return f"{value:.0f}x" if value >= 99.5 else f"{value:.2g}x" if value < 0.995 else f"{value:.1f}x"


def number(value: float) -> str:
    """A plain number on an axis or in a tooltip, at most four significant digits."""
    return f"{value:.4g}".replace("-", MINUS)


def _three_digits(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", MINUS)
