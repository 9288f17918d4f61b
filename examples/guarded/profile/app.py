"""A page that shows people what the guard says about them."""

from html import escape
from string import Template

from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    Method_Get,
    Method_Head,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)

# The guard has set these headers. Clients cannot.
FACTS = {
    "Name": "x-gatehouse-username",
    "Email address": "x-gatehouse-email",
    "Verified": "x-gatehouse-email-verified",
    "Role": "x-gatehouse-role",
    "Subscription": "x-gatehouse-subscription",
    "Id": "x-gatehouse-user-id",
}

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    # Not stored, so that nobody sees it after the logout.
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

# In bytes: what WASI takes in one write that waits.
MAX_WRITE = 4096

PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Profile of $name</title>
<link rel="icon" href="/hello/assets/icon.svg">
<link rel="stylesheet" href="/hello/assets/style.css">
<script type="module" src="/hello/assets/log-out.js"></script>
</head>
<body>
<header>
<nav aria-label="Applications">
<a href="/hello/">Hello</a>
<a href="/profile/" aria-current="page">Profile</a>
</nav>
<button id="log-out" type="button">Log out</button>
</header>
<main>
<h1>Profile of $name</h1>
<dl>
$facts
</dl>
<p class="note">Written in Python, for WASI 0.2. The guard stands before it as a gateway.</p>
</main>
<p id="problem" role="alert"></p>
</body>
</html>
""")


class IncomingHandler(exports.IncomingHandler):
    """Answers every request with the page."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        if isinstance(request.method(), (Method_Get, Method_Head)):
            respond(response_out, 200, HEADERS, page(request.headers()))
        else:
            respond(response_out, 405, {"allow": "GET, HEAD"}, "")


def page(headers: Fields) -> str:
    """Fills in the page. Headers are text from elsewhere, so they are escaped, every one."""
    facts = {label: escape(value(headers, name)) for label, name in FACTS.items()}
    rows = (f"<dt>{label}</dt><dd>{fact}</dd>" for label, fact in facts.items())
    return PAGE.substitute(name=facts["Name"], facts="\n".join(rows))


def value(headers: Fields, name: str) -> str:
    """The value of a header, empty if it is absent."""
    values = headers.get(name)
    return values[0].decode(errors="replace") if values else ""


def respond(response_out: ResponseOutparam, status: int, headers: dict[str, str], text: str) -> None:
    """Sends the head, and then the body."""
    response = OutgoingResponse(Fields.from_list([(name, value.encode()) for name, value in headers.items()]))
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    content = text.encode()
    with body.write() as stream:
        for start in range(0, len(content), MAX_WRITE):
            stream.blocking_write_and_flush(content[start : start + MAX_WRITE])
    OutgoingBody.finish(body, None)
