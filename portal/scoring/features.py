"""What a learned model may look at: the proven levels of a diagnosis, and nothing about who the firm is.

Region, size, industry and identity stay out: with the region in, the gap between regions grows 2.4-fold. So do bare
claims above the ceiling: in the synthetic worlds proven levels agree with the truth as well as half-counted claims do
(within .004), and let nearly a third fewer inflated files through (docs/figures.md). Every column can only rise when
an answer is raised or evidence is added, so a model that rises in its columns keeps that promise.
"""

from typing import TYPE_CHECKING

from portal.scoring.instrument import BLOCK, Assessment, Assessments, Instrument, Standing

if TYPE_CHECKING:
    import numpy as np

VERSION = "1"
"""Goes up with every change of a column; a model speaks only to the version it learned from."""
WEAKEST = "weakest"


def names(instrument: Instrument) -> tuple[str, ...]:
    """The columns: 44 proven items (0–5), their ten area means (0–5), the weakest area (0–5)."""
    areas = tuple(f"area:{area.code}" for area in instrument.questions.areas)
    return (*instrument.codes, *areas, WEAKEST)


def row(instrument: Instrument, found: Assessment | Standing) -> list[float]:
    """The columns of one firm; no numpy, because a web request asks for them.

    Notes: an item that is 해당 없음 takes its area's mean, so that it says nothing of its own
    """
    proven = found.proven
    areas = []
    for area in instrument.areas:
        levels = [proven[code] for code in area.items if code in proven]
        areas.append(sum(levels) / len(levels) if levels else 0.0)
    items = [float(proven[code]) if code in proven else areas[instrument.place[code]] for code in instrument.codes]
    return [*items, *areas, min(areas)]


def matrix(instrument: Instrument, found: Assessments) -> "np.ndarray":
    """The columns of n firms: float64, shape (n, 55); equal to `row` firm by firm, to the last bit."""
    import numpy as np  # not at start-up: a web worker never needs it

    columns = np.empty((len(found.total), len(instrument.codes) + len(instrument.areas) + 1))
    for start in range(0, len(columns), BLOCK):  # else the parts would take the memory of the whole again
        rows = slice(start, start + BLOCK)
        fill(instrument, columns[rows], found.proven[rows])
    return columns


def fill(instrument: Instrument, columns: "np.ndarray", proven: "np.ndarray") -> None:
    """Write the columns of one block of firms. proven: int8 (n, 44), -1 for 해당 없음."""
    import numpy as np

    items = len(instrument.codes)
    given = proven >= 0
    for number, area in enumerate(instrument.areas):
        here = [instrument.codes.index(code) for code in area.items]
        sums = np.where(given[:, here], proven[:, here], 0).sum(axis=1)
        columns[:, items + number] = sums / np.maximum(given[:, here].sum(axis=1), 1)
    means = columns[:, items:-1]
    columns[:, :items] = np.where(given, proven, means[:, [instrument.place[code] for code in instrument.codes]])
    columns[:, -1] = means.min(axis=1)
