"""The words of a resource, for `_content` and `_text`, and the small language in which they are asked for.

http://hl7.org/fhir/DSTU2/search.html#content. A query is words, which must all be there; `or`, `and`, `not` and
parentheses combine them. Case and accents do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from fhirstore.search.folding import words
from fhirstore.search.parameters import refuse
from fhirstore.search.plan import Filter, HasWord, Not, all_of, any_of

NARRATIVE = "~"
"""Stands before the words of the narrative."""

_LONGEST = 40
_WORDS_LIMIT = 20_000
_BASE64 = 200
_APART = frozenset({"resourceType", "id", "meta", "text"})
_SKIPPED = frozenset({"resourceType", "div", "reference", "contentType", "data"})
_QUERY_LIMIT = 100
_DEPTH_LIMIT = 20


def words_of(document: Mapping[str, Any], found: Iterable[str] = ()) -> tuple[str, ...]:
    """The distinct words of a document: of its narrative with "~" before them, of everything else, its
    id and meta left out, as they are; and those that were found in more of it before.

    Base64, addresses of references and words of more than 40 characters are left out, as are words beyond 20,000.
    """
    text = document.get("text")
    div = text.get("div") if type(text) is dict else None
    rest = {name: value for name, value in document.items() if name not in _APART}
    distinct = dict.fromkeys([*found, *words_within(rest)])
    if type(div) is not str:
        return tuple(distinct) if len(distinct) <= _WORDS_LIMIT else tuple(distinct)[:_WORDS_LIMIT]
    narrative = dict.fromkeys(words(_without_tags(div)))
    marked = [NARRATIVE + word for word in narrative if len(word) < _LONGEST]
    return tuple((marked + [word for word in distinct if word not in narrative])[:_WORDS_LIMIT])


def words_within(value: Any) -> list[str]:
    """The words of every string and number within a value, without walking it by recursion."""
    texts: list[str] = []
    waiting: list[Any] = [value]
    for node in waiting:  # which grows meanwhile
        kind = type(node)
        if kind is str:
            texts.append(node)
        elif kind is dict:
            waiting += node.values() if _SKIPPED.isdisjoint(node) else _told(node)
        elif kind is list:
            waiting += node
        elif kind is int or kind is Decimal:
            texts.append(str(node))
    found = words(" ".join(texts))
    if max(map(len, found), default=0) <= _LONGEST:
        return found
    return [word for word in found if len(word) <= _LONGEST]


def _told(element: Mapping[str, Any]) -> list[Any]:
    """What an element holds, without the texts that are for machines."""
    return [
        value
        for name, value in element.items()
        if type(value) is not str or name not in _SKIPPED or (name == "data" and len(value) <= _BASE64)
    ]


def _without_tags(markup: str) -> str:
    """The text between tags; entities are left as they are, their names count as words."""
    return " ".join(part.rpartition(">")[2] for part in markup.split("<"))


def compile_words(name: str, text: str) -> Filter:
    """A `_content` or `_text` query. Raises BadRequest for one that cannot be read."""
    tokens = text.replace("(", " ( ").replace(")", " ) ").replace('"', " ").split()
    if not tokens or len(tokens) > _QUERY_LIMIT or tokens.count("(") > _DEPTH_LIMIT:
        refuse(name, f"needs 1 to {_QUERY_LIMIT} words")
    found, rest = _either(name, tokens)
    if rest:
        refuse(name, "has a parenthesis that was not opened")
    return found


def _either(name: str, tokens: list[str]) -> tuple[Filter, list[str]]:
    parts = []
    while True:
        part, tokens = _all(name, tokens)
        parts.append(part)
        if not tokens or tokens[0].lower() != "or":
            return any_of(tuple(parts)), tokens
        tokens = tokens[1:]


def _all(name: str, tokens: list[str]) -> tuple[Filter, list[str]]:
    parts: list[Filter] = []
    while tokens and tokens[0] != ")" and tokens[0].lower() != "or":
        turned = 0
        while tokens and tokens[0].lower() in {"and", "not"}:
            turned += tokens[0].lower() == "not"
            tokens = tokens[1:]
        if not tokens:
            refuse(name, "ends where a word should follow")
        if tokens[0] == "(":
            part, tokens = _either(name, tokens[1:])
            if not tokens or tokens[0] != ")":
                refuse(name, "has a parenthesis that is not closed")
        else:
            part = _word(name, tokens[0])
        tokens = tokens[1:]
        parts.append(Not(part) if turned % 2 else part)
    return all_of(tuple(parts)) if parts else refuse(name, "has no word where one is needed"), tokens


def _word(name: str, text: str) -> Filter:
    found = words(text) or refuse(name, "needs words of letters or digits")
    forms = ((NARRATIVE + word,) if name == "_text" else (word, NARRATIVE + word) for word in found)
    return all_of(tuple(HasWord(each) for each in forms))
