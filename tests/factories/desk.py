"""What stands behind the doors of the composed pages."""

from __future__ import annotations

from typing import Any

from tests.factories import applications


def door_values(world: Any) -> dict[str, Any]:
    """A case that duri handed in has a trail."""
    case = applications.submitted(world.actor("duri"), supplier=world.actor("gong"))
    return {"desk.trail": {"key": case.key}}
