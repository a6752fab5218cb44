"""Pages: how many entries one has, which place it begins at, and the links to its neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from urllib.parse import quote

import msgspec

from fhirstore.errors import BadRequest
from fhirstore.interactions.bundles import Link
from fhirstore.interactions.request import Context, Limits
from fhirstore.search.query import PAGE, Search
from fhirstore.store.cursors import Place

Pair = tuple[str, str]


_REMEMBERED = 16
"""So many pages lead back; a token that knew them all would outgrow an address."""


@dataclass(frozen=True, slots=True)
class _Walked:
    """How many pages lie before this one, and where it and the last of them begin, nearest first."""

    pages: int = 0
    places: tuple[Place, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """The page that a request asks for, of a question that stays the same over all pages.

    `address` is without a query; `pairs` are the parameters that were heeded, less those about the page. A page
    begins at an opaque `token`, or after `skip` entries for clients that count (`skip` None: they do not).
    """

    address: str
    pairs: Sequence[Pair]
    count: int
    token: str | None = None
    skip: int | None = None

    def place(self, context: Context) -> Place | None:
        """Where the page begins. Raises BadRequest for a token of another question or caller."""
        walked = self._walked(context)
        return walked.places[0] if walked.places else None

    def links(self, context: Context, following: Place | None, shown: int) -> list[Link]:
        """self, next where there is more, and on later pages first and previous.

        self and next stand in front: clients of 1upHealth find them by position, and want `_skip` to be last.
        """
        if context.caller.profile == "oneup" and self.skip is not None:
            return self._links_for_counters(following, shown)
        walked = self._walked(context)
        here = [(PAGE, self.token)] if self.token else _skipping(self.skip)
        query = _quoted(self.pairs)
        links = [self._link("self", query, here)]
        if following is not None and shown:
            ahead = _Walked(walked.pages + 1, (following, *walked.places)[:_REMEMBERED])
            place = self._at(ahead, context) if self.skip is None else _skipping(self.skip + shown)
            links.append(self._link("next", query, place))
        if here:
            links.append(self._link("first", query, []))
        if self.skip:
            links.append(self._link("previous", query, _skipping(max(self.skip - self.count, 0))))
        elif walked.pages == 1 or len(walked.places) > 1:
            before = _Walked(walked.pages - 1, walked.places[1:])
            links.append(self._link("previous", query, self._at(before, context)))
        return links

    def _links_for_counters(self, following: Place | None, shown: int) -> list[Link]:
        """As 1upHealth's clients have it, who go on until there is no link: self and next, or none at all."""
        if following is None or not shown or self.skip is None:
            return []
        places = {"self": self.skip, "next": self.skip + shown}
        query = _quoted(self.pairs)
        return [self._link(relation, query, _skipping(skip)) for relation, skip in places.items()]

    def _walked(self, context: Context) -> _Walked:
        if not self.token:
            return _Walked()
        pages, width, *flat = context.cursors.read(context.caller.user, self._question, self.token)
        assert isinstance(pages, int)
        assert isinstance(width, int)
        return _Walked(pages, tuple(flat[start : start + width] for start in range(0, len(flat), width)))

    def _at(self, walked: _Walked, context: Context) -> list[Pair]:
        if not walked.places:
            return []
        content = [walked.pages, len(walked.places[0]), *chain.from_iterable(walked.places)]
        return [(PAGE, context.cursors.write(context.caller.user, self._question, content))]

    @property
    def _question(self) -> str:
        return f"{self.address.partition('://')[2].partition('/')[2]} {list(self.pairs)}"

    def _link(self, relation: str, query: str, place: Sequence[Pair]) -> Link:
        query = "&".join(part for part in (query, _quoted(place)) if part)
        return Link(relation, f"{self.address}?{query}" if query else self.address)


def skip_of(search: Search, context: Context) -> int | None:
    """After how many entries the page begins, for clients that count as 1upHealth's do; None for all others."""
    counts = context.caller.profile == "oneup" and search.page is None
    return search.skip if counts or any(name == "_skip" for name, _ in search.applied) else None


def page_size(count: str | None, default: int, limits: Limits) -> int:
    """What `_count` asks for, as far as the limit goes. Raises BadRequest."""
    return default if count is None else min(whole_number("_count", count), limits.page)


def whole_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"{name} must be a whole number.")
    return int(text)


def _skipping(skip: int | None) -> list[Pair]:
    return [("_skip", str(skip))] if skip else []


def _quoted(pairs: Sequence[Pair]) -> str:
    return "&".join([f"{_name(name)}={_value(value)}" for name, value in pairs])


def _name(text: str) -> str:
    return (_usual_name if len(text) < 100 else quote)(text, ":-_.")


_usual_name = lru_cache(maxsize=1024)(quote)
_is_plain = re.compile(r"[A-Za-z0-9_.~:/,|-]*").fullmatch
"""Whether a value stands in a query as it is, as most do, but for the bar of a token."""


def _value(text: str) -> str:
    return text.replace("|", "%7C") if _is_plain(text) else quote(text, ":/,")
