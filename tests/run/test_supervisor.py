"""The supervisor with small real processes under it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

READY = "print('READY', flush=True); import signal; signal.pause()"


def script(name: str, body: str, **rest: object) -> dict[str, object]:
    return {"name": name, "command": [sys.executable, "-u", "-c", body], **rest}


class Fleet:
    """A running supervisor and what it has said."""

    def __init__(self, file: Path, services: list[dict[str, object]]) -> None:
        file.write_text(json.dumps(services))
        command = [sys.executable, "-m", "tests.run.fleet", str(file)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.lines: list[str] = []

    def until(self, text: str) -> str:
        """The next line that holds the text."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if text in line:
                return line
        raise AssertionError("\n".join([f"never said {text!r}:", *self.lines]))

    def finish(self, number: signal.Signals | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.lines += rest.splitlines()
        return self.process.returncode

    def place(self, text: str) -> int:
        """Where in the log the text first stands."""
        return next(n for n, line in enumerate(self.lines) if text in line)


Start = Callable[..., Fleet]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    fleets: list[Fleet] = []

    def begin(*services: dict[str, object]) -> Fleet:
        fleets.append(Fleet(tmp_path / "services.json", list(services)))
        return fleets[-1]

    yield begin
    for fleet in fleets:
        if fleet.process.poll() is None:
            fleet.finish(signal.SIGTERM)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie is dead; it only waits for whoever reaps it.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_service_starts_only_when_those_before_it_are_ready(start: Start):
    """`two` starts after `one` said READY; the last line of all says so."""
    fleet = start(script("one", READY), script("two", READY, after=["one"]))
    fleet.until("READY all")
    status = fleet.finish(signal.SIGTERM)

    assert status == 0
    assert fleet.place("one is ready") < fleet.place("starting two")
    assert fleet.place("two is ready") < fleet.place("READY all")


def test_services_that_need_nobody_start_at_once(start: Start):
    """Nobody waits for a service that is not in its `after`."""
    fleet = start(script("one", READY), script("two", READY))
    fleet.until("READY all")

    assert fleet.place("starting two") < fleet.place("one is ready")


def test_a_service_after_one_left_out_does_not_wait_for_it(start: Start):
    """What runs elsewhere is taken to be ready."""
    fleet = start(script("two", READY, after=["one"]))

    assert "READY all" in fleet.until("READY all")


def test_a_listening_port_is_ready_too(start: Start):
    """A service that says nothing is ready when all its ports accept connections."""
    first, second = free_port(), free_port()
    body = f"""
import signal, socket
held = [socket.create_server(("127.0.0.1", port)) for port in ({first}, {second})]
signal.pause()
"""
    fleet = start(script("quiet", body, ports=[first, second]))

    assert "READY all" in fleet.until("READY all")


def test_lines_of_all_services_stand_in_one_log_with_their_names(start: Start):
    """Both streams of a child are logged, each line under the child's name and a time."""
    body = f"import sys; print('out'); print('err', file=sys.stderr); {READY}"
    fleet = start(script("one", body))
    fleet.until("READY all")
    words = [line.split() for line in fleet.lines]

    assert ["one", "out"] in [w[1:] for w in words]
    assert ["one", "err"] in [w[1:] for w in words]
    assert all(len(w[0]) == len("00:00:00.000") for w in words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_in_reverse_order(start: Start, number: signal.Signals):
    """Exit status 0, and the last started is stopped first."""
    fleet = start(
        script("one", READY), script("two", READY, after=["one"]), script("three", READY)
    )
    fleet.until("READY all")
    status = fleet.finish(number)

    assert status == 0
    assert fleet.place("stopping two") < fleet.place("stopping three")
    assert fleet.place("stopping three") < fleet.place("stopping one")
    assert "all is stopped" in fleet.lines[-1]


def test_children_of_a_service_end_with_it(start: Start):
    """The whole process group goes, also a grandchild that ignores SIGTERM."""
    body = f"""
import subprocess, sys
stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
stubborn += "print('ignoring', flush=True); signal.pause()"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
print("grandchild", child.pid)
{READY}
"""
    fleet = start(script("one", body))
    pid = int(fleet.until("grandchild").split()[-1])
    fleet.until("READY all")
    before = alive(pid)
    fleet.finish(signal.SIGTERM)

    assert before
    wait_until(lambda: not alive(pid))


def test_a_service_that_does_not_end_is_killed(start: Start):
    """SIGKILL follows SIGTERM when its time is up; the run still ends well."""
    body = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}"
    fleet = start(
        script("stubborn", f"import os; print('pid', os.getpid()); {body}", stop_within=0.2)
    )
    pid = int(fleet.until("pid").split()[-1])
    fleet.until("READY all")
    status = fleet.finish(signal.SIGTERM)

    assert status == 0
    assert not Path(f"/proc/{pid}").exists()


def test_a_second_signal_does_not_wait(start: Start):
    """Whoever presses Ctrl-C twice is not kept for the service's full time."""
    body = f"import signal; signal.signal(signal.SIGTERM, lambda *_: print('no'));{READY}"
    fleet = start(script("slow", body + "\nwhile True: signal.pause()", stop_within=600))
    fleet.until("READY all")
    fleet.process.send_signal(signal.SIGINT)
    fleet.until("no")
    status = fleet.finish(signal.SIGINT)

    assert status == 0


def test_a_death_names_the_service_and_shows_its_last_lines(start: Start):
    """Exit status 1, why, and the others are stopped."""
    body = "import signal, sys; print('READY'); print('the reason'); sys.exit(3)"
    fleet = start(script("one", READY), script("two", body, after=["one"]))
    status = fleet.finish()

    assert status == 1
    assert fleet.place("two died (exit status 3)") < fleet.place("stopping one")
    assert any(line.split()[1:] == ["run", "the", "reason"] for line in fleet.lines)


def test_a_killed_service_is_reported_by_its_signal(start: Start):
    """A crash in native code or the kernel's killer is told from an exit."""
    fleet = start(script("one", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    status = fleet.finish()

    assert status == 1
    assert any("one died (signal SIGKILL)" in line for line in fleet.lines)


def test_a_service_that_never_gets_ready_ends_the_run(start: Start):
    """After its time it is reported, and what waits for it never starts."""
    silent = script("one", "import signal; signal.pause()", ready_within=0.3)
    fleet = start(silent, script("two", READY, after=["one"]))
    status = fleet.finish()

    assert status == 1
    assert any("one was not ready within 0.3 seconds" in line for line in fleet.lines)
    assert not any("starting two" in line for line in fleet.lines)


def test_a_command_that_is_not_there_is_reported(start: Start):
    """A missing program is a death with the system's reason."""
    fleet = start({"name": "one", "command": ["no-such-program"]})
    status = fleet.finish()

    assert status == 1
    assert any("one cannot be started: No such file" in line for line in fleet.lines)


def test_a_very_long_line_does_not_stop_the_log(start: Start):
    """What follows a line of several megabytes is still logged."""
    fleet = start(script("one", f"print('x' * 3_000_000); print('after'); {READY}"))

    assert "after" in fleet.until("after")
    assert "READY all" in fleet.until("READY all")
