"""The requests that are measured: seeded records, and for each workload the bytes that are sent in turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from seed import LOINC, bundle, observation, patient
from targets import FORM, Target

OBSERVATIONS_EACH = 10
BUNDLE = 100
_VARIETY = 400


@dataclass(frozen=True)
class Seeded:
    """What a target holds: ids of the patients and of the observations, ten of each patient."""

    target: Target
    patients: Sequence[str]
    observations: Sequence[str]


@dataclass(frozen=True)
class Workload:
    """Raw requests by name; `weight` is how many resources one of them writes; `once`: none can be sent again."""

    name: str
    requests: Callable[[Seeded], list[bytes]]
    weight: int = 1
    once: bool = False


def seed(target: Target, resources: int) -> Seeded:
    """Load patients with ten observations each, by transactions, so that any DSTU2 server can take them."""
    people = max(resources // (OBSERVATIONS_EACH + 1), 1)
    patients = _written(target, [patient(number) for number in range(people)])
    observations = _written(
        target,
        [
            observation(number, f"Patient/{patients[number // OBSERVATIONS_EACH]}")
            for number in range(people * OBSERVATIONS_EACH)
        ],
    )
    return Seeded(target, patients, observations)


def _written(target: Target, resources: Sequence[dict[str, Any]]) -> list[str]:
    """Create them all; answers their ids."""
    ids: list[str] = []
    for start in range(0, len(resources), BUNDLE):
        answer = target.fhir("POST", "", bundle("transaction", list(resources[start : start + BUNDLE])))
        for entry in answer["entry"]:
            before, _, _ = entry["response"]["location"].partition("/_history/")
            ids.append(before.rpartition("/")[2])
    return ids


def _body(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource, separators=(",", ":")).encode()


def _some(ids: Sequence[str]) -> list[str]:
    return Random(1).sample(list(ids), min(len(ids), _VARIETY))


def _pressures(seeded: Seeded) -> Iterator[dict[str, Any]]:
    """Blood pressures of about a kilobyte, of all patients in turn."""
    for number in range(_VARIETY):
        person = seeded.patients[number % len(seeded.patients)]
        yield observation(2 * number + 1_000_000, f"Patient/{person}")


def _create(seeded: Seeded) -> list[bytes]:
    return [seeded.target.raw("POST", "/Observation", _body(each)) for each in _pressures(seeded)]


def _update(seeded: Seeded) -> list[bytes]:
    """Two different bodies for each id, in turn, so that every one changes something."""
    found = []
    for round_ in range(2):
        for id, resource in zip(_some(seeded.observations), _pressures(seeded), strict=False):
            changed = {**resource, "id": id, "comments": f"Round {round_}"}
            found.append(seeded.target.raw("PUT", f"/Observation/{id}", _body(changed)))
    return found


def _transactions(size: int) -> Callable[[Seeded], list[bytes]]:
    """Requests that create so many resources each."""

    def requests(seeded: Seeded) -> list[bytes]:
        pressures = [*_pressures(seeded)]
        starts = range(0, len(pressures), size)
        parts = (bundle("transaction", pressures[start : start + size]) for start in starts)
        return [seeded.target.raw("POST", "", _body(part)) for part in parts]

    return requests


def _mix(seeded: Seeded) -> list[bytes]:
    """80 % reads, 20 % creates."""
    reads, creates = _read(seeded), _create(seeded)
    return [request for n, create in enumerate(creates) for request in (*islice(_turning(reads, 4 * n), 4), create)]


def _turning(items: Sequence[bytes], start: int) -> Iterator[bytes]:
    while True:
        yield items[start % len(items)]
        start += 1


def _read(seeded: Seeded) -> list[bytes]:
    return [seeded.target.raw("GET", f"/Observation/{id}") for id in _some(seeded.observations)]


def _vread(seeded: Seeded) -> list[bytes]:
    return [seeded.target.raw("GET", f"/Observation/{id}/_history/1") for id in _some(seeded.observations)]


def _everything(seeded: Seeded) -> list[bytes]:
    return [seeded.target.raw("GET", f"/Patient/{id}/$everything") for id in _some(seeded.patients)]


def _searching(type: str, *pairs: tuple[str, str]) -> Callable[[Seeded], list[bytes]]:
    """Requests for a search; {patient} in a value stands for one patient's id."""

    def requests(seeded: Seeded) -> list[bytes]:
        queries = (
            urlencode([(name, value.replace("{patient}", id)) for name, value in pairs], quote_via=quote)
            for id in _some(seeded.patients)
        )
        return [seeded.target.raw("GET", f"/{type}?{query}") for query in dict.fromkeys(queries)]

    return requests


def _exchange(seeded: Seeded) -> list[bytes]:
    """Codes are spent by their first use, so each request has its own."""
    target = seeded.target
    codes = (target.form("/user-management/v1/user/auth-code", app_user_id="bench")["code"] for _ in range(_VARIETY))
    forms = ({**target.credentials, "grant_type": "authorization_code", "code": code} for code in codes)
    return [replace_path(target).raw("POST", "/oauth2/token", urlencode(form).encode(), FORM) for form in forms]


def replace_path(target: Target) -> Target:
    """The same server outside of its FHIR endpoint, and without a token."""
    return Target(target.name, target.address)


# What only reads comes first: it finds the record as it was loaded.
WORKLOADS = (
    Workload("read", _read),
    Workload("vread", _vread),
    Workload("search, 10 hits", _searching("Observation", ("subject", "Patient/{patient}"))),
    Workload("search by _id", _searching("Patient", ("_id", "{patient}"))),
    Workload("search token", _searching("Observation", ("code", f"{LOINC}|8867-4"))),
    Workload(
        "search token and patient", _searching("Observation", ("subject", "{patient}"), ("code", f"{LOINC}|55284-4"))
    ),
    Workload("search date range", _searching("Observation", ("date", "ge2012-03-01"), ("date", "lt2012-03-08"))),
    Workload("search string", _searching("Patient", ("family", "solo"), ("given", "anna"))),
    Workload("search string prefix", _searching("Patient", ("family", "kowal"), ("birthdate", "lt1985"))),
    Workload("search chain", _searching("Observation", ("subject:Patient.identifier", "00000007"))),
    Workload(
        "search include",
        _searching("Observation", ("subject", "Patient/{patient}"), ("_include", "Observation:subject")),
    ),
    Workload("search, _count=100", _searching("Observation", ("code", f"{LOINC}|55284-4"), ("_count", "100"))),
    Workload("$everything", _everything),
    Workload("create", _create),
    Workload("update", _update),
    Workload("80 % read, 20 % create", _mix),
    Workload("transaction of 10", _transactions(10), weight=10),
    Workload(f"import, {BUNDLE} at a time", _transactions(BUNDLE), weight=BUNDLE),
    Workload("token exchange", _exchange, once=True),
)
