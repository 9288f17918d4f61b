"""Fuzzes every route of the built component, as the API's own description has it.

Schemathesis makes the requests and judges the answers. Meanwhile the host is watched; what it
took, and what was reached, is judged at the end.
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

#: Instances that may be open at once for each request that is under way: one that answers, one
#: that keeps its house, and those that wait a second for work.
MOST_INSTANCES = 8
#: MiB that the host may have resident at once for each, more than before: some instances of those
#: have hashed a password, which takes seven.
MOST_MEMORY = 40
#: Seconds within which all instances end when nothing is asked any more.
IDLE = 10

#: What a fuzzer that met nothing but refusals would not see.
MUST_SUCCEED = [
    ("POST", "/api/v1/auth/register", 201),
    ("POST", "/api/v1/auth/login", 200),
    ("POST", "/api/v1/auth/refresh", 200),
    ("POST", "/api/v1/auth/logout", 204),
    ("POST", "/api/v1/auth/forgot-password", 202),
    ("POST", "/api/v1/auth/reset-password", 200),
    ("GET", "/api/v1/auth/me", 200),
    ("GET", "/api/v1/data/test-data", 200),
]


@dataclass
class Tally:
    """How much passed and failed."""

    passed: int = 0
    failed: int = 0

    def check(self, what: str, holds: bool) -> None:
        """Counts one check, and says how it went."""
        print(f"{'ok' if holds else 'FAILED':<8}{what}", flush=True)
        self.passed += holds
        self.failed += not holds

    def count(self, report: Path) -> None:
        """Counts the requests that Schemathesis judged, if it came so far."""
        if not report.exists():
            return
        cases = json.loads(report.read_text())["test_cases"]
        failed = cases["with_failures"] + cases["errored"]
        self.passed += cases["generated"] - cases["without_checks"] - failed
        self.failed += failed


class Fuzzer:
    """Schemathesis, with all that it leaves in `directory`."""

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
        # From a file: the route that a description comes from is not tested.
        description = requests.get(f"{host.url}/openapi.json", timeout=IDLE)
        (directory / "openapi.json").write_bytes(description.content)

    def run(self, phases: str, tally: Tally, *flags: str) -> None:
        """Runs some phases, and counts what came of them."""
        report = self._directory / f"{phases}.json"
        command = [*self._command, "--report-json-path", report, "--phases", phases, *flags]
        ended = subprocess.run(command, cwd=self._directory, env=self._environment, check=False)
        tally.count(report)
        tally.check(f"Schemathesis found nothing: {phases}", ended.returncode == 0)


def fuzz(arguments: argparse.Namespace) -> Tally:
    """Starts a host, fuzzes it, and judges both."""
    tally = Tally()
    directory = arguments.directory
    host = Host(directory)
    try:
        accounts = Accounts(host.url, host.log)
        for name in (KNOWN, CALLER, FORGETFUL):
            accounts.register(name)
        memory = host.memory()
        fuzzer = Fuzzer(host, directory, arguments.seed, arguments.workers)
        # What is enumerated has to be complete; what is drawn has no end of its own.
        fuzzer.run("examples,coverage", tally)
        fuzzer.run("fuzzing", tally, "--max-time", str(arguments.seconds))
        print()
        judge(host, tally, memory, arguments.workers)
    finally:
        host.stop()
    return tally


def judge(host: Host, tally: Tally, memory: int, workers: int) -> None:
    """Counts the checks of the host, which had so much memory before."""
    tally.check("the host is alive", host.is_alive())
    if not host.is_alive():
        return
    ready = requests.get(f"{host.url}/health/ready", timeout=IDLE).status_code
    tally.check(f"it is ready: {ready}", ready == 200)
    peak, most = host.peak_memory(), memory + MOST_MEMORY * workers
    tally.check(f"at most {peak} MiB were resident, {memory} before: {most} may be", peak <= most)
    instances, most = host.instances, MOST_INSTANCES * workers
    words = f"at most {instances.peak} instances of {instances.started} were open: {most} may be"
    tally.check(words, instances.peak <= most)
    tally.check(f"all of them ended within {IDLE} s", instances.all_end(IDLE))
    failed = host.failed_instances()
    tally.check(f"{failed} of them failed", failed == 0)
    judge_log(host.logged(), tally)


def judge_log(lines: list[dict[str, Any]], tally: Tally) -> None:
    """Counts the checks of what the component logged."""
    errors = [line for line in lines if line["level"] == "ERROR"]
    tally.check(f"{len(errors)} errors were logged", not errors)
    answered = (line for line in lines if line["message"] == "request")
    answers = Counter((it["method"], it["route"], it["status"]) for it in answered)
    for answer in MUST_SUCCEED:
        words = "{} {} answered {}".format(*answer)
        tally.check(f"{words}: {answers[answer]} times", answers[answer] > 0)


def main() -> None:
    """Fuzzes as the arguments say."""
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
