"""Extends Schemathesis beyond the OpenAPI description: headers, valid tokens, and some rules."""

import itertools
from typing import Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

from accounts import Accounts
from host import SETTINGS

ACCOUNTS = Accounts.from_environment()

# Lines of JSON are a text, whose schema says no more.
schemathesis.serializer.alias("application/jsonl", "text/plain")

#: Headers that the service reads, or must not trust, but that the description does not list.
HEADERS = (
    "Accept-Language",
    "If-None-Match",
    "Origin",
    "Sec-Fetch-Site",
    "X-Forwarded-For",
    "X-Request-Id",
)

#: The syntax of an access token.
TOKEN = "^[Bb]earer [!-~]+$"

#: The placeholders in the dictionaries of schemathesis.toml, and the functions that replace them.
LIVE = {
    "new-name": ACCOUNTS.new_name,
    "new@example.com": ACCOUNTS.new_address,
    "live refresh token": ACCOUNTS.refresh_token,
    "live reset token": ACCOUNTS.reset_token,
}

#: What a user does to their own account. It may end the session or delete the user, so each such request has
#: a user of its own.
OWN_ACCOUNT = {
    "PATCH /api/v1/auth/me",
    "POST /api/v1/auth/change-email",
    "POST /api/v1/auth/change-password",
    "POST /api/v1/auth/delete-account",
    "DELETE /api/v1/auth/sessions",
    "DELETE /api/v1/auth/sessions/{id}",
}

#: The security schemes beside the access token.
ALTERNATIVES = ("SessionCookie", "AdminKey")

#: The messages of rules for single strings that a JSON schema cannot express.
INEXPRESSIBLE = (
    # The schema counts characters, the rule counts bytes.
    "Value error, Password cannot be longer than 256 bytes",
    # Lists of passwords, and other fields of the body.
    "Value error, This password is too common.",
    "Value error, This password contains your name or email.",
    # The rule is case-insensitive.
    "Value error, This username is reserved and cannot be used.",
    # A refresh token may come in a cookie instead.
    "Field required",
)


def header(name: str, **rules: str) -> dict[str, Any]:
    """The description of a header."""
    return {"name": name, "in": "header", "schema": {"type": "string", **rules}}


@schemathesis.auth(refresh_interval=None)
class AccessToken:
    """A valid token for three of four requests; the fourth keeps the generated value."""

    def __init__(self) -> None:
        self._token = ACCOUNTS.access_token()
        self._cases = itertools.count()

    def get(self, case: schemathesis.Case, context: Any) -> str | None:
        """Returns the token for a request."""
        if next(self._cases) % 4 == 0:
            return None
        if case.operation.path.startswith("/api/v1/admin/"):
            return SETTINGS["admin_api_key"]
        if case.operation.label == "GET /metrics":
            return SETTINGS["metrics_token"]
        return ACCOUNTS.new_access_token() if case.operation.label in OWN_ACCOUNT else self._token

    def set(self, case: schemathesis.Case, token: str, context: Any) -> None:
        """Adds the token to a request."""
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Adds the headers to every operation, and removes the security schemes of the cookie and the key.

    A request without one of several credentials may still have another, which Schemathesis does not notice.
    """
    for scheme in ALTERNATIVES:
        del raw_schema["components"]["securitySchemes"][scheme]
    for path in raw_schema["paths"].values():
        for operation in path.values():
            operation.setdefault("parameters", []).extend(header(name) for name in HEADERS)
            if "security" in operation:
                schemes = operation["security"]
                alternatives = [{name: []} for name in ALTERNATIVES]
                operation["security"] = [it for it in schemes if it not in alternatives]
                operation["parameters"].append(header("Authorization", pattern=TOKEN))


@schemathesis.hook
def filter_headers(context: schemathesis.HookContext, headers: dict[str, Any]) -> bool:
    """Skips headers that are not ASCII: Spin may reject them before the component sees them."""
    return all(str(value).isascii() for value in headers.values())


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: Any) -> None:
    """Replaces placeholders in bodies by valid tokens and unused names."""
    if not isinstance(case.body, dict):
        return
    for name, value in case.body.items():
        if isinstance(value, str) and value in LIVE:
            case.body = {**case.body, name: LIVE[value]()}


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: Any
) -> bool:
    """Ignores rejections due to rules that the description cannot express."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    return any(not error["msg"].startswith(INEXPRESSIBLE) for error in response.json()["detail"])
