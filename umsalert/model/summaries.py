"""How alerts are taken together."""

from __future__ import annotations

from enum import StrEnum


class GroupedBy(StrEnum):
    """What alerts are taken together by."""

    COMMUNE = "commune"
    TEMPLATE = "template"
    OPERATOR = "operator"
    MONTH = "month"
