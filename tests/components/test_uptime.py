"""The uptime check of one public URL."""

from __future__ import annotations

import pytest
from recording import declared

from components.uptime import Uptime, UptimeArgs

URL = "https://api.example.test/health"
EMAILS = ("a@example.test", "b@example.test")


def test_a_url_is_checked_from_three_continents_and_a_disabled_check_is_enabled() -> None:
    made = declared(lambda: Uptime("u", UptimeArgs(URL, EMAILS)))
    assert made["u-check"].inputs == {
        "name": "api.example.test/health",
        "target": URL,
        "type": "https",
        "regions": ["eu_west", "us_east", "se_asia"],
        "enabled": True,
    }


def test_everybody_named_is_told_of_an_outage_and_of_a_certificate_that_runs_out() -> None:
    made = declared(lambda: Uptime("u", UptimeArgs(URL, EMAILS)))
    recipients = [{"emails": list(EMAILS)}]
    assert made["u-down"].inputs == {
        "name": f"{URL} is down",
        "checkId": "<u-check.id>",
        "type": "down_global",
        "period": "2m",
        "notifications": recipients,
    }
    assert made["u-certificate"].inputs == {
        "name": f"{URL} certificate runs out",
        "checkId": "<u-check.id>",
        "type": "ssl_expiry",
        "comparison": "less_than",
        "threshold": 14,
        "period": "1h",
        "notifications": recipients,
    }
    assert len(made) == 4


def test_a_check_without_recipients_is_refused_since_the_provider_would_panic() -> None:
    with pytest.raises(ValueError, match="u: emails is empty"):
        declared(lambda: Uptime("u", UptimeArgs(URL, ())))
