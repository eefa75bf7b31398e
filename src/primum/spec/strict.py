"""What every part of a specification has in common: nothing unknown, nothing coerced."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Discriminator, Field, Tag

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Text = Annotated[str, Field(min_length=1)]
Several = Annotated[
    Annotated[Text, Tag("tagged-one")] | Annotated[tuple[Text, ...], Tag("tagged-several")],
    Discriminator(lambda value: "tagged-several" if isinstance(value, list | tuple) else "tagged-one"),
]
Positive = Annotated[float, Field(gt=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
