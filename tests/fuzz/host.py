"""The host with the built component: started, watched and stopped."""

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

#: The defaults, except for what would keep a fuzzer out or only cost time.
SETTINGS = {
    "secret_key": "a secret key of the tests, 40 bytes long",
    "argon2_memory_kib": "7168",
    "argon2_passes": "1",
    "captcha_provider": "off",
    "email_provider": "log",
    "throttle": "off",
}
#: Seconds: the component is compiled where no cache holds it.
START_LIMIT = 120
STOP_LIMIT = 15


class Host:
    """A host of its own, on a free port, with all that it leaves below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.instances = Instances(directory / "trace")
        # What the host says itself, and what the component says.
        self.errors = directory / "host.txt"
        self.log = directory / "logs" / "gatehouse_stderr.txt"
        flags = ["--from", REPOSITORY / "spin.toml", "--listen", "127.0.0.1:0"]
        flags += ["--state-dir", directory, "--trace-calls", self.instances.pipe, "--quiet"]
        self._process = subprocess.Popen(
            [REPOSITORY / "target/native/gatehouse-host", *flags],
            cwd=directory,  # where no `.env` of a developer lies
            env=inherited_variables() | as_variables(SETTINGS),
            stdout=subprocess.PIPE,
            stderr=self.errors.open("w"),
            text=True,
        )
        self._proc = Path(f"/proc/{self._process.pid}")
        self.url = self._serving()

    def is_alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def memory(self) -> int:
        """How much memory is resident, in MiB; from now on the peak is measured anew."""
        (self._proc / "clear_refs").write_text("5")
        return self._mebibytes("VmRSS")

    def peak_memory(self) -> int:
        """The most memory that was resident at once, in MiB."""
        return self._mebibytes("VmHWM")

    def _mebibytes(self, name: str) -> int:
        status = (self._proc / "status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) // 1024

    def failed_instances(self) -> int:
        """How many instances failed."""
        return self.errors.read_text().count("An instance of the component failed")

    def logged(self) -> list[dict[str, Any]]:
        """What the component logged."""
        with self.log.open() as log:
            return [json.loads(line) for line in log]

    def stop(self) -> None:
        """Ends it, by force if need be."""
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
        raise RuntimeError(f"the host does not serve: {self.errors.read_text()}")


class Instances:
    """Counts the instances of the component that are open, by what the host writes into a pipe."""

    def __init__(self, pipe: Path) -> None:
        self.pipe = pipe
        self.open = 0
        self.peak = 0
        self.started = 0
        os.mkfifo(pipe)
        threading.Thread(target=self._count, daemon=True).start()

    def all_end(self, seconds: float) -> bool:
        """Whether all of them end within so many seconds."""
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
    """The environment without settings of the developer's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SPIN_")}


def as_variables(settings: dict[str, str]) -> dict[str, str]:
    """Settings as Spin takes them from the environment."""
    return {f"SPIN_VARIABLE_{name.upper()}": value for name, value in settings.items()}
