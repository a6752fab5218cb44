"""`_filter`: one expression in place of many parameters.

http://hl7.org/fhir/DSTU2/search_filter.html. `name co "pet" and not (gender eq male)`; paths may be chains. Comparisons
are those of the specification: eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirstore.dstu2 import catalog
from fhirstore.search.compile import DEPTH_LIMIT, Compiler
from fhirstore.search.context import Context
from fhirstore.search.kinds import date, string, token, uri
from fhirstore.search.parameters import Parameter, parameter, parameters, refuse
from fhirstore.search.plan import Filter, HasPrefix, InRange, LinksTo, Not, all_of, any_of
from fhirstore.search.prefixes import overlapping

_TOKEN = re.compile(r'\s+|[()]|"(?:[^"\\]|\\.)*"|[^\s()"]+')
_ORDERED = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb"})
_OPERATIONS = _ORDERED | {"co", "sw", "ew", "pr", "po", "ss", "sb", "in", "ni", "re"}
_LENGTH_LIMIT = 4000
_NESTING_LIMIT = 20
_ESCAPED = str.maketrans({",": "\\,", "|": "\\|", "$": "\\$", "\\": "\\\\"})
_KEPT_BARS = str.maketrans({",": "\\,", "$": "\\$", "\\": "\\\\"})


def compile_expression(resource_type: str, text: str, context: Context) -> Filter:
    """An expression's filter. Raises BadRequest naming _filter or the parameter inside it."""
    reader = _Reader(resource_type, _tokens(text), context)
    found = reader.either(0)
    if not reader.ended:
        _refuse("has something left over at its end")
    return found


def _refuse(reason: str) -> Filter:
    refuse("_filter", reason)


def _tokens(text: str) -> list[str]:
    if len(text) > _LENGTH_LIMIT:
        _refuse(f"is longer than {_LENGTH_LIMIT} characters")
    found, place = [], 0
    for match in _TOKEN.finditer(text):
        if match.start() != place:
            break
        place = match.end()
        if not match.group().isspace():
            found.append(match.group())
    if place != len(text):
        _refuse("has a text in quotes that does not end")
    return found


class _Reader:
    """Reads tokens from left to right; `and` binds closer than `or`."""

    def __init__(self, resource_type: str, tokens: Sequence[str], context: Context) -> None:
        self._type = resource_type
        self._tokens = tokens
        self._place = 0
        self._context = context
        self._compiler = Compiler(context)

    @property
    def ended(self) -> bool:
        return self._place == len(self._tokens)

    def either(self, depth: int) -> Filter:
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return any_of(tuple(parts))

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return all_of(tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth > _NESTING_LIMIT:
            _refuse("nests too deeply")
        if self._take("not"):
            return Not(self._one(depth + 1))
        if self._take("("):
            found = self.either(depth + 1)
            if not self._take(")"):
                _refuse("has a parenthesis that is not closed")
            return found
        path, operation, value = self._next(), self._next(), self._next()
        if operation not in _OPERATIONS or value in {"(", ")"}:
            _refuse("needs comparisons of the form [path] [operation] [value]")
        return self._compared(self._type, path, operation, value, 0)

    def _take(self, word: str) -> bool:
        taken = not self.ended and self._tokens[self._place] == word
        self._place += taken
        return taken

    def _next(self) -> str:
        if self.ended:
            _refuse("ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _compared(self, type_: str, path: str, operation: str, value: str, depth: int) -> Filter:
        head, dot, rest = path.partition(".")
        name, _, target = head.partition(":")
        if "[" in path or depth > DEPTH_LIMIT:
            refuse("_filter", "has a path that is not supported here: parameters joined by dots are")
        found = parameter(type_, name)
        if not dot:
            return self._comparison(found, operation, value)
        if found.kind != "reference":
            refuse(found, "is not a reference, so no path can go through it")
        following = rest.partition(".")[0].partition(":")[0]
        types = (target,) if target else found.targets or catalog.resource_types()
        knowing = [each for each in types if following in parameters(each)] or refuse(rest, "is not known there")
        return any_of(
            tuple(
                LinksTo(found.key, (each,), self._compared(each, rest, operation, value, depth + 1)) for each in knowing
            )
        )

    def _comparison(self, found: Parameter, operation: str, value: str) -> Filter:
        plain = _unquoted(value)
        if operation == "pr":
            return self._compiler.values(found, "missing", {"true": "false", "false": "true"}.get(plain, ""))
        if operation == "ne" and found.kind not in {"date", "number", "quantity"}:
            return Not(self._comparison(found, "eq", value))
        made = _BY_KIND.get(found.kind, _any_kind)(self, found, operation, plain)
        if made is None:
            refuse(found, f"cannot be compared with '{operation}'")
        return made

    def values(self, found: Parameter, modifier: str | None, text: str) -> Filter:
        return self._compiler.values(found, modifier, text)

    @property
    def context(self) -> Context:
        return self._context


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def _string(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    match operation:
        case "eq":
            return string.whole(found, value)
        case "co":
            return reader.values(found, "contains", value.translate(_ESCAPED))
        case "sw":
            return reader.values(found, None, value.translate(_ESCAPED))
        case "ew":
            return string.ending(found, value)
    return None


def _token(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    modifier = {"eq": None, "ss": "above", "sb": "below", "in": "in", "ni": "not-in"}
    if operation == "co":
        return token.contains(found, value)
    if operation not in modifier:
        return None
    return reader.values(found, modifier[operation], value.translate(_KEPT_BARS))


def _date(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    if operation == "po":
        low, high = date.interval(value) or refuse(found, "needs a date")
        return any_of(tuple(InRange(found.key, limits) for limits in overlapping(low, high)))
    return _ordered(reader, found, operation, value)


def _ordered(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    if operation not in _ORDERED:
        return None
    return reader.values(found, None, operation + value.translate(_KEPT_BARS))


def _reference(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    return reader.values(found, None, value.translate(_ESCAPED)) if operation in {"eq", "re"} else None


def _uri(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    if operation == "sw":
        return HasPrefix(f"{found.key}={value}")
    modifier = {"eq": None, "ss": "above", "sb": "below"}
    return (
        uri.compile(found, modifier[operation], value.translate(_ESCAPED), reader.context)
        if operation in modifier
        else None
    )


def _any_kind(reader: _Reader, found: Parameter, operation: str, value: str) -> Filter | None:
    """_id, _lastUpdated, composites and sounds: what a parameter of that name would ask."""
    if found.name == "_lastUpdated":
        return _ordered(reader, found, operation, value)
    return reader.values(found, None, value.translate(_KEPT_BARS)) if operation == "eq" else None


_BY_KIND = {
    "string": _string,
    "token": _token,
    "date": _date,
    "number": _ordered,
    "quantity": _ordered,
    "reference": _reference,
    "uri": _uri,
}
