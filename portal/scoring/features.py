"""What a learned model may look at: the diagnosis as the instrument weighs it, and nothing about who the firm is.

Region, size, industry and identity stay out: with the region in, the gap between regions quadrupled. The share of a
bare claim that counts stays the instrument's policy too; learned instead, it let twice as many inflated claims through.
Every column can only rise when an answer is raised or evidence is added, so a model that rises in its columns keeps
that promise.
"""

from typing import TYPE_CHECKING

from portal.scoring.instrument import BLOCK, NOT_GIVEN, POINT, Assessment, Assessments, Instrument, Standing

if TYPE_CHECKING:
    import numpy as np

VERSION = "1"
"""Goes up with every change of a column; a model speaks only to the version it learned from."""
WEAKEST = "weakest"


def names(instrument: Instrument) -> tuple[str, ...]:
    """The columns: 44 items as weighed (0–5), ten area means (0–5), the weakest area (0–5)."""
    areas = tuple(f"area:{area.code}" for area in instrument.questions.areas)
    return (*instrument.codes, *areas, WEAKEST)


def row(instrument: Instrument, found: Assessment | Standing) -> list[float]:
    """The columns of one firm; no numpy, because a web request asks for them.

    Notes: an item that is 해당 없음 takes its area's mean, so that it says nothing of its own
    """
    means, weighed, place = found.areas, found.weighed, instrument.place
    areas = [means.get(area.code, 0.0) for area in instrument.areas]
    items = [weighed[code] if code in weighed else areas[place[code]] for code in instrument.codes]
    return [*items, *areas, min(areas)]


def matrix(instrument: Instrument, found: Assessments) -> "np.ndarray":
    """The columns of n firms: float64, shape (n, 55); equal to `row` firm by firm, to the last bit."""
    import numpy as np  # not at start-up: a web worker never needs it

    columns = np.empty((len(found.total), len(instrument.codes) + len(instrument.areas) + 1))
    for start in range(0, len(columns), BLOCK):  # else the parts would take the memory of the whole again
        rows = slice(start, start + BLOCK)
        fill(instrument, columns[rows], found.hundredths[rows], found.areas[rows])
    return columns


def fill(instrument: Instrument, columns: "np.ndarray", hundredths: "np.ndarray", areas: "np.ndarray") -> None:
    """Write the columns of one block of firms, from arrays with a row for each firm."""
    import numpy as np

    items = len(instrument.codes)
    means = np.nan_to_num(areas, nan=0.0)
    of_item = means[:, [instrument.place[code] for code in instrument.codes]]
    columns[:, :items] = np.where(hundredths == NOT_GIVEN, of_item, hundredths / POINT)
    columns[:, items:-1] = means
    columns[:, -1] = means.min(axis=1)
