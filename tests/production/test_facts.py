"""Facts agree with each other, with the settings and with the handbook that they point into."""

from __future__ import annotations

import json
import re

import pytest
from plans import STACKS

from ops import ROOT
from ops.impact.dependencies import PRODUCTS, STORES
from ops.plan import config


@pytest.mark.parametrize("stack", STACKS)
def test_where_recovery_is_written_is_there_to_be_read(stack: str) -> None:
    text = re.sub(r"[*\s]+", " ", (ROOT / "README.md").read_text())
    written = [each for product in PRODUCTS.values() for each in product.recovery]
    assert [each for each in written if each.startswith("README.md, ")]
    for each in written:
        if each.startswith("README.md, "):
            assert each.removeprefix("README.md, ") in text
    named = re.findall(r"`restored` of (\w+\.\w+)", " ".join(s.recovery for s in STORES.values()))
    values = config.load(stack).values
    for system, cluster in (each.split(".") for each in named):
        assert cluster in json.loads(values.get(f"estate:{system}", "{}"))
