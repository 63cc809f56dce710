"""The chart of a screening: relevant records found against records read, and how many there may be in all."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import install_command
from exemplar.retrieval.screening.bounds import Target
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Record

if TYPE_CHECKING:
    import altair

_MOST_POINTS = 100
_LINE, _BAND = "#c8102e", "#777777"


def left_chart(record: Record, target: Target) -> "altair.LayerChart":
    """Return the chart of a screening, on white, for a file.

    The band reaches from what is found to what may be relevant in all, as far as it was known at that time. Early on
    that is nearly all records, so the band is cut at twice what is relevant at most now.
    """
    import altair

    points = chart_points(record, target)
    now = points[-1]
    top = max(10, 2 * now["found"], min(now["most"], 3 * now["found"] + 10))
    x = altair.X("read:Q", title="records read", scale=altair.Scale(domain=[0, max(1, now["read"])]))
    scale = altair.Scale(domain=[0, top], clamp=True)
    base = altair.Chart(altair.InlineData(points)).encode(x=x)
    band = base.mark_area(color=_BAND, opacity=0.25, interpolate="step-after").encode(
        y=altair.Y("found:Q", title="relevant found, and relevant at most", scale=scale), y2="most:Q"
    )
    line = base.mark_line(color=_LINE, strokeWidth=3, interpolate="step-after").encode(
        y=altair.Y("found:Q", scale=scale)
    )
    drawn = altair.LayerChart(layer=[band, line], width=560, height=320, background="white")
    configured: altair.LayerChart = drawn.configure(aria=False)
    return configured


def left_svg(record: Record, target: Target) -> bytes:
    """Return the chart as SVG.

    Raises
    ------
    ExemplarError
        The extra that draws charts is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("vl_convert") is None:
        raise ExemplarError(f"a plot needs the extra 'report': {install_command('report')}")
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(left_chart(record, target).to_json())
    return svg.encode()


def chart_points(record: Record, target: Target) -> list[dict[str, Any]]:
    """Return for up to 100 moments how many records were read, relevant ones found, and relevant ones there at most.

    An unsure record counts among the relevant ones that there are at most.
    """
    n = len(record.reads)
    moments = sorted({round(n * share / _MOST_POINTS) for share in range(_MOST_POINTS + 1)})
    points = []
    for moment in moments:
        reads = record.reads[:moment]
        read = {each.doc_id for each in reads}
        draws = tuple(draw for draw in record.draws if draw.read <= read or moment == n)
        left = how_much_is_left(replace(record, reads=reads, draws=draws), target)
        points.append({"read": moment, "found": left.n_relevant, "most": left.n_relevant + left.n_unsure + left.high})
    return points
