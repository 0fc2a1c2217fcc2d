"""Small pictures of columns, as SVG, for notebooks."""
from __future__ import annotations

import datetime
import decimal
import html
from collections import Counter
from typing import Any, List

# A column is looked at in this number of places, spread over all of its rows.
_SAMPLED = 1000
_BARS = 16
_MOST_COMMON = 8
_WIDTH, _HEIGHT = 96, 24


def picture(column: Any) -> str:
    """How the values of a ``pyarrow.Array`` are spread: numbers and times as a histogram, texts and booleans by how
    often the most common ones come. Empty where a column has neither. Nulls are a gray bar at the right."""
    rows = len(column)
    if rows == 0:
        return ""
    step = max(1, rows // _SAMPLED)
    if step > 1:
        import pyarrow
        column = column.take(pyarrow.array(range(0, rows, step)))
    values = column.to_pylist()
    there = [value for value in values if value is not None]
    nulls = len(values) - len(there)
    numbers = [number for number in map(_number, there) if number is not None]
    if there and len(numbers) == len(there) and not isinstance(there[0], bool):
        bars, title = _histogram(numbers), f"{min(there)} to {max(there)}"
    elif there and all(isinstance(value, (str, bool)) for value in there):
        common = Counter(there).most_common(_MOST_COMMON)
        bars, title = [count for _, count in common], ", ".join(str(value)[:20] for value, _ in common)
    else:
        return ""
    if nulls:
        title += f"; {100 * nulls // len(values)} % nulls"
    return _svg(bars, nulls, title)


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float, decimal.Decimal)):
        number = float(value)
        return number if number - number == 0 else None
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=datetime.timezone.utc).timestamp()
    if isinstance(value, datetime.date):
        return float(value.toordinal())
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return None


def _histogram(numbers: List[float]) -> List[int]:
    low, high = min(numbers), max(numbers)
    bars = [0] * _BARS
    for number in numbers:
        bars[min(_BARS - 1, int((number - low) / (high - low) * _BARS)) if high > low else 0] += 1
    return bars


def _svg(bars: List[int], nulls: int, title: str) -> str:
    all_bars = [(count, "#4c78a8") for count in bars] + ([(nulls, "#bbb")] if nulls else [])
    most, width = max(count for count, _ in all_bars) or 1, _WIDTH / len(all_bars)
    shown = "".join(
        f'<rect x="{index * width:.1f}" y="{_HEIGHT - height}" width="{width - 1:.1f}" height="{height}" fill="{color}"/>'
        for index, (count, color) in enumerate(all_bars)
        for height in [max(1, round(_HEIGHT * count / most)) if count else 0] if height)
    return (f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
            f"<title>{html.escape(title)}</title>{shown}</svg>")
