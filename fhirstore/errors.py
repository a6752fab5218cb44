"""Every way a request can fail: the HTTP status, the FHIR issue code and the reason, told once.

Failure
├── BadRequest 400            the request cannot be understood
├── Unauthorized 401          no valid credentials
├── Forbidden 403             valid credentials that do not reach this far
├── NotFound 404              not there, or not the caller's: the same answer
├── MethodNotAllowed 405
├── NotAcceptable 406         no format in common
├── Conflict 409              two writers met
├── Gone 410                  deleted
├── PreconditionFailed 412    If-Match and its kin
├── TooLarge 413
├── UnsupportedMediaType 415
├── Unprocessable 422         understood, and against the rules of FHIR
├── TooManyRequests 429
└── Unavailable 503           the database is away

Issue codes are those of http://hl7.org/fhir/DSTU2/valueset-issue-type.html. Messages never quote a resource's
content, a token or a secret: they name the element and the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding, as an entry of an OperationOutcome.

    `code` is an issue type of the specification ("required", "value", "structure" …); `path` is the FHIR path of
    the element, with indexes (`Patient.name[1].family[0]`), where there is one. `legible` says of a fault of form that
    whoever reads the resource understands it all the same.
    """

    severity: Severity
    code: str
    message: str
    path: str | None = None
    legible: bool = field(default=False, compare=False)

    @property
    def refuses(self) -> bool:
        return self.severity in {"fatal", "error"}

    @property
    def told(self) -> dict[str, str | None]:
        """What machines are told of it, in the files and outputs of our own."""
        return {"severity": self.severity, "code": self.code, "message": self.message, "path": self.path}


@dataclass(eq=False)
class Failure(Exception):  # noqa: N818 - a failure is an answer, not a fault of the program
    """A request that ends here, with its reason. Raised anywhere, made an HTTP answer in one place."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "exception"

    reason: str
    issues: Sequence[Issue] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.reason)
        if not self.issues:
            self.issues = (Issue("error", self.code, self.reason),)


class BadRequest(Failure):
    status, code = 400, "invalid"


class Unauthorized(Failure):
    status, code = 401, "login"


class Forbidden(Failure):
    status, code = 403, "forbidden"


class NotFound(Failure):
    status, code = 404, "not-found"


class MethodNotAllowed(Failure):
    status, code = 405, "not-supported"


class NotAcceptable(Failure):
    status, code = 406, "not-supported"


class Conflict(Failure):
    status, code = 409, "conflict"


class Gone(Failure):
    status, code = 410, "not-found"


class PreconditionFailed(Failure):
    status, code = 412, "conflict"


class TooLarge(Failure):
    status, code = 413, "too-long"


class UnsupportedMediaType(Failure):
    status, code = 415, "not-supported"


class Unprocessable(Failure):
    status, code = 422, "processing"


class TooManyRequests(Failure):
    status, code = 429, "throttled"


class Unavailable(Failure):
    status, code = 503, "transient"


@dataclass(eq=False)
class OAuthFailure(Failure):
    """A refusal of the token endpoint, in the words of RFC 6749 §5.2 (`error` is one of its codes)."""

    error: str = "invalid_request"

    @property
    def http_status(self) -> int:
        return {"invalid_client": 401, "temporarily_unavailable": 429}.get(self.error, 400)
