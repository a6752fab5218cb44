"""The words of a resource, for `_content` and `_text`, and the small language in which they are asked for.

http://hl7.org/fhir/DSTU2/search.html#content. A query is words, which must all be there; `or`, `and`, `not` and
parentheses combine them. Case and accents do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhirstore.dstu2.codings import REMEMBERED, PlainCoding, plain_coding
from fhirstore.search.folding import words
from fhirstore.search.parameters import refuse
from fhirstore.search.plan import Filter, HasWord, Not, all_of, any_of

NARRATIVE = "~"
"""Stands before the words of the narrative."""

_LONGEST = 40
_WORDS_LIMIT = 20_000
_BASE64 = 200
_APART = ("id", "meta", "text")
_SKIPPED = frozenset({"resourceType", "div", "reference", "contentType", "data"})
_QUERY_LIMIT = 100
_DEPTH_LIMIT = 20


def words_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The distinct words of a document: of its narrative with "~" before them, of everything else, its
    id and meta left out, as they are.

    Base64, addresses of references and words of more than 40 characters are left out, as are words beyond 20,000.
    """
    text = document.get("text")
    div = text.get("div") if type(text) is dict else None
    rest = dict(document)
    for name in _APART:
        rest.pop(name, None)
    found = _gathered(rest)
    if type(div) is not str:
        return tuple(found) if len(found) <= _WORDS_LIMIT else tuple(found)[:_WORDS_LIMIT]
    narrative = dict.fromkeys(words(_without_tags(div)))
    marked = [NARRATIVE + word for word in narrative if len(word) < _LONGEST]
    return tuple((marked + [word for word in found if word not in narrative])[:_WORDS_LIMIT])


def _gathered(document: Mapping[str, Any]) -> dict[str, None]:
    """The words of every string and number of a document, without walking it by recursion."""
    texts: list[str] = []
    found: list[str] = []
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is dict:
            if "system" in node and (known := plain_coding(node)):
                found += _words_of_known(known)
                continue
            for name, value in node.items():
                if type(value) is not str:
                    waiting.append(value)
                elif name not in _SKIPPED or (name == "data" and len(value) <= _BASE64):
                    texts.append(value)
        elif kind is list:
            waiting += node
        elif kind is str:
            texts.append(node)
        elif kind is int or kind is Decimal:
            texts.append(str(node))
    found += words(" ".join(texts))
    distinct = dict.fromkeys(found)
    return distinct if max(map(len, distinct), default=0) <= _LONGEST else _without_long(distinct)


@lru_cache(maxsize=REMEMBERED)
def _words_of_known(coding: PlainCoding) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words(" ".join(filter(None, coding)))))


def _without_long(found: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys([word for word in found if len(word) <= _LONGEST])


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
