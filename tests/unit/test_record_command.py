"""``perfwidgets record``: its arguments, and the command that waits to be counted."""

from __future__ import annotations

import os
import queue
import re
import select
import signal
import subprocess
import sys

import pytest

from perfwidgets import Reading, Recorder, Sample, Status, read_recording
from perfwidgets.__main__ import build_parser, main
from perfwidgets.errors import ArgumentError, PerfFailedError
from perfwidgets.record_command import _Listener
from perfwidgets.sources.held_command import HeldCommand, counts
from perfwidgets.sources.perf_stat import PerfStat


def parsed(*words):
    return build_parser().parse_args(["record", *words])


def test_the_letters_are_perfs_own():
    found = parsed(
        *("-o", "f", "-e", "cycles,page-faults", "-e", "x", "-C", "0-1", "-I", "250", "-A"),
        *("-p", "7", "-a", "--command", "ssh host perf", "--overwrite"),
    )
    assert (found.output, found.events, found.cores) == ("f", ["cycles,page-faults", "x"], "0-1")
    assert (found.interval, found.per_core, found.pid) == (0.25, True, 7)
    assert (found.all_cpus, found.perf_command, found.overwrite) == (True, "ssh host perf", True)
    assert found.argv == []
    assert parsed("-o", "f").interval == 1.0


@pytest.mark.parametrize("dashes", [(), ("--",)])
def test_what_follows_is_the_command_with_its_own_options(dashes):
    found = parsed("-o", "f", "-a", *dashes, "sleep", "-e", "1")
    assert found.argv == [*dashes, "sleep", "-e", "1"]
    assert (found.all_cpus, found.events) == (True, None)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["-p", "1", "--", "true"], "-p 1 and a command"),
        (["-a", "-p", "1"], "-p 1 and -a"),
        (["-A", "--", "true"], "which perf refuses.*Add -a"),
        (["--command", "ssh host perf", "--", "true"], "run here.*Add -a"),
        (["-C", "9999"], "absent or offline"),
        (["-C", "x"], "not a list of cores"),
        (["-I", "1"], "too short"),
        (["-I", "1000000000000"], "too long"),
        (["-e", "cycle"], "cycle"),
        (["-p", "-3"], "no process id"),
        (["-p", "3", "-A"], "perf refuses"),
        (["--", "nosuchcommand"], "no command 'nosuchcommand'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(tmp_path, capsys, words, match):
    assert main(["record", "-o", str(tmp_path / "r"), *words]) == 2
    said = capsys.readouterr().err
    assert re.search(match, said), said
    assert not (tmp_path / "r").exists()


def test_what_the_parser_refuses(tmp_path, capsys):
    for words in ([], ["-o"], ["-o", "f", "-I", "1.5"], ["-o", "f", "--nosuch"]):
        with pytest.raises(SystemExit) as caught:
            main(["record", *words])
        assert caught.value.code == 2
    assert "no whole number of milliseconds" in capsys.readouterr().err


def test_a_file_that_is_there_is_kept_and_no_command_is_left(tmp_path, capsys):
    (tmp_path / "r").write_text("precious")
    ran = tmp_path / "ran"
    assert main(["record", "-o", str(tmp_path / "r"), "--", "touch", str(ran)]) == 2
    assert "there already" in capsys.readouterr().err
    assert (tmp_path / "r").read_text() == "precious"
    assert not ran.exists(), "the command had not begun"


def test_the_help_tells_how_it_ends(capsys):
    with pytest.raises(SystemExit):
        main(["record", "--help"])
    said = capsys.readouterr().out
    assert "Ctrl-C, SIGTERM" in said
    assert "exit status" in said


def test_it_loads_no_widgets():
    program = (
        "import sys, perfwidgets.record_command\n"
        "print({name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    for heavy in ("ipywidgets", "bqplot", "anywidget", "pandas", "IPython", "numpy", "traitlets"):
        assert f"'{heavy}'" not in done.stdout


# The command that waits


def started(argv):
    ended = queue.SimpleQueue()
    return HeldCommand(argv, lambda: ended.put(True)), ended


def running(argv):
    command, ended = started(argv)
    command.let_go(lambda: True)
    return command, ended


def test_it_begins_once_it_is_counted_and_keeps_its_process_and_input(tmp_path):
    out = tmp_path / "out"
    program = f"import os; open({str(out)!r}, 'w').write(f'{{os.getpid()}}'); raise SystemExit(7)"
    command, ended = started([sys.executable, "-c", program])
    looks = []

    def is_counted():
        looks.append(out.exists())
        return len(looks) > 20

    command.let_go(is_counted)
    assert ended.get(timeout=30)
    assert looks == [False] * 21, "not before it was let go"
    assert int(out.read_text()) == command.pid
    assert command.end() == 7


def test_its_words_and_descriptors_are_as_they_were(tmp_path):
    words = ["a b", "$HOME", "*", "'", "--", "-x", ""]
    program = (
        "import os, sys\n"
        f"open({str(tmp_path / 'out')!r}, 'w').write(repr((sys.argv[1:], os.listdir('/proc/self/fd'))))"
    )
    command, ended = started([sys.executable, "-c", program, *words])
    command.let_go(lambda: True)
    assert ended.get(timeout=30)
    argv, descriptors = eval((tmp_path / "out").read_text())
    assert argv == words
    assert set(descriptors) <= {"0", "1", "2", "3", "4"}, "the pipe it waited on is closed"
    assert command.end() == 0


def test_one_that_is_never_let_go_never_begins(tmp_path):
    command, ended = started(["touch", str(tmp_path / "out")])
    assert command.end() != 0
    assert ended.get(timeout=30)
    assert not (tmp_path / "out").exists()


def test_if_we_are_killed_it_ends_without_having_begun(tmp_path):
    program = (
        "import sys, time\n"
        "from perfwidgets.sources.held_command import HeldCommand\n"
        f"command = HeldCommand(['touch', {str(tmp_path / 'out')!r}], print)\n"
        "print(command.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    waiting = os.pidfd_open(int(ours.stdout.readline()))
    ours.kill()
    ours.wait(30)
    ours.stdout.close()
    assert select.select([waiting], [], [], 30)[0], "it waits for ever"
    os.close(waiting)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(3)", 3), (f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", 137)],
)
def test_its_exit_status_is_as_a_shell_has_it(code, status):
    command, ended = running([sys.executable, "-c", code])
    assert ended.get(timeout=30)
    assert command.end() == status
    assert command.end() == status


def test_one_that_runs_is_told_to_end(monkeypatch):
    command, ended = running(["sleep", "1000"])
    assert command.end() == 128 + signal.SIGTERM
    assert ended.get(timeout=30)
    monkeypatch.setattr("perfwidgets.sources.held_command._GRACE", 0.2)
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(1e3)"
    )
    command, ended = running(["sh", "-c", f'"{sys.executable}" -c "{deaf}" >/dev/null'])
    assert command.end() > 128
    assert ended.get(timeout=30)


def test_there_must_be_such_a_program():
    with pytest.raises(ArgumentError, match=r"no command '/nosuch'"):
        started(["/nosuch"])


def test_whether_a_process_counts():
    assert counts(None) is False
    assert counts(2**22 + 1) is False
    assert counts(os.getpid()) is False


# What is written


def sample(*statuses):
    readings = [
        Reading(f"e{n}", 5 if s is Status.COUNTED else None, None, None, s, 1.0)
        for n, s in enumerate(statuses)
    ]
    return Sample(1.0, None, 1.0, tuple(readings))


def told(recorder, *events):
    news = queue.SimpleQueue()
    listener = _Listener(recorder, news)
    for name, *arguments in events:
        getattr(listener, name)(*arguments)
    return listener, news


def test_samples_and_states_are_written(tmp_path):
    source = PerfStat(["page-faults"])
    with Recorder(tmp_path / "r") as recorder:
        good = sample(Status.COUNTED, Status.NOT_SUPPORTED)
        listener, news = told(
            recorder,
            ("source_changed", "perf stat", "running", None),
            ("sample_arrived", "perf stat", source, good),
            ("sample_arrived", "/proc/vmstat", source, good),
            ("source_changed", "perf stat", "starting", PerfFailedError("it ended", "look")),
            ("sample_arrived", "perf stat", source, good),
            ("tick",),
        )
    assert (listener.error, listener.has_news, news.empty()) == (None, True, True)
    recording = read_recording(tmp_path / "r")
    assert (len(list(recording.samples)), len(list(recording.memory))) == (2, 1)
    assert [state.error for state in recording.states] == ["", "it ended"]


def test_nothing_countable_ends_it_with_the_reason(tmp_path, capsys):
    source = PerfStat(["page-faults", "x/y/"])
    source.refused = {"e1": "unknown"}
    with Recorder(tmp_path / "r") as recorder:
        bad = sample(Status.NOT_SUPPORTED, Status.NOT_SUPPORTED)
        listener, news = told(recorder, *([("sample_arrived", "perf stat", source, bad)] * 3))
    assert "can be counted" in str(listener.error)
    assert news.get_nowait() == "ended"
    assert news.empty(), "said once"
    said = capsys.readouterr().err
    assert said.count("not supported here: e0") == 1
    assert "perf refuses 'e1': unknown" in said
    assert list(read_recording(tmp_path / "r").samples) == []


def test_idle_is_not_uncountable(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        idle = sample(Status.NOT_COUNTED, Status.NOT_SUPPORTED)
        listener, _ = told(recorder, ("sample_arrived", "perf stat", PerfStat(), idle))
    assert listener.error is None
    assert recorder.samples == 1


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_the_end_of_the_counters_ends_it_and_that_of_memory_does_not(tmp_path, state):
    error = PerfFailedError("so", "do") if state == "failed" else None
    with Recorder(tmp_path / "r") as recorder:
        listener, news = told(recorder, ("source_changed", "/proc/vmstat", state, error))
        assert news.empty()
        listener, news = told(recorder, ("source_changed", "perf stat", state, error))
    assert news.get_nowait() == "ended"
    assert listener.error is error
