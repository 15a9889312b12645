"""The policy of the committed stacks: no rule is broken."""

from __future__ import annotations

import pytest
from plans import STACKS, plan_of

from ops.review.violations import violations


@pytest.mark.parametrize("stack", STACKS)
def test_a_committed_stack_breaks_no_rule(stack: str) -> None:
    assert violations(plan_of(stack)) == []
