"""$meta, $meta-add and $meta-delete: profiles, tags and security labels.

http://hl7.org/fhir/DSTU2/resource-operations.html#meta. Adding and taking away makes a new version: what was true of
an older one stays written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from fhirstore.clock import instant
from fhirstore.dstu2.json_format import content, dump, parse, reread
from fhirstore.dstu2.sources import SOURCE_SYSTEM, Stated, is_absolute_uri, source_of, tagged, with_source
from fhirstore.errors import BadRequest, Gone, Issue, NotFound
from fhirstore.interactions.incoming import entries_of
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.write import Write
from fhirstore.search.plan import AnyOf, HasPrefix, Plan
from fhirstore.store.contract import Change, Page, Version

_LISTS = ("profile", "security", "tag")
_LABELLED = AnyOf((HasPrefix("_tag"), HasPrefix("_profile"), HasPrefix("_security")))
_PAGE = 200

Meta = Mapping[str, Any]
Join = Callable[[Meta, Meta], dict[str, Any]]


async def meta(request: Request, context: Context) -> Reply:
    """The meta of a version, of a resource, or all that is in use on a type or in the whole record."""
    if not request.id:
        return _returned(await _in_use(request, context))
    if request.vid:
        version = await context.resources.version(request.type, request.id, request.number)
    else:
        version = await context.resources.current(request.type, request.id)
    return _returned(reread(_present(request, version).body).get("meta") or {})


def meta_add(request: Request, context: Context) -> Write:
    """Put profiles, tags and labels to those that are there."""
    return _changing(request, context, joined)


def meta_delete(request: Request, context: Context) -> Write:
    """Take profiles, tags and labels away, where they are."""
    return _changing(request, context, lessened)


def joined(one: Meta, other: Meta) -> dict[str, Any]:
    """Everything in either, each once; a coding is the same where its system and code are."""
    lists = {name: list({_key(x): x for x in [*_list(other, name), *_list(one, name)]}.values()) for name in _LISTS}
    return {**one, **{name: values for name, values in lists.items() if values}}


def lessened(one: Meta, other: Meta) -> dict[str, Any]:
    """What is in the one and not in the other."""
    kept = {name: value for name, value in one.items() if name not in _LISTS}
    for name in _LISTS:
        gone = {_key(each) for each in _list(other, name)}
        if left := [each for each in _list(one, name) if _key(each) not in gone]:
            kept[name] = left
    return kept


def _changing(request: Request, context: Context, join: Join) -> Write:
    given = _given_meta(request)
    named = source_of(given) if join is joined else None

    def decide(current: Version | None) -> Version | None:
        current = _present(request, current)
        document = reread(current.body)
        before = content(current.body, document)
        stays = Stated(source_of(before.meta) or context.source.default, named)
        after = structs.replace(before, meta=with_source(join(before.meta, given), stays))
        if after.same_as(before):
            return None
        number, now = current.number + 1, max(context.clock(), current.updated)
        body = after.stamp(request.id, number, instant(now))
        entries = entries_of(document, after.meta, request.id, context.base)
        return Version(request.type, request.id, number, now, "PUT", body, entries)

    return Write(
        Change(request.type, request.id, decide),
        lambda written: structs.replace(_returned(reread(written.body).get("meta") or {}), version=written),
    )


def _given_meta(request: Request) -> Meta:
    document = parse(request.body)
    parameters = document.get("parameter")
    for parameter in parameters if isinstance(parameters, list) else ():
        if isinstance(parameter, dict) and isinstance(parameter.get("valueMeta"), dict):
            given: Meta = {name: parameter["valueMeta"][name] for name in _LISTS if name in parameter["valueMeta"]}
            if all(_well_formed(given, name) for name in _LISTS):
                _check_source(given)
                return given
    reason = "A Parameters resource with a parameter `meta` (valueMeta) is needed."
    raise BadRequest(reason, [Issue("error", "required", reason, "Parameters.parameter")])


def _check_source(given: Meta) -> None:
    named = tagged(given, SOURCE_SYSTEM)
    if len(named) > 1 or not all(map(is_absolute_uri, named)):
        reason = f"A resource has one source: one tag of {SOURCE_SYSTEM}, whose code is an absolute URI."
        raise BadRequest(reason, [Issue("error", "value", reason, "Parameters.parameter.valueMeta.tag")])


def _well_formed(given: Meta, name: str) -> bool:
    values = given.get(name, [])
    wanted = str if name == "profile" else dict
    return isinstance(values, list) and all(isinstance(value, wanted) and value for value in values)


async def _in_use(request: Request, context: Context) -> dict[str, Any]:
    plan = Plan((request.type,) if request.type else (), _LABELLED)
    together: dict[str, Any] = {}
    page = Page(_PAGE, total=False)
    while True:
        found = await context.resources.find(plan, page)
        for match in found.matches:
            labels = reread(match.version.body).get("meta") or {}
            together = joined(together, {name: labels[name] for name in _LISTS if name in labels})
        if found.next is None:
            return together
        page = replace(page, after=found.next)


def _present(request: Request, version: Version | None) -> Version:
    if version is None:
        raise NotFound(f"There is no {request.type} with this id.")
    if version.deleted:
        raise Gone(f"This {request.type} was deleted.")
    return version


def _returned(found: Meta) -> Reply:
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": dict(found)}]}
    return Reply(200, dump(parameters))


def _list(labels: Meta, name: str) -> Iterable[Any]:
    values = labels.get(name)
    return values if isinstance(values, list) else ()


def _key(label: Any) -> Any:
    return (label.get("system"), label.get("code")) if isinstance(label, dict) else label
