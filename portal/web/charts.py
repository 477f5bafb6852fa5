"""Charts drawn on the server: pygal's geometry, our own colours.

pygal writes a <style> element, a <script> and inline styles; the content security policy forbids all three, so they
are taken out and `static/css/components/chart.css` dresses the classes that remain.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from markupsafe import Markup

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_CENTRE = 252.0  # of the plot in a drawing of 520 × 460 with a margin of 8


def radar(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], top: float = 5) -> Markup:
    """A radar chart as inline SVG, without its own colours: series n has the class `serie-n`.

    labels : one per axis, at least 3
    series : (name, values 0–top); None leaves a gap
    Notes  : decorative by itself (aria-hidden): the figure around it names it and carries the table
    """
    import pygal  # half a second to load; only pages with a chart need it

    chart = pygal.Radar(
        width=520,
        height=460,
        margin=8,
        show_legend=False,
        range=(0, top),
        y_labels=[step for step in range(int(top) + 1)],
        fill=False,
        dots_size=3,
        js=[],
        no_prefix=True,
        pretty_print=False,
        print_values=False,
        truncate_label=-1,
        no_data_text="",
    )
    chart.x_labels = list(labels)
    for name, values in series:
        chart.add(name, list(values))
    root = _bare(chart.render(is_unicode=True))
    for axis in root.iter(f"{{{_SVG}}}g"):
        if (axis.get("class") or "").startswith("axis y"):
            _drop(axis, "text")  # the rings need no figures: the table has them
    _upright_labels(root)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def against_promise(
    points: Sequence[tuple[float, float]], *, promised: str, seen: str, top: float = 1, step: float = 0.2
) -> Markup:
    """What was promised (x) against what came true (y), both 0–`top`, beside the line on which the two are equal.

    points : in the order of x; each is a dot, joined by a line (class `serie-1`; the diagonal is `serie-0`)
    promised, seen : the names of the axes
    Notes  : as `radar`; ticks every `step`, written as per cent
    """
    import pygal

    ticks = [round(step * n, 6) for n in range(round(top / step) + 1)]
    chart = pygal.XY(
        width=560,
        height=480,
        margin=8,
        show_legend=False,
        range=(0, top),
        xrange=(0, top),
        y_labels=ticks,
        x_title=promised,
        y_title=seen,
        x_value_formatter=lambda value: f"{100 * value:.0f}%",
        value_formatter=lambda value: f"{100 * value:.0f}%",
        dots_size=6,
        js=[],
        no_prefix=True,
        pretty_print=False,
        truncate_label=-1,
        no_data_text="",
    )
    chart.x_labels = ticks
    chart.add("", [(0, 0), (top, top)])
    chart.add("", list(points))
    root = _bare(chart.render(is_unicode=True))
    root.set("class", "pygal-chart pygal-chart--plot")
    for text in root.iter(f"{{{_SVG}}}text"):
        text.set("text-anchor", "end" if float(text.get("x", 0)) < 0 else "middle")
        if text.get("transform"):  # the name of the upright axis: away from its figures
            text.set("y", f"{float(text.get('y', 0)) - 20:.1f}")
    root.set("viewBox", "-14 0 588 492")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def bars(
    labels: Sequence[str],
    series: Sequence[Sequence[float | None]],
    *,
    stacked: bool = False,
    percent: bool = False,
) -> Markup:
    """Upright bars as inline SVG; series n has the class `serie-n`, so the page's key names them in this order.

    labels  : one per place on the x axis
    series  : values by place; None leaves a gap
    stacked : on top of each other instead of side by side
    percent : values are shares (0–1), the axis is written as per cent
    Notes   : as `radar`
    """
    import pygal

    chart = (pygal.StackedBar if stacked else pygal.Bar)(
        width=640,
        height=360,
        margin=8,
        show_legend=False,
        print_values=False,
        value_formatter=(lambda value: f"{100 * value:.0f}%") if percent else (lambda value: f"{value:,.0f}"),
        y_labels=_steps(
            max(sum(column) if stacked else max(column) for column in _columns(series)), least=0 if percent else 1
        ),
        js=[],
        no_prefix=True,
        pretty_print=False,
        truncate_label=-1,
        no_data_text="",
    )
    chart.x_labels = list(labels)
    for values in series:
        chart.add("", list(values))
    root = _bare(chart.render(is_unicode=True))
    root.set("class", "pygal-chart pygal-chart--bars")
    for axis in root.iter(f"{{{_SVG}}}g"):
        side = {"axis x": "middle", "axis y": "end"}.get((axis.get("class") or "")[:6])
        for text in axis.iter(f"{{{_SVG}}}text") if side else ():
            text.set("text-anchor", side)
    root.set("viewBox", "-60 0 700 375")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _columns(series: Sequence[Sequence[float | None]]) -> list[list[float]]:
    return [[value or 0 for value in column] for column in zip(*series, strict=True)] or [[0]]


def _steps(top: float, least: float = 0) -> list[float]:
    """Round marks from 0 to the first one that is not below `top`, five at most; `least` apart at least."""
    wish = (top or 1) / 4
    unit = 10.0 ** math.floor(math.log10(wish))
    step = max(least, next(unit * round_ for round_ in (1, 2, 2.5, 5, 10) if unit * round_ >= wish * 0.999))
    return [round(step * n, 6) for n in range(math.ceil(top / step - 0.001) + 1)] if top else [0, 1]


def _bare(svg: str) -> ElementTree.Element:
    """The drawing alone: no style, script, tooltip data or fixed size."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(re.sub(r"^<\?xml[^>]*>", "", svg))
    _drop(root, "style", "script", "desc", "title", "defs")
    for element in root.iter():
        element.attrib.pop("style", None)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.attrib.pop("id", None)
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return root


def _drop(root: ElementTree.Element, *names: str) -> None:
    tags = {f"{{{_SVG}}}{name}" for name in names}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in tags:
                parent.remove(child)


def _upright_labels(root: ElementTree.Element) -> None:
    """pygal turns the names of the axes around the circle; here they stand upright, long ones on two lines."""
    for group in root.iter(f"{{{_SVG}}}g"):
        if "guides" not in (group.get("class") or ""):
            continue
        for text in group.findall(f"{{{_SVG}}}text"):
            x, y = float(text.get("x", 0)), float(text.get("y", 0))
            side = 0 if abs(x - _CENTRE) < 30 else 1 if x > _CENTRE else -1
            text.attrib.clear()
            text.set("text-anchor", ("middle", "start", "end")[side])
            lines = _two_lines(text.text or "")
            text.text = None
            lift = 14 * (len(lines) - 1) * (2 if y < 20 else 1 if side else 0)
            y += 0 if side else -6 if y < _CENTRE else 14
            for number, line in enumerate(lines):
                place = {"x": f"{x - side * 8:.1f}", "y": f"{y + 8 - lift + 28 * number:.1f}"}
                ElementTree.SubElement(text, f"{{{_SVG}}}tspan", place).text = line
    root.set("viewBox", "-100 -30 740 520")


def _two_lines(label: str) -> list[str]:
    """Break a long label near its middle, after a space or a middle dot."""
    places = [i + 1 for i, char in enumerate(label[:-1]) if char in " ·"]
    if len(label) <= 7 or not places:
        return [label]
    middle = min(places, key=lambda i: abs(i - len(label) / 2))
    return [label[:middle].rstrip(), label[middle:].lstrip()]
