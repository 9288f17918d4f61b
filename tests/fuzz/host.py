"""Starts, monitors and stops the host with the built component."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]

#: The defaults, except where they would block the fuzzer or slow it down.
SETTINGS = {
    "secret_key": "a secret key of the tests, 40 bytes long",
    "argon2_memory_kib": "7168",
    "argon2_passes": "1",
    "captcha_provider": "off",
    "email_provider": "log",
    "throttle": "off",
    "admin_api_key": "a-key-for-machines-of-the-tests-44-bytes-long",
    "metrics_token": "a-token-for-metrics-of-the-tests-44-bytes-long",
}
#: In seconds; generous, because an uncached component has to be compiled.
START_LIMIT = 120
STOP_LIMIT = 15


class Host:
    """A host on a free port, with all its files below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.instances = Instances(directory / "trace")
        # The output of the host itself, and that of the component.
        self.errors = directory / "host.txt"
        self.log = directory / "logs" / "gatehouse_stderr.txt"
        flags = ["--from", REPOSITORY / "spin.toml", "--listen", "127.0.0.1:0"]
        flags += ["--state-dir", directory, "--trace-calls", self.instances.pipe, "--quiet"]
        self._process = subprocess.Popen(
            [REPOSITORY / "target/native/gatehouse-host", *flags],
            cwd=directory,  # not where a developer may have a `.env`
            env=inherited_variables() | as_variables(SETTINGS),
            stdout=subprocess.PIPE,
            stderr=self.errors.open("w"),
            text=True,
        )
        self._proc = Path(f"/proc/{self._process.pid}")
        self.url = self._serving()

    def is_alive(self) -> bool:
        """Whether the process is still running."""
        return self._process.poll() is None

    def memory(self) -> int:
        """The resident memory, in MiB. Resets the peak."""
        (self._proc / "clear_refs").write_text("5")
        return self._mebibytes("VmRSS")

    def peak_memory(self) -> int:
        """The peak resident memory since the last call of `memory`, in MiB."""
        return self._mebibytes("VmHWM")

    def _mebibytes(self, name: str) -> int:
        status = (self._proc / "status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) // 1024

    def failed_instances(self) -> int:
        """The number of failed instances."""
        return self.errors.read_text().count("An instance of the component failed")

    def logged(self) -> list[dict[str, Any]]:
        """The component's log."""
        with self.log.open() as log:
            return [json.loads(line) for line in log]

    def stop(self) -> None:
        """Stops the host, by force if necessary."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.instances.pipe.unlink()

    def _serving(self) -> str:
        timer = threading.Timer(START_LIMIT, self._process.kill)
        timer.start()
        for line in self._process.stdout:
            if line.startswith("Serving "):
                timer.cancel()
                return line.split()[1]
        timer.cancel()
        raise RuntimeError(f"the host did not start: {self.errors.read_text()}")


class Instances:
    """Counts the component's live instances, using the trace that the host writes to a pipe."""

    def __init__(self, pipe: Path) -> None:
        self.pipe = pipe
        self.open = 0
        self.peak = 0
        self.started = 0
        os.mkfifo(pipe)
        threading.Thread(target=self._count, daemon=True).start()

    def wait_for_end(self, seconds: float) -> bool:
        """Waits for all instances to end, and returns whether they did within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.open and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.open == 0

    def _count(self) -> None:
        with self.pipe.open() as lines:
            for line in lines:
                if '"call":"instantiate"' in line:
                    self.started += 1
                    self.open += 1
                    self.peak = max(self.peak, self.open)
                elif '"call":"end"' in line:
                    self.open -= 1


def inherited_variables() -> dict[str, str]:
    """The environment without the developer's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SPIN_")}


def as_variables(settings: dict[str, str]) -> dict[str, str]:
    """Settings as environment variables of Spin."""
    return {f"SPIN_VARIABLE_{name.upper()}": value for name, value in settings.items()}
