"""What stands behind the matching's doors: a list that hana has kept."""

from __future__ import annotations

from typing import Any

from portal.matching import choices, service


def door_values(world: Any) -> dict[str, Any]:
    hana = world.actor("hana")
    service.write_need(hana, "MES")
    kept = {"key": choices.keep(hana).key}
    return {"matching.choice": kept, "matching.choice_paper": kept}
