"""Names of people as they are compared: families, given names, initials. http://hl7.org/fhir/DSTU2/datatypes.html#humanname"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fhirstore.search.folding import fold, words
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.reading import Document, parts, text, texts

_NAMES_LIMIT, _WORDS_LIMIT = 10, 8
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "sir"})
_CREDENTIALS = frozenset(
    ["md", "do", "np", "pa", "rn", "phd", "dds", "dpm", "od", "pharmd", "facc", "fnp", "arnp", "crnp", "mbbs", "lpn"]
)
_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
_CALLED = """
william bill billy will willie; robert bob bobby rob robbie; richard dick rick rich; james jim jimmy
john jack johnny; thomas tom tommy; michael mike mick; charles chuck charlie; edward ed eddie ted ned
joseph joe joey; daniel dan danny; david dave; anthony tony; andrew andy drew; kenneth ken kenny; ronald ron ronnie
donald don; stephen steve steven; gregory greg; jeffrey jeff; lawrence larry; gerald jerry; henry hank harry
elizabeth liz beth betty; katherine kate kathy katie catherine kathryn; margaret peggy maggie meg
patricia pat patty trish; jennifer jen jenny; susan sue susie; deborah deb debbie debra; barbara barb
rebecca becky; christine chris christina; kimberly kim; dorothy dot dottie; theresa teresa; pamela pam
victoria vicky; samantha sam; jessica jess; abigail abby; nicholas nick; benjamin ben; samuel sam; alexander alex
matthew matt; timothy tim; frederick fred; philip phil; peter pete; raymond ray; leonard len; walter walt
"""


@dataclass(frozen=True, slots=True)
class HumanName:
    """Folded words; `suffix` is a generation ("jr") or empty; `shown` is the name as it was written."""

    families: tuple[str, ...]
    givens: tuple[str, ...]
    suffix: str
    shown: str

    @property
    def key(self) -> str:
        return f"{' '.join(self.families)}|{' '.join(self.givens)}|{self.suffix}"


def human_names(document: Document) -> list[HumanName]:
    """The names of a person, one or many, that have any words."""
    found = (_human_name(each) for number, each in enumerate(parts(document, "name")) if number < _NAMES_LIMIT)
    return [name for name in found if name.families or name.givens]


def _human_name(name: Document) -> HumanName:
    family, given = " ".join(texts(name, "family")), " ".join(texts(name, "given"))
    written = text(name, "text")
    if not family and not given:
        family, given = _taken_apart(written)
    said = [word for each in (*texts(name, "suffix"), family, given) for word in words(each)]
    suffix = next((word for word in said if word in _GENERATIONS), "")
    return HumanName(tuple(_telling(family)), tuple(_telling(given)), suffix, written or f"{given} {family}".strip())


def _taken_apart(written: str) -> tuple[str, str]:
    """Family and given names of "Dr. Jane Ann Smith, MD" or "Smith, Jane Ann"."""
    first, _, rest = written.partition(",")
    if rest and set(words(rest)) - _CREDENTIALS - _GENERATIONS:
        return first, rest
    *given, family = first.split() or [""]
    return family, " ".join(given)


def _telling(name: str) -> Iterator[str]:
    # An apostrophe joins what it parts (O'Brien), a hyphen parts two names.
    found = (word for word in words(fold(name).replace("'", "").replace("’", "")))
    kept = [word for word in found if word not in _TITLES | _CREDENTIALS | _GENERATIONS]
    yield from kept[:_WORDS_LIMIT]


def compare_names(one: Iterable[str], other: Iterable[str]) -> Agreement:
    """The best agreement among the names (by their keys) of two people; UNKNOWN where either has none."""
    there = list(other)
    found = [_compare(a.split("|"), b.split("|")) for a in one for b in there]
    return max(found, default=Agreement.UNKNOWN)


def _compare(one: list[str], other: list[str]) -> Agreement:
    families = set(one[0].split()) & set(other[0].split())
    if (one[2] and other[2] and one[2] != other[2]) or (not families and one[0] and other[0]):
        return Agreement.DIFFERENT
    given = _compare_given(one[1].split(), other[1].split())
    return min(given, Agreement.CLOSE) if not families else given


def compare_given_names(one: Iterable[str], other: Iterable[str]) -> Agreement:
    """As `compare_names`, whatever the family names are, which may have changed."""
    there = [each.split("|") for each in other]
    found = [
        _compare_given(given.split(), given_there.split()) if not a or not b or a == b else Agreement.DIFFERENT
        for _, given, a in (each.split("|") for each in one)
        for _, given_there, b in there
    ]
    return max(found, default=Agreement.UNKNOWN)


def are_written_out(names: Iterable[str]) -> bool:
    """Whether no first name is an initial alone."""
    return all(len(each.split("|")[1].partition(" ")[0]) > 1 for each in names)


@cache
def _formal() -> Mapping[str, frozenset[str]]:
    """What somebody may be named who is called so: "bill" → "william"."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in _CALLED.replace("\n", ";").split(";"):
        name, *called = row.split() or [""]
        for each in (name, *called):
            found[each].add(name)
    return {name: frozenset(names) for name, names in found.items()}


def _are_called_alike(one: str, other: str) -> bool:
    """Whether two names, or a name and an initial, may be short for one."""
    first, second = sorted((one, other), key=len)
    mine, theirs = (_formal().get(each, frozenset({each})) for each in (first, second))
    return any(name.startswith(first) for name in theirs) if len(first) == 1 else not mine.isdisjoint(theirs)


def _compare_given(one: list[str], other: list[str]) -> Agreement:
    """By the first names, as far as both are written; what is short for a name is CLOSE to it."""
    if not one or not other:
        return Agreement.UNKNOWN
    first, second = sorted((one[0], other[0]), key=len)
    middle = _compare_middle(one[1:], other[1:])
    if first == second and len(first) > 1:
        return Agreement.EQUAL
    if middle is Agreement.DIFFERENT:
        return Agreement.DIFFERENT
    if not _are_called_alike(first, second) and (not second.startswith(first) or len(first) == 2):
        return Agreement.DIFFERENT
    return Agreement.EQUAL if middle is Agreement.EQUAL else Agreement.CLOSE


def _compare_middle(one: list[str], other: list[str]) -> Agreement:
    """Of middle names, the first that both have; an initial is enough."""
    if not one or not other:
        return Agreement.UNKNOWN
    first, second = sorted((one[0], other[0]), key=len)
    return Agreement.EQUAL if second.startswith(first) else Agreement.DIFFERENT


def contacts(document: Document) -> frozenset[str]:
    """Telephone numbers, e-mail addresses and first lines of addresses, folded."""
    found = set()
    for telecom in parts(document, "telecom"):
        value = fold(text(telecom, "value")[:100])
        digits = "".join(character for character in value if character.isdigit())
        found.add(digits[-10:] if len(digits) >= 7 and "@" not in value else value)
    for address in parts(document, "address"):
        found.update(fold(line[:200]) for line in texts(address, "line"))
    return frozenset(found - {""})
