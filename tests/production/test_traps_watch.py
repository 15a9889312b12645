"""The watch on the estate falls into none of the provider's traps, and misses no public URL."""

from __future__ import annotations

from recorded_stacks import every, inputs, referred, stack_outputs

REGIONS = {"us_east", "us_west", "eu_west", "se_asia"}
PERIODS = {"2m", "3m", "5m", "10m", "15m", "30m", "1h"}
MEASURES = {
    "cpu",
    "memory_utilization_percent",
    "disk_utilization_percent",
    "load_1",
    "load_5",
    "load_15",
    "disk_read",
    "disk_write",
    "public_outbound_bandwidth",
}


def test_every_public_url_is_watched_from_outside() -> None:
    watched = {
        (where.partition("/")[0], check["target"]) for where, check in inputs("UptimeCheck").items()
    }
    public = {
        (stack, url)
        for stack, outputs in stack_outputs().items()
        for output in ("krotrustUrls", "krogivingUrls")
        for url in outputs[output].values()
    }
    assert watched == public
    assert len(public) == 21


def test_a_check_declares_that_it_is_on_and_asks_from_regions_that_exist() -> None:
    for where, check in inputs("UptimeCheck").items():
        assert check["enabled"] is True, where
        assert check["regions"], where
        assert set(check["regions"]) <= REGIONS, where
        assert check["type"] == "https", where


def test_an_uptime_alert_tells_somebody_of_a_thing_that_exists() -> None:
    for where, alert in inputs("UptimeAlert").items():
        assert any(note.get("emails") for note in alert["notifications"]), where
        assert not any("slacks" in note for note in alert["notifications"]), where
        assert alert["type"] in {"latency", "down", "down_global", "ssl_expiry"}, where
        assert alert["period"] in PERIODS, where
        compared = alert["type"] in ("latency", "ssl_expiry")
        assert ("threshold" in alert and "comparison" in alert) == compared, where


def test_each_check_tells_of_an_outage_and_of_a_certificate_that_runs_out() -> None:
    alerts: dict[str, set[str]] = {}
    for where, alert in inputs("UptimeAlert").items():
        (check,) = referred(alert["checkId"])
        alerts.setdefault(f"{where.partition('/')[0]}/{check}", set()).add(alert["type"])
    assert alerts == {check: {"down_global", "ssl_expiry"} for check in every("UptimeCheck")}


def test_a_monitor_alert_measures_what_exists_and_declares_that_it_is_on() -> None:
    for where, alert in inputs("MonitorAlert").items():
        prefix, _, measure = alert["type"].rpartition("/")
        assert prefix == "v1/insights/droplet", where
        assert measure in MEASURES, where
        assert alert["compare"] in {"GreaterThan", "LessThan"}, where
        assert alert["window"] in {"5m", "10m", "30m", "1h"}, where
        assert alert["enabled"] is True, where
        assert alert["alerts"]["emails"], where
        assert "slacks" not in alert["alerts"], where


def test_each_droplet_has_an_alert_of_all_that_it_may_run_out_of() -> None:
    measured: dict[str, set[str]] = {where: set() for where in every("Droplet")}
    for where, alert in inputs("MonitorAlert").items():
        (droplet,) = referred(alert["entities"])
        measured[f"{where.partition('/')[0]}/{droplet}"].add(alert["type"].rpartition("/")[2])
    needed = {"cpu", "memory_utilization_percent", "disk_utilization_percent"}
    assert {where for where, measures in measured.items() if not needed <= measures} == set()
