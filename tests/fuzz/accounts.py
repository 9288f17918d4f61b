"""The users that exist while the service is fuzzed, and their tokens."""

import itertools
import os
import re
import time
from pathlib import Path

import requests

PASSWORD = "correct horse 1"
#: Logs in repeatedly, so that the oldest sessions are deleted.
KNOWN = "known"
#: Has one session, whose access token is used for all requests.
CALLER = "caller"
#: Requests reset links and gets a new password each time.
FORGETFUL = "forgetful"

#: The link in a mail to this user in the log.
LINK = re.compile(rb"Hello forgetful,.*?/auth/reset-password\?token=([A-Za-z0-9_-]+)")
TIMEOUT = 15


class Accounts:
    """The accounts of the service at `url`, which writes its mails to the log file `log`."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log
        self._numbers = itertools.count()

    @classmethod
    def from_environment(cls) -> "Accounts":
        """The accounts of the service that the environment describes."""
        return cls(os.environ["FUZZ_URL"], Path(os.environ["FUZZ_LOG"]))

    def register(self, name: str) -> None:
        """Registers a user, whose email address starts with the name."""
        body = {
            "email": f"{name}@example.com",
            "username": name,
            "password": PASSWORD,
            "captcha_answer": "none is asked for",
        }
        self._post("register", json=body)

    def new_name(self) -> str:
        """An unused name."""
        return f"new-{os.getpid()}-{next(self._numbers)}"

    def new_address(self) -> str:
        """An unused address."""
        return f"{self.new_name()}@example.com"

    def access_token(self) -> str:
        """The access token of a new session of the caller."""
        return self._log_in(CALLER)["access_token"]

    def new_access_token(self) -> str:
        """The access token of a new user."""
        name = self.new_name()
        self.register(name)
        return self._log_in(name)["access_token"]

    def refresh_token(self) -> str:
        """The refresh token of a new session of the known user."""
        return self._log_in(KNOWN)["refresh_token"]

    def reset_token(self) -> str:
        """The token of a new reset link, from the logged mail."""
        with self.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            self._post("forgot-password", json={"email": f"{FORGETFUL}@example.com"})
            written = b""
            deadline = time.monotonic() + TIMEOUT
            while time.monotonic() < deadline:
                written += log.read()
                if link := LINK.search(written):
                    return link[1].decode()
                time.sleep(0.02)
        raise TimeoutError("no reset link was logged")

    def _log_in(self, name: str) -> dict[str, str]:
        form = {"username": name, "password": PASSWORD}
        return self._post("login", data=form).json()

    def _post(self, action: str, **body: object) -> requests.Response:
        url = f"{self.url}/api/v1/auth/{action}"
        response = requests.post(url, timeout=TIMEOUT, **body)
        response.raise_for_status()
        return response
