"""Samples: what they say of an interval, and the payload."""

from __future__ import annotations

import dataclasses
import json
import random

import pytest
from scripted_source import reading

from perfwidgets.samples import Reading, Sample, Status, whole


def made(*readings, **more):
    return Sample(12.503, 1795331000.2, 0.25, readings, **{"interval": 0.25, **more})


COUNTED = reading("context-switches", 812, rate=3248.0)
UNSUPPORTED = reading("cycles", status=Status.NOT_SUPPORTED)
NOT_COUNTED = reading("instructions", status=Status.NOT_COUNTED)
ABSENT = reading("branches", status=Status.MISSING)


def test_the_payload_is_that_of_the_design():
    assert made(COUNTED, UNSUPPORTED).to_dict() == {
        "available": False,
        "sample_time": 12.503,
        "timestamp": 1795331000.2,
        "duration": 0.25,
        "cpu_cores": "all",
        "interval_ms": 250,
        "events": {
            "context-switches": {"value": 812, "unit": None, "status": "counted", "running": 1.0},
            "cycles": {"value": None, "unit": None, "status": "not supported", "running": 0.0},
        },
        "missing_events": [],
        "unsupported_events": ["cycles"],
    }


def test_the_payload_of_parts_and_of_a_file_is_json_too():
    parts = {"CPU0": reading("cs", 1), "CPU1": reading("cs", 2)}
    sample = made(reading("cs", 3, parts=parts), cores="0-1", interval=None)
    payload = json.loads(json.dumps(sample.to_dict(), allow_nan=False))
    assert payload["cpu_cores"] == "0-1"
    assert payload["interval_ms"] is None
    assert payload["events"]["cs"]["parts"]["CPU1"]["value"] == 2


def test_available_means_every_event_was_counted():
    assert made(COUNTED).available
    assert not made().available
    for other in (UNSUPPORTED, NOT_COUNTED, ABSENT):
        sample = made(COUNTED, other)
        assert not sample.available
        assert sample.counted == ("context-switches",)
        assert sample["context-switches"].count == 812
    every = made(COUNTED, UNSUPPORTED, NOT_COUNTED, ABSENT)
    assert every.missing == ("instructions", "branches")
    assert every.unsupported == ("cycles",)


def test_readings_of_one_name_are_not_added_up():
    sample = made(reading("cs", 1), reading("cs", 2))
    assert sample["cs"].count == 1
    assert [r.count for r in sample] == [1, 2]
    assert len(sample) == 2
    assert sample.counted == ("cs",)
    assert sample.to_dict()["events"]["cs"]["value"] == 1


def test_a_name_that_is_not_there():
    assert "cs" not in made(COUNTED)
    with pytest.raises(KeyError, match="it has: context-switches"):
        made(COUNTED)["cs"]
    with pytest.raises(KeyError, match="none"):
        made()["cs"]


def test_values_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        made(COUNTED).time = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        COUNTED.count = 1
    with pytest.raises(TypeError):
        COUNTED.parts["x"] = COUNTED


def test_scaled():
    assert reading(running=0.5).scaled
    assert not reading().scaled
    assert not UNSUPPORTED.scaled


def test_the_whole_is_the_sum_of_what_was_counted_and_as_weak_as_its_weakest():
    parts = {
        "CPU0": reading("cs", 2**62, running=0.5),
        "CPU1": reading("cs", 2**62 + 1),
        "CPU2": reading("cs", status=Status.NOT_COUNTED),
    }
    total = whole("cs", None, parts, 0.5)
    assert total.count == 2**63 + 1
    assert total.running == 0.5
    assert total.status is Status.COUNTED
    assert total.rate == (2**63 + 1) / 0.5
    assert whole("cs", None, parts, None).rate is None


def test_the_whole_of_decimals_is_what_a_reader_would_write():
    numbers = [random.Random(n).randrange(10**7) / 100 for n in range(64)]
    parts = {str(i): reading("cpu-clock", n) for i, n in enumerate(numbers)}
    cents = sum(round(n * 100) for n in numbers)
    assert str(whole("cpu-clock", "msec", parts, 1.0).count) == str(cents / 100)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Status.MISSING),
        ([Status.NOT_SUPPORTED], Status.NOT_SUPPORTED),
        ([Status.NOT_SUPPORTED, Status.NOT_COUNTED], Status.NOT_COUNTED),
        ([Status.NOT_SUPPORTED, Status.MISSING], Status.MISSING),
    ],
)
def test_a_whole_of_nothing_counted_is_not_zero(statuses, expected):
    parts = {str(i): reading("cs", status=s) for i, s in enumerate(statuses)}
    total = whole("cs", None, parts, 1.0)
    assert total == Reading("cs", None, None, None, expected, 0.0, parts)
