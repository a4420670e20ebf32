"""The types of the settings, for those who check types; schemas/settings.json says what each means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict


class Settings(TypedDict, total=False):
    """What `ImsMock(**settings)`, `reset(**settings)` and the marker take; none is required."""

    seed: int | str
    start: float | str | None
    auth: Literal["off", "lenient", "strict"]
    project_id: str
    token: str
    region: str
    regions: Sequence[str]
    accounts: Mapping[str, Any] | None
    token_lifetime: float
    public_images: bool
    max_image_size: int | None
    quota: int | None
    neighbours: Literal["any", "listed"]
    delays: Mapping[str, float]
    jobs: Mapping[str, Any]
    speed: float
    faults: Sequence[Any]
    header_faults: bool
    explain: bool
    journal_size: int
