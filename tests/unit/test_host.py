"""What a machine tells of itself."""

from __future__ import annotations

import pytest

from perfwidgets.availability import Host, hardware_absent_reason


def machine(tmp_path, *, devices=(), cpuinfo="", paranoid="2", watchdog="0"):
    for device in devices:
        (tmp_path / "sys/bus/event_source/devices" / device).mkdir(parents=True)
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
    (tmp_path / "proc/sys/kernel/perf_event_paranoid").write_text(f"{paranoid}\n")
    (tmp_path / "proc/sys/kernel/nmi_watchdog").write_text(f"{watchdog}\n")
    return Host.local(tmp_path)


@pytest.mark.parametrize(
    ("devices", "pmu"),
    [
        (("cpu", "msr", "software"), ("cpu",)),
        (("cpu_atom", "cpu_core", "uncore_imc_0"), ("cpu_atom", "cpu_core")),
        (("armv8_pmuv3_0", "arm_dsu_0", "armv8_cortex_a76"), ("armv8_cortex_a76", "armv8_pmuv3_0")),
        (("apple_icestorm_pmu", "tracepoint"), ("apple_icestorm_pmu",)),
        (("breakpoint", "msr", "software", "tracepoint", "uprobe"), ()),
    ],
)
def test_the_core_pmus(tmp_path, devices, pmu):
    assert machine(tmp_path, devices=devices).pmu == pmu


def test_without_sysfs_it_is_not_known_whether_there_is_a_pmu(tmp_path):
    assert machine(tmp_path).pmu is None


@pytest.mark.parametrize(
    ("cpuinfo", "vendor"),
    [
        ("processor\t: 0\nvendor_id\t: AuthenticAMD\n", "AuthenticAMD"),
        ("processor\t: 0\nCPU implementer\t: 0x41\n", "Arm"),
        ("processor\t: 0\nCPU implementer\t: 0x61\n", "Apple"),
        ("processor\t: 0\ncpu\t\t: POWER10 (architected)\n", "POWER"),
        ("hart\t: 0\n", None),
    ],
)
def test_the_vendor(tmp_path, cpuinfo, vendor):
    assert machine(tmp_path, cpuinfo=cpuinfo).vendor == vendor


def test_settings_are_read(tmp_path):
    host = machine(tmp_path, paranoid="-1", watchdog="1")
    assert (host.paranoid, host.watchdog) == (-1, True)


@pytest.mark.parametrize(
    ("devices", "words"), [(("cpu", "msr"), ""), (("msr",), "no PMU"), ((), "")]
)
def test_hardware_is_absent_only_where_that_is_known(tmp_path, devices, words):
    machine(tmp_path, devices=devices)
    reason = hardware_absent_reason(tmp_path)
    assert words in reason
    assert bool(reason) == bool(words)
