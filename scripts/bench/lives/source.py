"""A source and its habits: how it writes times, which names, units and fields it prefers, what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from lives.life import Event, Life
from lives.vocabulary import Name

Document = dict[str, Any]


class Source:
    """A record system with habits: how it writes times, which names, units and fields it prefers."""

    def __init__(self, random: Random, number: int, life: Life) -> None:
        self.random = random
        self.number = number
        self.uri = f"https://source{number}.example.org/fhir"
        self.people = {person.role: person for person in life.people}
        self.times = random.choice(("offset", "utc", "utc", "lost", "day"))
        self.metric = random.random() < 0.4
        self.gaps = random.uniform(0.03, 0.15)
        self.has = {"self": True, "twin": random.random() < 0.5, "father": random.random() < 0.4}
        self.favourite = random.randrange(12)
        self._count = 0

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def patient_id(self, role: str) -> str:
        return f"s{self.number}-{role}"

    def about(self, event: Event) -> Document:
        return {"reference": f"Patient/{self.patient_id(event.role)}"}

    def misses(self) -> bool:
        return self.random.random() < self.gaps

    def name(self, names: Sequence[Name], number: object = "") -> Document:
        """The source's usual name for something, now and then another; text alone where there is no code."""
        place = self.favourite if self.random.random() < 0.7 else self.random.randrange(12)
        system, code, display = names[place % len(names)]
        display = display.format(number)
        if not system:
            return {"text": display}
        coding = {"system": system.format(source=self.number), "code": code.format(number), "display": display}
        if self.random.random() < 0.3:
            del coding["display"]
            return {"coding": [coding], "text": display}
        return {"coding": [coding], "text": display} if self.random.random() < 0.5 else {"coding": [coding]}

    def time(self, at: datetime) -> str:
        style = self.times if self.random.random() < 0.93 else "day"
        return written(at, style)

    def date(self, at: datetime) -> str:
        """For what is known by day; now and then only the month is."""
        return written(at, "month" if self.random.random() < 0.06 else "day")

    def instant(self, at: datetime) -> str:
        return written(at, "utc" if self.times == "day" else self.times)


def written(at: datetime, style: str) -> str:
    """A moment as a source writes it: "lost" is the local time under the name of UTC."""
    if style == "utc":
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "lost":
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "offset":
        return at.isoformat(timespec="seconds")
    return at.strftime("%Y-%m" if style == "month" else "%Y-%m-%d")
