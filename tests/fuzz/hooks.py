"""What Schemathesis cannot learn from the API's description: headers, live tokens, a few rules."""

import itertools
from typing import Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

from accounts import Accounts

ACCOUNTS = Accounts.of_environment()

#: What the service reads, or must not trust, although the description does not list it.
HEADERS = (
    "Accept-Language",
    "If-None-Match",
    "Origin",
    "Sec-Fetch-Site",
    "X-Forwarded-For",
    "X-Request-Id",
)

#: What looks like an access token.
TOKEN = "^[Bb]earer [!-~]+$"

#: What the dictionaries of schemathesis.toml name, and what makes the value to be sent.
LIVE = {
    "new-name": ACCOUNTS.new_name,
    "new@example.com": ACCOUNTS.new_address,
    "live refresh token": ACCOUNTS.refresh_token,
    "live reset token": ACCOUNTS.reset_token,
}

#: Rules for single texts that a JSON schema cannot say, by what a 422 says of them.
UNSAYABLE = (
    # The schema counts characters, and the rule bytes.
    "Value error, Password cannot be longer than 256 bytes",
    # In any case.
    "Value error, This username is reserved and cannot be used.",
)


def header(name: str, **rules: str) -> dict[str, Any]:
    """The description of a header."""
    return {"name": name, "in": "header", "schema": {"type": "string", **rules}}


@schemathesis.auth(refresh_interval=None)
class AccessToken:
    """A good access token for three requests of four; the fourth keeps what was drawn."""

    def __init__(self) -> None:
        self._token = ACCOUNTS.access_token()
        self._cases = itertools.count()

    def get(self, case: schemathesis.Case, context: Any) -> str | None:
        """The token for a request."""
        return self._token if next(self._cases) % 4 else None

    def set(self, case: schemathesis.Case, token: str, context: Any) -> None:
        """Puts the token into it."""
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Lets every request have any of the headers."""
    for path in raw_schema["paths"].values():
        for operation in path.values():
            operation["parameters"] = [header(name) for name in HEADERS]
            if "security" in operation:
                operation["parameters"].append(header("Authorization", pattern=TOKEN))


@schemathesis.hook
def filter_headers(context: schemathesis.HookContext, headers: dict[str, Any]) -> bool:
    """Leaves out headers that are no UTF-8: Spin answers them before any component sees them."""
    return all(str(value).isascii() for value in headers.values())


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: Any) -> None:
    """Puts into bodies what is alive or new."""
    if not isinstance(case.body, dict):
        return
    for name, value in case.body.items():
        if isinstance(value, str) and value in LIVE:
            case.body = {**case.body, name: LIVE[value]()}


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: Any
) -> bool:
    """Lets off what is refused only for rules that the description says in words."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    return any(not error["msg"].startswith(UNSAYABLE) for error in response.json()["detail"])
