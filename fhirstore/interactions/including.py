"""What comes along with matches: `_include`, `_revinclude`, and their repetition.

http://hl7.org/fhir/DSTU2/search.html#include. Every step stays in the caller's scope; what is there already, and what
the limit leaves no room for, is not sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirstore.dstu2.json_format import reread
from fhirstore.interactions.request import Context
from fhirstore.search.extract import references
from fhirstore.search.includes import Include, referring
from fhirstore.store.contract import Page, Version

INCLUDED_LIMIT = 1000
_ROUNDS = 10

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Included:
    """Resources to send along, each once, in the order in which they are reached; `cut` where there were more."""

    versions: Sequence[Version] = ()
    cut: bool = False


async def included(matches: Sequence[Version], includes: Sequence[Include], context: Context) -> Included:
    """What comes along, at most a thousand resources, over at most ten steps."""
    if not includes:
        return Included()
    seen: dict[Key, Version | None] = {(match.type, match.id): None for match in matches}
    reached, cut = list(matches), False
    for round_ in range(_ROUNDS):
        followed = [include for include in includes if round_ == 0 or include.iterate]
        if not followed or not reached or cut:
            break
        fresh = await _follow(reached, followed, seen, context)
        reached = fresh[: INCLUDED_LIMIT - (len(seen) - len(matches))]
        cut = len(reached) < len(fresh)
        seen |= {(version.type, version.id): version for version in reached}
    else:
        cut = cut or bool(reached and any(include.iterate for include in includes))
    return Included([version for version in seen.values() if version is not None], cut)


async def _follow(
    sources: Sequence[Version], includes: Sequence[Include], seen: dict[Key, Version | None], context: Context
) -> list[Version]:
    found: dict[Key, Version] = {}
    forward = _targets(sources, [include for include in includes if not include.reverse], context.base)
    wanted = [key for key in forward if key not in seen]
    for version in await context.resources.current_all(wanted) if wanted else ():
        if not version.deleted:
            found[version.type, version.id] = version
    addresses = tuple(f"{source.type}/{source.id}" for source in sources)
    for include in includes:
        if include.reverse:
            for match in (await context.resources.find(referring(include, addresses), _ALL)).matches:
                found.setdefault((match.version.type, match.version.id), match.version)
    return [version for key, version in found.items() if key not in seen]


_ALL = Page(INCLUDED_LIMIT + 1, total=False)


def _targets(sources: Sequence[Version], includes: Sequence[Include], base: str) -> dict[Key, None]:
    targets: dict[Key, None] = {}
    for source in sources:
        following = [include for include in includes if include.type in {None, source.type}]
        document = reread(source.body) if following else {}
        for include in following:
            for key in references(source.type, document, include.parameter, base):
                if include.target in {None, key[0]}:
                    targets[key] = None
    return targets
