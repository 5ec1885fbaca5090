"""Charts as SVG, the same in page and PDF: squares of half a post, and bars over months; never colour alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from kim.values.formats import format_fte
from kim.values.periods import half_open_range

HALF = Decimal("0.5")
SIZE, STEP, LINE, LEFT = 16, 20, 28, 250
FILLED, PARTLY, RESTING, COMING, EMPTY, UNKNOWN = "filled", "partly", "resting", "coming", "empty", "unknown"
LEGEND = {
    FILLED: "besetzt",
    PARTLY: "teilweise besetzt",
    RESTING: "ruhend",
    COMING: "in Ausschreibung",
    EMPTY: "unbesetzt",
    UNKNOWN: "keine Angabe",
}
# Filled, hatched, outlined, dotted: told apart in black and white too.
STYLES = {
    FILLED: 'fill="currentColor" stroke="currentColor"',
    PARTLY: 'fill="url(#half-{key})" stroke="currentColor"',
    RESTING: 'fill="currentColor" fill-opacity=".25" stroke="currentColor"',
    COMING: 'fill="url(#hatched-{key})" stroke="currentColor"',
    EMPTY: 'fill="none" stroke="currentColor"',
    UNKNOWN: 'fill="none" stroke="currentColor" stroke-dasharray="2 2"',
}


@dataclass(frozen=True)
class Bar:
    """A span of one row of a chart over time: from the first day to the day before ``end``."""

    kind: str
    first: date
    end: date
    words: str


def drawing(key: str, width: int, height: int, title: str, content: Iterable[str]) -> SafeString:
    """One SVG with its sentence as the alternative text."""
    hatch = (
        f'<pattern id="hatched-{key}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line x1="0" y1="0" x2="0" y2="5" stroke="currentColor" stroke-width="2"/></pattern>'
    )
    hatch += (
        f'<pattern id="half-{key}" width="4" height="16" patternUnits="userSpaceOnUse">'
        '<rect x="0" y="0" width="2" height="16" fill="currentColor"/></pattern>'
    )
    return SafeString(
        f'<svg class="chart" role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"><title>{escape(title)}</title>'
        f"<defs>{hatch}</defs>{''.join(content)}</svg>"
    )


def box(key: str, kind: str, x: float, y: float, width: float, height: float = SIZE) -> str:
    style = STYLES[kind].format(key=key)
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {style}/>'


def words(text: str, x: float, y: float, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="currentColor" font-size="14">{escape(text)}</text>'


def shortened(text: str, limit: int = 34) -> str:
    """A label that fits the column; the table beside the chart has it whole."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def squares(key: str, title: str, rows: Sequence[tuple[str, dict[str, Decimal]]]) -> SafeString:
    """Kästchengrafik: a line for each name, a square for each half post, a narrower one for what is less.

    rows: (name, {kind: FTE}). Example: SPRUNGBrett with 1,5 filled is three filled squares.
    """
    longest = max(
        (sum((part / HALF).to_integral_value(ROUND_CEILING) for part in parts.values()) for _, parts in rows), default=0
    )
    width = max(LEFT + int(longest) * STEP + 60, 520)  # the legend needs so much
    content, y = [], 6
    for name, parts in rows:
        content.append(words(shortened(name), 0, y + 13))
        x = float(LEFT)
        for kind in LEGEND:
            left = parts.get(kind, Decimal(0))
            while left > 0:
                part = min(left, HALF)
                content.append(box(key, kind, x + 1, y, float(part / HALF) * SIZE))
                x, left = x + STEP, left - part
        content.append(words(format_fte(sum(parts.values(), Decimal(0))), x + 6, y + 13))
        y += LINE
    kinds = [kind for kind in LEGEND if kind not in {PARTLY, RESTING}]
    return drawing(key, width, y + 30, title, [*content, *legend(key, y + 6, kinds)])


def legend(key: str, y: float, kinds: Iterable[str]) -> list[str]:
    """What each kind of square means."""
    found: list[str] = []
    x = 0.0
    for kind in kinds:
        label = LEGEND[kind]
        found += [box(key, kind, x + 1, y, SIZE), words(label, x + 22, y + 13)]
        x += 40 + 7.2 * len(label)
    return found


def months(
    key: str, title: str, rows: Sequence[tuple[str, Sequence[Bar]]], year: int, stand: date | None = None
) -> SafeString:
    """Besetzungsübersicht: a line for each post, the twelve months of a year across, and a line at the Stand."""
    span, left, width = half_open_range(date(year, 1, 1), date(year + 1, 1, 1)), 120, 720
    days = (span.upper - span.lower).days

    def at(day: Any) -> float:
        return float(left + width * (min(max(day, span.lower), span.upper) - span.lower).days / days)

    height = 24 + LINE * len(rows)
    content = []
    for number, name in enumerate("Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez".split(), 1):  # noqa: SIM905
        x = at(date(year, number, 1))
        content.append(words(name, x + 4, 14))
        content.append(f'<line x1="{x:g}" x2="{x:g}" y1="18" y2="{height}" stroke="currentColor" stroke-opacity=".2"/>')
    for line, (name, bars) in enumerate(rows):
        y = 24 + LINE * line
        content.append(words(shortened(name, 14), 0, y + 15))
        for bar in bars:
            drawn = box(key, bar.kind, at(bar.first), y + 2, max(at(bar.end) - at(bar.first), 1))
            content.append(f"<g><title>{escape(f'{name}: {bar.words}')}</title>{drawn}</g>")
    if stand and stand in span:
        x = at(stand)
        content.append(f'<line x1="{x:g}" x2="{x:g}" y1="16" y2="{height}" stroke="currentColor" stroke-width="2"/>')
    return drawing(key, left + width + 10, height + 30, title, [*content, *legend(key, height + 8, list(LEGEND))])
