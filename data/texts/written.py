"""What a file that is one document holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exemplar.data.documents import Problem


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a file, its title if it names one, and what else it says of itself."""

    text: str
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
