"""What is watched, and when it held, on its way to the browser."""

from __future__ import annotations

from typing import Any

from perfwidgets.models.alerts import Alert
from perfwidgets.models.monitor import Monitor
from perfwidgets.thresholds import Threshold

__all__ = ["alert_news"]

#: the newest alerts that a page is told of
_MOST = 100


def alert_news(monitor: Monitor) -> dict[str, Any]:
    """The conditions and their latest alerts, as plain values; empty where there are none."""
    watches, alerts = monitor.watches, monitor.alerts[-_MOST:]
    if not watches and not alerts:
        return {}
    states = monitor.watch_states
    return {
        "watches": [_plain_watch(watch, states.get(watch.condition, "")) for watch in watches],
        "alerts": [_plain_alert(alert) for alert in alerts],
    }


def _plain_watch(watch: Threshold, state: str) -> dict[str, Any]:
    return {"condition": watch.condition, "sign": watch.sign, "hold": watch.hold, "state": state}


def _plain_alert(alert: Alert) -> dict[str, Any]:
    return {
        "number": alert.number,
        "condition": alert.condition,
        "began": alert.began,
        "ended": alert.ended,
        "worst": alert.worst,
        "unit": alert.unit,
        "names": list(alert.names),
    }
