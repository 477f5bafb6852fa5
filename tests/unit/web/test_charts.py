"""Charts carry nothing that the content security policy forbids, and draw what they were given."""

from xml.etree import ElementTree

import pytest

from portal.web import charts

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [(0.1, 0.15), (0.5, 0.45), (0.9, 0.95)]


@pytest.fixture(scope="module")
def plot():
    return ElementTree.fromstring(str(charts.against_promise(POINTS, promised="말한 확률", seen="실제 비율")))


def test_a_plot_has_no_style_script_or_address(plot):
    tags = {element.tag.removeprefix(SVG) for element in plot.iter()}
    assert tags & {"style", "script", "title", "desc", "defs", "image", "a"} == set()
    assert [element for element in plot.iter() if "style" in element.attrib] == []
    assert plot.get("aria-hidden") == "true"


def test_a_plot_has_a_dot_for_each_point_beside_the_line_of_equality(plot):
    dots = {name: len(list(group.iter(f"{SVG}circle"))) for name, group in _series(plot).items()}
    assert dots == {"serie-0": 2, "serie-1": len(POINTS)}


def test_a_plot_names_its_axes_and_counts_in_per_cent(plot):
    words = [text.text for text in plot.iter(f"{SVG}text") if text.text]
    assert {"말한 확률", "실제 비율", "0%", "20%", "100%"} <= set(words)


def _series(plot):
    """serie-n → the group that holds its dots."""
    found = {}
    for group in plot.iter(f"{SVG}g"):
        names = (group.get("class") or "").split()
        if "series" in names and group.find(f".//{SVG}circle") is not None:
            found[next(name for name in names if name.startswith("serie-"))] = group
    return found
