"""Judge the value of each primitive type: its JSON kind, its format, its range.

http://hl7.org/fhir/DSTU2/datatypes.html#primitive and json.html#primitive. A check answers None, or the fault
as (issue code, message). The formats are the specification's regular expressions, each written so that a text
can be read in one way only (no backtracking), with days checked against the calendar besides.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

Fault = tuple[str, str]
Check = Callable[[Any], Fault | None]

EMPTY: Fault = ("required", "must not be empty")
_TIMED: Fault = ("value", "a date has no time of day")
_ZONELESS: Fault = ("value", "a dateTime with a time needs a time zone")
_SHORT: Fault = ("value", "a dateTime with a time has seconds and a time zone")
_INEXACT: Fault = ("value", "an instant has a time with seconds and a time zone")
_BLANKS_IN_CODE: Fault = ("value", "a code has no blanks around it and only single ones within")
_BLANKS_IN_URI: Fault = ("value", "a URI has no blanks around it")
LEGIBLE = frozenset({_TIMED, _ZONELESS, _SHORT, _INEXACT, _BLANKS_IN_CODE, _BLANKS_IN_URI})
"""What real systems write instead of the right format, and everybody here reads as what it is meant for."""

TEXT_LIMIT = 1024 * 1024

_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_DATE = r"-?([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])%s)?)?"

_match_date = re.compile(_DATE % "").fullmatch
_match_date_time = re.compile(_DATE % f"(?:T{_CLOCK}({_ZONE})?)?").fullmatch
_match_instant = re.compile(rf"-?([0-9]{{4}})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T{_CLOCK}{_ZONE}").fullmatch
_LOOSE_CLOCK = rf"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:{_ZONE})?)?"
_match_any = re.compile(_DATE % _LOOSE_CLOCK).fullmatch
_match_time = re.compile(_CLOCK).fullmatch
_match_id = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_match_oid = re.compile(r"urn:oid:(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*").fullmatch
_match_uuid = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_match_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:").match
_match_code = re.compile(r"[^\s]+(?: [^\s]+)*", re.ASCII).fullmatch
_match_base64 = re.compile(r"[A-Za-z0-9+/]*={0,2}").fullmatch

# Characters that XML 1.0 cannot hold, and so no FHIR string may: both formats carry the same content.
_find_forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").search
_WHITESPACE = dict.fromkeys(map(ord, " \t\r\n"))


def check_boolean(value: object) -> Fault | None:
    return None if value is True or value is False else _wrong_kind(value, "true or false, without quotes")


def check_decimal(value: object) -> Fault | None:
    """Every JSON number is one; an exponent is read as the number it stands for."""
    if isinstance(value, Decimal) or type(value) is int:
        return None
    return _wrong_kind(value, "a number, without quotes")


def check_string(value: object) -> Fault | None:
    return _text_fault(value)


def check_uri(value: object) -> Fault | None:
    """xs:anyURI holds nearly any text; the two prefixes are OIDs and UUIDs written without their "urn:"."""
    fault = _text_fault(value)
    if fault is not None:
        return fault
    assert isinstance(value, str)
    if value != value.strip():
        return _BLANKS_IN_URI
    if value.startswith(("oid:", "uuid:")):
        return ("value", 'an OID or a UUID is written as a URI with "urn:" before it')
    return None


def check_system(value: object) -> Fault | None:
    """The system of a Coding or an Identifier: a URI that means the same everywhere, so not a relative one."""
    fault = check_uri(value)
    if fault is None and not _match_scheme(cast("str", value)):
        return ("code-invalid", "a system is an absolute URI")
    return fault


def check_code(value: object) -> Fault | None:
    fault = _text_fault(value)
    if fault is not None or _match_code(cast("str", value)):
        return fault
    return _BLANKS_IN_CODE


def check_base64(value: object) -> Fault | None:
    if not isinstance(value, str):
        return _wrong_kind(value, "base64 text")
    packed = value if value.isascii() and value.isalnum() else value.translate(_WHITESPACE)
    if not packed:
        return EMPTY
    if len(packed) % 4 or not _match_base64(packed):
        return ("value", "is not base64")
    return None


def check_date(value: object) -> Fault | None:
    return _calendar_fault(value, _match_date, "a date is YYYY, YYYY-MM or YYYY-MM-DD", _TIMED)


def check_date_time(value: object) -> Fault | None:
    fault = _calendar_fault(
        value,
        _match_date_time,
        "a dateTime is YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone",
        _SHORT,
    )
    if fault is None and isinstance(value, str) and "T" in value and not value.endswith("Z") and value[-6] not in "+-":
        return _ZONELESS
    return fault


def check_instant(value: object) -> Fault | None:
    return _calendar_fault(value, _match_instant, "an instant is YYYY-MM-DDThh:mm:ss with a time zone", _INEXACT)


def moments(text: str) -> tuple[datetime, datetime] | None:
    """The first and the last moment of a date, dateTime or instant, as UTC; None for years beyond datetime.

    "2015-02" is from its first microsecond to its last; a fraction of a second counts to the microsecond.
    """
    try:
        day, _, clock = text.partition("T")
        parts = [int(part) for part in day.split("-")]
        if not clock:
            return _whole_days(*parts)
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment, moment


def _whole_days(year: int, month: int = 0, day: int = 0) -> tuple[datetime, datetime]:
    first = datetime(year, month or 1, day or 1, tzinfo=UTC)
    last_month = month or 12
    last_day = day or monthrange(year, last_month)[1]
    return first, datetime(year, last_month, last_day, 23, 59, 59, 999999, tzinfo=UTC)


def integer_check(name: str, low: int) -> Check:
    def check(value: object) -> Fault | None:
        if type(value) is int:
            if low <= value <= 2**31 - 1:
                return None
            return ("value", f"is outside the range of {name}")
        if isinstance(value, Decimal):
            return ("value", "is a whole number, written without fraction or exponent")
        return _wrong_kind(value, "a whole number, without quotes")

    return check


def format_check(match: Callable[[str], object], rule: str) -> Check:
    def check(value: object) -> Fault | None:
        if type(value) is str and match(value):
            return None
        return _text_fault(value) or ("value", rule)

    return check


def _text_fault(value: object) -> Fault | None:
    if not isinstance(value, str):
        return _wrong_kind(value, "a string")
    if not value:
        return EMPTY
    if len(value) > TEXT_LIMIT:
        return ("too-long", "is longer than 1 MB")
    if not value.isprintable() and _find_forbidden(value):
        return ("value", "holds a control character")
    return None


def _calendar_fault(
    value: object, match: Callable[[str], re.Match[str] | None], rule: str, otherwise: Fault
) -> Fault | None:
    """`otherwise` is the fault of a date that is written as one of another type or precision."""
    if not isinstance(value, str):
        return _wrong_kind(value, "a string")
    fault = None
    found = match(value)
    if found is None:
        found, fault = _match_any(value), otherwise
    if found is None:
        return ("value", rule) if value else EMPTY
    year, month, day = found.group(1, 2, 3)
    if year == "0000":
        return ("value", "there is no year 0000")
    # Every month has 28 days; only what lies beyond needs the calendar.
    if day is not None and day > "28" and int(day) > monthrange(int(year), int(month))[1]:
        return ("value", "there is no such day in the calendar")
    return fault


def _wrong_kind(value: object, expected: str) -> Fault:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return ("structure", f"must be {expected}, not {kinds.get(type(value), 'a number')}")


CHECKS: dict[str, Check] = {
    "base64Binary": check_base64,
    "boolean": check_boolean,
    "code": check_code,
    "date": check_date,
    "dateTime": check_date_time,
    "decimal": check_decimal,
    "id": format_check(_match_id, "an id is 1 to 64 letters, digits, hyphens and dots"),
    "instant": check_instant,
    "integer": integer_check("a 32-bit integer", -(2**31)),
    "markdown": check_string,
    "oid": format_check(_match_oid, "an OID is urn:oid: and numbers joined by dots"),
    "positiveInt": integer_check("positive integers", 1),
    "string": check_string,
    "time": format_check(_match_time, "a time is hh:mm:ss, without a time zone"),
    "unsignedInt": integer_check("unsigned integers", 0),
    "uri": check_uri,
    "uuid": format_check(_match_uuid, "a UUID is urn:uuid: and lower-case hexadecimal digits in five groups"),
    "xhtml": check_string,
}

_match_text = re.compile(r"[ -~]{1,1000}").fullmatch

# What settles most strings at once, in compiled code: whatever one of these matches, the check accepts too.
SURE_MATCHES: dict[str, Callable[[str], object]] = {
    "code": re.compile(r"[!-~]{1,1000}").fullmatch,
    "date": re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])").fullmatch,
    "dateTime": re.compile(
        rf"[12][0-9]{{3}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])(?:T{_CLOCK}{_ZONE})?"
    ).fullmatch,
    "id": _match_id,
    "instant": re.compile(rf"[12][0-9]{{3}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T{_CLOCK}{_ZONE}").fullmatch,
    "markdown": _match_text,
    "string": _match_text,
    "system": re.compile(r"(?:https?|urn):[!-~]{1,1000}").fullmatch,
    "uri": re.compile(r"(?!oid:|uuid:)[!-~]{1,1000}").fullmatch,
}
