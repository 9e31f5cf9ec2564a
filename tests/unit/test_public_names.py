"""The public surface is held still."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest
from numpydoc.validate import validate

import perfwidgets

PUBLIC = {
    *("DEFAULT_EVENTS", "Availability", "Backoff", "BandwidthChart", "CounterGrid", "Dashboard"),
    *("Event", "EventSelector", "History", "HistoryChart", "Monitor", "PerfStat", "Reading"),
    *("Sample", "Snapshot", "Status", "StatusBar", "VmStat", "check", "read_perf_csv"),
    *("MetricPanel", "add_metric"),
    *("Alert", "Threshold", "delete_event_set", "event_sets", "save_event_set"),
    *("DaskHosts", "HostState", "Hosts"),
    *("CompactBar", "CoreStrip"),
    *("ArgumentError", "PerfwidgetsError", "PerfwidgetsWarning", "SourceError"),
    *("Replay", "Synthetic", "read_perf_json"),
    *("BudgetExceededError", "Region", "RegionResult", "count"),
    *("Cell", "Cells", "Comparison", "Mark", "Marks", "compare"),
    *("CoreListError", "EventNameError", "IntervalError", "RecordingError", "VmStatError"),
    *("Recorder", "Recording", "compare_recordings", "read_recording"),
    *("NothingCountableError", "PerfFailedError", "PerfNotFoundError", "PerfNotPermittedError"),
}
PASSED_ON = "Parameters {'**traits'} not documented"
SIGNATURES = {
    "PerfStat": "events, cores, interval, per_core, pid, cgroup, command",
    "VmStat": "interval, path",
    "Monitor": "sources, window, backoff",
    "Hosts": "counters, memory, backoff",
    "DaskHosts": "client, counters, memory, host_of, keep",
    "check": "events, command, timeout",
    "count": "label, events, threads, command",
    "read_perf_csv": "path_or_lines, separator",
    "Dashboard": "source_or_monitor, compact, options",
    "Sample": "time, timestamp, duration, readings, cores, interval",
    "Reading": "event, count, rate, unit, status, running, parts",
}


def test_the_public_names():
    assert set(perfwidgets.__all__) >= PUBLIC, "names that notebooks use have gone"
    assert set(perfwidgets.__all__) == PUBLIC, "new public names: add them to PUBLIC"
    assert sorted(perfwidgets.__all__) == sorted(set(perfwidgets.__all__))
    assert set(perfwidgets.__all__) == set(perfwidgets._HOME)
    assert set(dir(perfwidgets)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_is_found_where_it_lives(name):
    value = getattr(perfwidgets, name)
    home = importlib.import_module(f"perfwidgets.{perfwidgets._HOME[name]}")
    assert value is getattr(home, name)
    assert name in home.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Dashbord'"):
        perfwidgets.Dashbord  # noqa: B018
    assert not hasattr(perfwidgets, "__path_to_nowhere__")


def test_names_are_loaded_when_asked_for():
    program = (
        "import sys, perfwidgets\n"
        "assert not [m for m in sys.modules if m.startswith('perfwidgets.')], sys.modules\n"
        "perfwidgets.Status\n"
        "assert 'perfwidgets.samples' in sys.modules\n"
        "assert 'perfwidgets.models.monitor' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(("name", "parameters"), SIGNATURES.items())
def test_the_parameters_of_what_is_called(name, parameters):
    assert list(inspect.signature(getattr(perfwidgets, name)).parameters) == parameters.split(", ")


def described(owner):
    for name, member in vars(owner).items():
        if not name.startswith("_") and (
            inspect.isfunction(member) or isinstance(member, property)
        ):
            yield name, member


@pytest.mark.parametrize("name", sorted(PUBLIC - {"DEFAULT_EVENTS"}))
def test_each_has_a_docstring_and_so_have_its_methods(name):
    value = getattr(perfwidgets, name)
    assert inspect.getdoc(value)
    if inspect.isclass(value):
        assert value.__doc__ is not None
        assert [n for n, member in described(value) if not inspect.getdoc(member)] == []


# numpydoc looks at all that a class inherits
@pytest.mark.filterwarnings("ignore:Widget:DeprecationWarning")
@pytest.mark.parametrize("name", sorted(PUBLIC - {"DEFAULT_EVENTS"}))
def test_docstrings_are_numpydocs(name):
    """Sections in their order; parameters those that there are, all of them, each described."""
    value = getattr(perfwidgets, name)
    home = f"{value.__module__}.{value.__qualname__}"
    members = [f"{home}.{n}" for n, _ in described(value)] if inspect.isclass(value) else []
    wrong = []
    for each in [home, *members]:
        found = validate(each)
        lists_parameters = "Parameters" in found["docstring"]
        wrong += [
            (each, code, text)
            for code, text in found["errors"]
            if code in {"GL03", "GL06", "GL07", "GL08", "PR02", "PR03", "PR07", "PR08", "RT03"}
            # a sentence that tells all needs no list; what is passed on to a widget none either
            or (code == "PR01" and lists_parameters and text != PASSED_ON)
        ]
    assert wrong == []


def test_every_trait_of_the_monitor_says_what_it_means():
    traits = perfwidgets.Monitor.class_traits()
    assert [name for name, trait in traits.items() if not trait.help] == []


def test_every_error_is_in_the_tree_that_its_module_draws():
    errors = importlib.import_module("perfwidgets.errors")
    for name in errors.__all__:
        assert name in errors.__doc__
        assert inspect.getdoc(getattr(errors, name))
