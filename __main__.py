"""The estate: declares the selected stack to the Pulumi engine."""

from stacks.estate import declare

declare()
