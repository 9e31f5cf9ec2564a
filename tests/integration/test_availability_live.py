"""`check` against real perfs: here as root and as nobody, and in a guest with a PMU."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perfwidgets.availability import Cause, Host, check
from perfwidgets.events import DEFAULT_EVENTS, lookup

REPOSITORY = Path(__file__).resolve().parents[2]
SOFTWARE = tuple(event for event in DEFAULT_EVENTS if lookup(event).family == "software")
HARDWARE = tuple(event for event in DEFAULT_EVENTS if event not in SOFTWARE)
HOST = Host.local()
UBUNTU = """#!/bin/sh
cat >&2 <<END
WARNING: perf not found for kernel 5.15.0-43

  You may need to install the following packages for this specific kernel:
    linux-tools-5.15.0-43-generic
    linux-cloud-tools-5.15.0-43-generic
END
exit 2
"""

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from perfwidgets.availability import check
print(json.dumps(check(sys.argv[2]).to_dict()))
"""


@pytest.fixture
def perf(need):
    path = shutil.which("perf")
    need(path, "no perf here")
    return path


@pytest.fixture
def as_root(perf, need):
    need(os.geteuid() == 0, "no root here")
    return perf


def check_in_child(*wrapper, events):
    """What `check` tells in another process, started through `wrapper`."""
    result = subprocess.run(
        [*wrapper, sys.executable, "-c", PROGRAM, str(REPOSITORY), ",".join(events)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
    )
    return json.loads(result.stdout)


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def processes_holding(text):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append((entry.parent.name, line))
    return found


def gone(text):
    """Whether no process of that command line is left, a moment after its session was killed."""
    deadline = time.monotonic() + 2
    while processes_holding(text):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_as_root(as_root):
    start = time.monotonic()
    found = check()
    assert time.monotonic() - start < 3
    assert found.available
    assert all(found[event].cause is Cause.COUNTABLE for event in SOFTWARE)
    assert found.perf_version
    assert found.reason == ""


def test_as_root_without_a_pmu(as_root, need):
    need(HOST.pmu == () or os.environ.get("CI"), "a PMU on this machine")
    if HOST.pmu:
        pytest.skip("this machine has a PMU")
    found = check()
    assert found.countable == SOFTWARE
    assert {found[event].cause for event in HARDWARE} == {Cause.NO_PMU}
    assert found.counters is None
    assert "sysctl" not in repr(found)


def test_one_bad_name_spoils_no_other(as_root):
    names = ["cpu-clock", "nosuch_event", "nosuch/pmu/", "sched:nosuch", "page-faults", "r1zz"]
    found = check(names)
    assert found.countable == ("cpu-clock", "page-faults")
    bad = [event for event in found.events.values() if not event.countable]
    assert {event.cause for event in bad} == {Cause.UNKNOWN_NAME}
    assert all(repr(event.event) in event.reason for event in bad)


def test_as_nobody(as_root, need):
    need(shutil.which("setpriv"), "no setpriv here")
    need(HOST.paranoid == 2, f"perf_event_paranoid {HOST.paranoid} instead of 2")
    setpriv = ["setpriv", "--reuid", "nobody", "--clear-groups"]
    readable = subprocess.run(
        [
            *setpriv,
            sys.executable,
            "-c",
            f"import os; os.stat({str(REPOSITORY / 'perfwidgets')!r})",
        ],
        check=False,
        capture_output=True,
    )
    need(readable.returncode == 0, "a repository that nobody may read")
    events = ("cpu-clock", "context-switches", "cycles", "sched:sched_switch", "nosuch_event")
    found = check_in_child(*setpriv, events=events)
    assert found["available"] is False
    assert "system-wide" in found["reason"]
    assert found["perf_version"]
    clock = found["events"]["cpu-clock"]
    assert clock["cause"] == "not permitted"
    assert clock["own_processes"]
    assert clock["user_mode_only"]
    assert "stays 0" in found["events"]["context-switches"]["reason"]
    assert not found["events"]["sched:sched_switch"]["own_processes"]
    assert found["events"]["nosuch_event"]["cause"] == "unknown name"
    if HOST.pmu == ():
        assert found["events"]["cycles"]["cause"] == "no PMU"
        assert "sysctl" not in json.dumps(found)
    else:
        assert found["events"]["cycles"]["cause"] == "not permitted"
        assert "sysctl" in found["remedy"]


def test_too_few_open_files(as_root, need):
    need(shutil.which("setpriv"), "no setpriv here")
    events = (
        "cpu-clock",
        "task-clock",
        "cs",
        "faults",
        "migrations",
        "minor-faults",
        "major-faults",
    )
    cpus = os.cpu_count() or 1
    need(cpus <= 64, "too many CPUs")
    # perf opens about 5 files, and one for each event and CPU; as root it would raise the limit
    files = 8 + 3 * cpus
    no_resource = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"]
    limited = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"]
    found = check_in_child(*no_resource, *limited, events=events)
    told = found["reason"] + json.dumps(found["events"])
    assert "open files" in told
    assert "cpu-clock" in found["events"]


@pytest.mark.parametrize("command", ["/nonexistent/perf", ["/nonexistent/ssh", "host", "perf"]])
def test_without_perf(command):
    found = check(command=command)
    assert not found.available
    assert {event.cause for event in found.events.values()} == {Cause.NO_PERF}
    assert "was not found" in found.reason


def test_with_nothing_on_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = check()
    assert found.reason == "perf was not found"
    assert "linux-perf" in found.remedy


def test_ubuntus_wrapper(tmp_path):
    found = check(command=script(tmp_path / "perf", UBUNTU))
    assert {event.cause for event in found.events.values()} == {Cause.WRAPPER}
    assert "linux-tools-5.15.0-43-generic" in found.remedy


def test_another_program_is_not_taken_for_perf():
    found = check(command="/bin/true")
    assert "is it perf?" in found.reason


def test_an_input_that_is_not_passed_on(as_root):
    found = check(command=["sh", "-c", 'exec perf "$@" </dev/null', "sh"])
    assert "its input was closed" in found.reason


@pytest.mark.parametrize("trap", ["", "trap '' TERM INT HUP; "])
def test_a_command_that_hangs_is_given_up_with_its_children(tmp_path, trap):
    marker = f"{4_000_000 + os.getpid()}.25"
    hanging = script(tmp_path / "perf", f"#!/bin/sh\n{trap}sleep {marker}\n")
    start = time.monotonic()
    found = check(command=hanging, timeout=0.5)
    assert time.monotonic() - start < 3
    assert "did not answer within 0.5 s" in found.reason
    assert gone(marker)


def test_what_the_command_leaves_behind_is_not_waited_for(tmp_path):
    master = script(tmp_path / "perf", "#!/bin/sh\nsleep 5 </dev/null &\necho odd >&2\nexit 3\n")
    start = time.monotonic()
    found = check("cpu-clock", command=master)
    assert time.monotonic() - start < 2
    assert "ended with status 3: odd" in found.reason


def test_a_command_that_closes_its_output_and_lives_is_given_up(tmp_path):
    marker = f"{5_000_000 + os.getpid()}.25"
    silent = script(tmp_path / "perf", f"#!/bin/sh\nexec >&- 2>&-\nsleep {marker}\n")
    found = check("cpu-clock", command=silent, timeout=0.5)
    assert "did not answer" in found.reason
    assert gone(marker)


def test_a_perf_that_is_killed(tmp_path):
    found = check("cpu-clock", command=script(tmp_path / "perf", "#!/bin/sh\nkill -9 $$\n"))
    assert signal.SIGKILL.name in found.reason


def test_no_process_is_left(as_root):
    before = processes_holding("--log-fd 1")
    check(["cpu-clock"])
    assert processes_holding("--log-fd 1") == before


@pytest.mark.guest
@pytest.mark.parametrize("perf", ["perf", "perf-6.12"])
def test_a_pmu_with_cycles_and_instructions(guest, perf):
    found = check(command=guest.ic.command(perf), timeout=60)
    assert found.countable == (*SOFTWARE, "cycles", "instructions")
    assert found["branches"].cause is Cause.NOT_ON_CPU
    assert found.counters == 6


@pytest.mark.guest
@pytest.mark.parametrize("perf", ["perf", "perf-6.12"])
def test_a_pmu_with_cycles_alone(guest, perf):
    found = check(command=guest.four.command(perf), timeout=60)
    assert found.countable == (*SOFTWARE, "cycles")
    assert found["instructions"].cause is Cause.NOT_ON_CPU
    assert found.counters == 6


@pytest.mark.guest
def test_where_cycles_count_a_missing_event_is_not_a_missing_pmu(guest):
    found = check("LLC-loads", command=guest.four.command(), timeout=60)
    assert not found.available
    assert found["LLC-loads"].cause is Cause.NOT_ON_CPU
    assert list(found.events) == ["LLC-loads"]


@pytest.mark.guest
def test_a_bad_name_there_spoils_no_other(guest):
    found = check(["cycles", "nosuch_event", "r11"], command=guest.ic.command(), timeout=60)
    assert found.countable == ("cycles", "r11")
    assert found["nosuch_event"].cause is Cause.UNKNOWN_NAME
