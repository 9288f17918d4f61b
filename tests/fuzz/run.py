"""Fuzzes every route of the built component, based on the OpenAPI description.

Schemathesis generates the requests and checks the responses. The host is monitored meanwhile; its
resource usage and the routes that succeeded are checked at the end.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from accounts import CALLER, FORGETFUL, KNOWN, Accounts
from host import Host

HERE = Path(__file__).resolve().parent

#: The maximum number of live instances per concurrent request: one that answers, one that runs
#: housekeeping, and those that are idle for a second.
MAX_INSTANCES = 8
#: The maximum growth of resident memory per concurrent request, in MiB: some of its instances have
#: hashed a password, which takes seven.
MAX_MEMORY = 40
#: The time for all instances to end after the last request, in seconds.
IDLE = 10

#: Responses that must occur, so that the fuzzer gets past error handling.
MUST_SUCCEED = [
    ("POST", "/api/v1/auth/register", 201),
    ("POST", "/api/v1/auth/login", 200),
    ("POST", "/api/v1/auth/refresh", 200),
    ("POST", "/api/v1/auth/logout", 204),
    ("POST", "/api/v1/auth/forgot-password", 202),
    ("POST", "/api/v1/auth/reset-password", 200),
    ("GET", "/api/v1/auth/me", 200),
    ("GET", "/api/v1/data/test-data", 200),
    ("GET", "/metrics", 200),
]


@dataclass
class Tally:
    """The number of passed and failed checks."""

    passed: int = 0
    failed: int = 0

    def check(self, what: str, holds: bool) -> None:
        """Counts and prints one check."""
        print(f"{'ok' if holds else 'FAILED':<8}{what}", flush=True)
        self.passed += holds
        self.failed += not holds

    def count(self, report: Path) -> None:
        """Counts the requests that Schemathesis checked, if it got that far."""
        if not report.exists():
            return
        cases = json.loads(report.read_text())["test_cases"]
        failed = cases["with_failures"] + cases["errored"]
        self.passed += cases["generated"] - cases["without_checks"] - failed
        self.failed += failed


class Fuzzer:
    """Schemathesis, with all its files in `directory`."""

    def __init__(self, host: Host, directory: Path, seed: int, workers: int) -> None:
        self._directory = directory
        self._command = [
            *(Path(sys.executable).with_name("schemathesis"), "--config-file"),
            *(HERE / "schemathesis.toml", "run", "openapi.json", "--url", host.url),
            *("--seed", str(seed), "--workers", str(workers)),
            *("--generation-database", "none", "--report", "json"),
        ]
        self._environment = os.environ | {
            "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
            "PYTHONPATH": str(HERE),
            "FUZZ_URL": host.url,
            "FUZZ_LOG": str(host.log),
        }
        # From a file, because Schemathesis does not test the route that it loads the description from.
        description = requests.get(f"{host.url}/openapi.json", timeout=IDLE)
        (directory / "openapi.json").write_bytes(description.content)

    def run(self, phases: str, tally: Tally, *flags: str) -> None:
        """Runs some phases and counts their results."""
        report = self._directory / f"{phases}.json"
        command = [*self._command, "--report-json-path", report, "--phases", phases, *flags]
        ended = subprocess.run(command, cwd=self._directory, env=self._environment, check=False)
        tally.count(report)
        tally.check(f"Schemathesis found nothing: {phases}", ended.returncode == 0)


def fuzz(arguments: argparse.Namespace) -> Tally:
    """Starts a host, fuzzes it, and checks the results."""
    tally = Tally()
    directory = arguments.directory
    host = Host(directory)
    try:
        accounts = Accounts(host.url, host.log)
        for name in (KNOWN, CALLER, FORGETFUL):
            accounts.register(name)
        memory = host.memory()
        fuzzer = Fuzzer(host, directory, arguments.seed, arguments.workers)
        # The enumerated phases have to complete; the random phase needs a time limit.
        fuzzer.run("examples,coverage", tally)
        fuzzer.run("fuzzing", tally, "--max-time", str(arguments.seconds))
        print()
        check_host(host, tally, memory, arguments.workers)
    finally:
        host.stop()
    return tally


def check_host(host: Host, tally: Tally, memory: int, workers: int) -> None:
    """Checks the host, which had `memory` MiB before."""
    tally.check("the host is running", host.is_alive())
    if not host.is_alive():
        return
    ready = requests.get(f"{host.url}/health/ready", timeout=IDLE).status_code
    tally.check(f"the service is ready: {ready}", ready == 200)
    peak, limit = host.peak_memory(), memory + MAX_MEMORY * workers
    tally.check(f"peak memory: {peak} MiB, {memory} before, limit {limit}", peak <= limit)
    instances, limit = host.instances, MAX_INSTANCES * workers
    what = f"peak instances: {instances.peak} of {instances.started}, limit {limit}"
    tally.check(what, instances.peak <= limit)
    tally.check(f"all instances ended within {IDLE} s", instances.wait_for_end(IDLE))
    failed = host.failed_instances()
    tally.check(f"failed instances: {failed}", failed == 0)
    check_log(host.logged(), tally)


def check_log(lines: list[dict[str, Any]], tally: Tally) -> None:
    """Checks the component's log."""
    errors = [line for line in lines if line["level"] == "ERROR"]
    tally.check(f"logged errors: {len(errors)}", not errors)
    answered = (line for line in lines if line["message"] == "request")
    answers = Counter((it["method"], it["route"], it["status"]) for it in answered)
    for answer in MUST_SUCCEED:
        what = "{} {} answered {}".format(*answer)
        tally.check(f"{what}: {answers[answer]} times", answers[answer] > 0)


def main() -> None:
    """Parses the arguments and runs the fuzzer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("directory", type=Path)
    tally = fuzz(parser.parse_args())
    print(f"fuzz: {tally.passed} passed, {tally.failed} failed")
    sys.exit(tally.failed > 0)


if __name__ == "__main__":
    main()
