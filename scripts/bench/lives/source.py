"""A source and its habits: how it writes times, which names, units and fields it prefers, what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from lives.life import Event, Life
from lives.vocabulary import FAMILIES, LOCAL, Name

Document = dict[str, Any]


class Source:
    """A record system with habits: how it writes times, which names, units and fields it prefers."""

    def __init__(self, random: Random, number: int, life: Life) -> None:
        self.random = random
        self.number = number
        self.uri = f"https://source{number}.example.org/fhir"
        self.people = {person.role: person for person in life.people}
        self.times = random.choice((*("offset", "utc", "utc", "lost") * 2, "day", "midnight"))
        self.days = random.choice(("day", "day", "day", "midnight", "local midnight"))
        self.metric = random.random() < 0.4
        self.gaps = random.uniform(0.03, 0.15)
        self.has = {"self": True, "twin": random.random() < 0.5, "father": random.random() < 0.4}
        self.favourite = random.randrange(12)
        self.beside = random.random() < 0.4  # codes of its own beside those of others
        self.molar = random.random() < 0.25
        self.bare = random.random() < 0.25  # drugs by brand and ingredient, the strength in the dose
        self.diagnoses = random.random() < 0.25  # problems as the diagnoses of visits
        self.married = random.choice(FAMILIES) if random.random() < 0.1 else ""
        # Whether it tells a blood pressure as two; by a chance of its own, so that all others fall as they did.
        self.single = Random(f"{self.people['self'].phone} {number}").random() < 0.3
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
        codings = [coding]
        if self.beside and not system.startswith("urn:oid"):
            own = {
                "system": LOCAL.format(source=self.number),
                "code": f"{len(display)}{coding['code']}",
                "display": display,
            }
            codings = self.random.choice(([coding, own], [own, coding]))
        if self.random.random() < 0.3:
            del coding["display"]
            return {"coding": codings, "text": display}
        return {"coding": codings, "text": display} if self.random.random() < 0.5 else {"coding": codings}

    def time(self, at: datetime) -> str:
        style = self.times if self.random.random() < 0.93 else "day"
        return written(at, style)

    def date(self, at: datetime) -> str:
        """For what is known by day; now and then only the month is, and some write midnight for the day."""
        return written(at, "month" if self.random.random() < 0.06 else self.days)

    def instant(self, at: datetime) -> str:
        return written(at, "utc" if self.times in {"day", "midnight"} else self.times)


def written(at: datetime, style: str) -> str:
    """A moment as a source writes it: "lost" is the local time under the name of UTC, "midnight" the day alone."""
    if style == "midnight":
        return at.strftime("%Y-%m-%dT00:00:00Z")
    if style == "local midnight":
        return at.replace(hour=0, minute=0, second=0, microsecond=0).isoformat(timespec="seconds")
    if style == "utc":
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "lost":
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "offset":
        return at.isoformat(timespec="seconds")
    return at.strftime("%Y-%m" if style == "month" else "%Y-%m-%d")
