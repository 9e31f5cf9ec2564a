"""Why perf fails, in perf's own words: the reason and the remedy that fit."""

from __future__ import annotations

import errno
import sys
import time
from pathlib import Path

import pytest

from perfwidgets.availability import Host, explain_failure, explain_spawn_error
from perfwidgets.availability.refused import refused_event
from perfwidgets.errors import (
    NothingCountableError,
    PerfFailedError,
    PerfNotFoundError,
    PerfNotPermittedError,
)

LOCAL = Path(__file__).parents[1] / "data" / "local"
SYSTEM_WIDE = ["perf", "stat", "-I", "100", "-a", "-e", "cpu-clock", "--", "cat"]
USER = Host(pmu=("cpu",), paranoid=2, root=False)
USER_IN_VM = Host(pmu=(), paranoid=2, root=False)
ROOT_IN_VM = Host(pmu=(), paranoid=2, root=True)
ROOT = Host(pmu=("cpu",), paranoid=2, root=True)
VERSIONS = ("5.10", "6.1", "6.12", "7.3")

UBUNTU = """WARNING: perf not found for kernel 5.15.0-43

  You may need to install the following packages for this specific kernel:
    linux-tools-5.15.0-43-generic
    linux-cloud-tools-5.15.0-43-generic

  You may also want to install one of the following packages to keep up to date:
    linux-tools-generic
    linux-cloud-tools-generic
"""
DEBIAN = (
    "/usr/bin/perf: line 13: exec: perf_4.19: not found\nE: linux-perf-4.19 is not installed.\n"
)


def recorded(heading: str) -> tuple[int, str]:
    """Exit status and stderr of one run in permission-and-fd-errors.txt."""
    text = (LOCAL / "permission-and-fd-errors.txt").read_text()
    body = text.partition(f"### {heading}\n")[2].partition("###")[0]
    stderr, _, status = body.rpartition("rc=")
    return int(status), stderr


def explain(status, stderr, *, command=SYSTEM_WIDE, events=("cpu-clock",), host=USER, local=True):
    return explain_failure(status, stderr, command=command, events=events, local=local, host=host)


# -- permission


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refused_user_is_told_how_to_be_allowed(version):
    error = explain(*recorded(f"{version} nobody -a"))
    assert type(error) is PerfNotPermittedError
    assert error.permanent
    assert "system-wide" in error.reason
    assert "perf_event_paranoid is 2" in error.reason
    assert "sysctl kernel.perf_event_paranoid=0" in error.remedy
    assert "cap_perfmon" in error.remedy


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_pmu_no_system_setting_is_proposed(version):
    error = explain(*recorded(f"{version} nobody -a"), host=USER_IN_VM)
    assert type(error) is PerfNotPermittedError
    assert "sysctl" not in str(error)
    assert "no PMU" in error.remedy


@pytest.mark.parametrize("version", VERSIONS)
def test_the_process_of_somebody_else_needs_no_system_setting_either(version):
    error = explain(*recorded(f"{version} nobody -p 1"), command=["perf", "stat", "-p", "1"])
    assert type(error) is PerfNotPermittedError
    assert "process 1 " in error.reason
    assert "owner" in error.remedy
    assert "sysctl" not in error.remedy


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tracepoint_without_rights(version):
    events = ("cpu-clock", "sched:sched_switch")
    error = explain(*recorded(f"{version} nobody tracepoint"), events=events)
    assert type(error) is PerfNotPermittedError
    assert "sched:sched_switch" in error.reason


def test_root_that_is_refused_is_in_a_container():
    error = explain(*recorded("6.12 nobody -a"), host=ROOT)
    assert type(error) is PerfNotPermittedError
    assert "--cap-add PERFMON" in error.remedy
    assert "sysctl" not in error.remedy


@pytest.mark.parametrize("paranoid", [0, -1])
def test_a_user_who_is_refused_though_all_are_allowed_is_in_a_container(paranoid):
    status, stderr = recorded("6.12 nobody -a")
    stderr = stderr.replace("setting is 2", f"setting is {paranoid}")
    assert "--cap-add PERFMON" in explain(status, stderr).remedy


def test_selinux_is_named_where_perf_names_it():
    status, stderr = recorded("6.12 nobody -a")
    stderr += "Enforced MAC policy settings (SELinux) can limit access to performance\n"
    assert "audit log" in explain(status, stderr, host=ROOT).remedy


def test_of_another_machine_only_the_right_to_count_is_spoken_of():
    command = ["ssh", "-A", "-p", "2222", "host", *SYSTEM_WIDE]
    error = explain_failure(255, recorded("6.1 nobody -a")[1], command=command, local=False)
    assert type(error) is PerfNotPermittedError
    assert "system-wide" in error.reason
    assert "sudo -n perf" in error.remedy
    assert "sysctl" not in error.remedy


def test_docker_exec_without_the_right():
    command = ["docker", "exec", "-i", "box", *SYSTEM_WIDE]
    error = explain_failure(255, recorded("6.1 nobody -a")[1], command=command, local=False)
    assert "--cap-add PERFMON" in error.remedy


def test_perf_7_says_the_same_to_root_without_a_pmu_and_is_told_apart():
    stderr = "Error:\nNo supported events found.\nThe cycles event is not supported.\n"
    error = explain(1, stderr, events=("cycles",), host=ROOT_IN_VM)
    assert type(error) is NothingCountableError
    assert "no PMU" in error.reason
    assert "sysctl" not in str(error)


def test_the_u_that_perf_adds_tells_a_user_without_rights_even_on_another_machine():
    status, stderr = recorded("7.3 nobody -a")
    error = explain_failure(
        status, stderr, command=["ssh", "h", *SYSTEM_WIDE], events=["cpu-clock"], local=False
    )
    assert type(error) is PerfNotPermittedError


@pytest.mark.parametrize("version", VERSIONS)
def test_where_only_perf_is_named_nothing_is_said_of_system_wide(version):
    error = explain(*recorded(f"{version} nobody -a"), command=["perf"])
    assert type(error) is PerfNotPermittedError
    assert "system-wide" not in error.reason
    assert "kernel.perf_event_paranoid=0" in error.remedy


def test_perf_7_counting_a_process_of_ones_own_is_not_refused():
    stderr = "Error:\nNo supported events found.\nThe cycles:u event is not supported.\n"
    command = ["perf", "stat", "-p", "7", "-e", "cycles", "--", "cat"]
    error = explain(1, stderr, command=command, events=("cycles",), host=USER_IN_VM)
    assert type(error) is NothingCountableError


def test_setcap_is_for_the_program_not_for_ubuntus_script_around_it(tmp_path):
    script = tmp_path / "perf"
    script.write_text("#!/bin/bash\n")
    script.chmod(0o755)
    error = explain(*recorded("6.1 nobody -a"), command=[str(script), *SYSTEM_WIDE[1:]])
    assert "/usr/lib/linux-tools/$(uname -r)/perf" in error.remedy


# -- no perf


@pytest.mark.parametrize(
    ("status", "stderr", "command"),
    [
        (127, "bash: perf: command not found\n", ["ssh", "host", "perf"]),
        (127, "bash: line 1: perf: command not found\n", ["ssh", "host", "perf"]),
        (127, "sh: 1: perf: not found\n", ["sh", "-c", "perf"]),
        (127, "zsh:1: command not found: perf\n", ["ssh", "host", "perf"]),
        (127, "fish: Unknown command: perf\n", ["ssh", "host", "perf"]),
        (127, "env: 'perf': No such file or directory\n", ["env", "perf"]),
        (1, "sudo: perf: command not found\n", ["sudo", "-n", "perf"]),
        (
            127,
            'OCI runtime exec failed: exec failed: unable to start container process: exec: "perf": '
            "executable file not found in $PATH: unknown\n",
            ["docker", "exec", "-i", "c", "perf"],
        ),
        (127, "", ["env", "perf"]),
    ],
)
def test_there_is_no_perf(status, stderr, command):
    command = [*command, *SYSTEM_WIDE[1:]]
    error = explain_failure(status, stderr, command=command, local=False)
    assert type(error) is PerfNotFoundError
    assert error.reason == "perf was not found"
    assert "linux-perf" in error.remedy


def test_ubuntus_wrapper_names_the_package():
    error = explain(2, UBUNTU)
    assert type(error) is PerfNotFoundError
    assert "5.15.0-43" in error.reason
    assert "Install linux-tools-5.15.0-43-generic" in error.remedy
    assert "any version" in error.remedy


def test_debians_wrapper_names_the_package():
    error = explain(1, DEBIAN)
    assert type(error) is PerfNotFoundError
    assert "wrapper" in error.reason
    assert "Install linux-perf-4.19;" in error.remedy


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file"), PerfNotFoundError, "was not found"),
        (PermissionError(errno.EACCES, "Permission denied"), PerfNotFoundError, "not be executed"),
        (OSError(errno.ENOEXEC, "Exec format error"), PerfNotFoundError, "no program for this"),
        (OSError(errno.EMFILE, "Too many open files"), PerfFailedError, "too many open files"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), PerfFailedError, "allocate memory"),
    ],
)
def test_perf_cannot_be_started(error, expected, words):
    explained = explain_spawn_error(error, ["perf"])
    assert type(explained) is expected
    assert words in explained.reason


def test_it_is_ssh_that_is_missing():
    error = explain_spawn_error(FileNotFoundError(errno.ENOENT, ""), ["ssh", "host", "perf"])
    assert error.reason == "ssh was not found"
    assert error.remedy.startswith("Install ssh")


def test_elsewhere_than_on_linux_perf_cannot_be_installed(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    error = explain_spawn_error(FileNotFoundError(errno.ENOENT, ""), ["perf"])
    assert '["ssh", "HOST", "perf"]' in error.remedy
    assert "Install" not in error.remedy


# -- the way there


@pytest.mark.parametrize(
    "stderr",
    [
        "ssh: Could not resolve hostname nowhere: Name or service not known",
        "ssh: connect to host a port 22: Connection refused",
        "ssh: connect to host a port 22: Connection timed out",
        "kex_exchange_identification: Connection closed by remote host",
        "Host key verification failed.",
        "user@host: Permission denied (publickey,password).",
        "Connection to host closed by remote host.",
        "something that ssh says for the first time",
        "",
    ],
)
def test_ssh_does_not_get_there(stderr):
    error = explain_failure(255, stderr, command=["ssh", "host", "perf"], local=False)
    assert type(error) is PerfFailedError
    assert "ssh" in error.reason
    assert "BatchMode" in error.remedy


def test_docker_is_not_there():
    stderr = "Error response from daemon: No such container: box\n"
    error = explain_failure(1, stderr, command=["docker", "exec", "-i", "box", "perf"], local=False)
    assert "No such container: box" in error.reason
    assert "docker ps" in error.remedy


def test_sudo_wants_a_password():
    stderr = "sudo: a password is required\n"
    error = explain_failure(1, stderr, command=["sudo", "-n", "perf"], local=False)
    assert type(error) is PerfNotPermittedError
    assert "NOPASSWD" in error.remedy


# -- other ends


def test_ended_by_itself():
    error = explain(0, "")
    assert type(error) is PerfFailedError
    assert not error.permanent
    assert "its input was closed" in error.reason
    assert "docker: `-i`" in error.remedy


def test_the_process_that_was_counted_ended():
    error = explain(0, "", command=["perf", "stat", "-p", "999999999", "-e", "x", "--", "cat"])
    assert error.reason == "process 999999999 ended"


@pytest.mark.parametrize(("status", "name"), [(-9, "SIGKILL"), (137, "SIGKILL"), (-15, "SIGTERM")])
def test_ended_by_a_signal(status, name):
    error = explain(
        status, "WARNING: A requested CPU in '9' is not supported by PMU 'x' (CPUs 0-1)"
    )
    if status > 0:
        error = explain(status, "")
    assert name in error.reason
    assert type(error) is PerfFailedError


def test_129_is_a_usage_error_and_no_signal():
    assert "SIGHUP" not in explain(129, "Error: something new").reason


@pytest.mark.parametrize("version", VERSIONS[:3])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cpu3", "list of cores"),
        ("cpu4", "list of cores"),
        ("nopid", "no process 999999"),
        ("nocmd", "could not start `cat`"),
        ("nopmu", "'nosuchpmu/foo/'"),
        ("tracepoint", "'sched:nosuch'"),
        ("unknown", "'nosuchevent'"),
        ("Ineg", "expects an unsigned numerical value"),
        ("threads-a-A", "only available in system-wide mode"),
    ],
)
def test_the_recorded_failures(version, name, words):
    stderr = (LOCAL / f"debian-vm-amd-perf{version}-err-{name}.csv").read_text()
    events = ("cpu-clock", "sched:nosuch", "nosuchevent", "nosuchpmu/foo/")
    error = explain(129, stderr, command=["perf", "stat", "-p", "999999"], events=events)
    assert type(error) is PerfFailedError
    assert words in error.reason
    assert error.remedy
    assert "Usage:" not in error.reason


@pytest.mark.parametrize("version", VERSIONS[:3])
def test_too_many_open_files(version):
    error = explain(*recorded(f"{version} EMFILE"))
    assert type(error) is PerfFailedError
    assert "open files" in error.reason
    assert "ulimit" in error.remedy


@pytest.mark.parametrize(
    ("stderr", "expected", "words"),
    [
        ("no access to cgroup /sys/fs/cgroup/nosuch\n", PerfFailedError, "/sys/fs/cgroup/nosuch"),
        ("  Error: unknown option `log-fd'\n", PerfFailedError, "no option log-fd"),
        ("The cycles event is not supported.\n", NothingCountableError, "whole group"),
        (
            "The sys_perf_event_open() syscall returned with 22 (Invalid argument) for event (x/y/).",
            PerfFailedError,
            "refused the event x/y/",
        ),
        (
            "The sys_perf_event_open() syscall returned with 38 (Function not implemented) for "
            "event (cycles).",
            NothingCountableError,
            "no perf_event_open",
        ),
        ("print interval must be >= 10ms\n", PerfFailedError, "below 10 ms"),
        ("WARNING: one\nsomething entirely new\n", PerfFailedError, "something entirely new"),
    ],
)
def test_other_refusals(stderr, expected, words):
    error = explain(255, stderr, host=ROOT)
    assert type(error) is expected
    assert words in error.reason


def test_braces_in_perfs_words_are_kept():
    error = explain(129, "no access to cgroup /a{0}{program}")
    assert "/a{0}{program}" in error.reason


@pytest.mark.parametrize(
    ("events", "shown", "pointer", "expected"),
    [
        (("bogus", "cycles"), "bogus,cycles", 21, "bogus"),
        (("cycles", "bogus"), "cycles,bogus", 28, "bogus"),
        (("a", "instructions", "bogus", "c"), "..structions,bogus,c", 34, "bogus"),
        (("cpu-clock:zz", "cycles"), "cpu-clock:zz,cycles", 30, "cpu-clock:zz"),
        (("x", "y"), "", 21, None),
    ],
)
def test_the_refused_event_is_found_by_perfs_pointer(events, shown, pointer, expected):
    stderr = f"event syntax error: '{shown}'\n{' ' * pointer}\\___ parser error\n"
    assert refused_event(stderr, events) == expected


def test_every_remedy_is_a_sentence_without_its_full_stop():
    for _, stderr in [recorded(f"{v} nobody -a") for v in VERSIONS] + [(1, UBUNTU), (1, DEBIAN)]:
        error = explain(1, stderr)
        assert not error.reason.endswith(".")
        assert not error.remedy.endswith(".")


def test_no_pattern_is_slow_on_long_hostile_text():
    text = ("perf: " * 20_000) + "\n" + (" " * 50_000) + "\nevent syntax error: '" + "," * 50_000
    start = time.monotonic()
    assert explain(1, text).reason
    assert time.monotonic() - start < 1
