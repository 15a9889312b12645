"""Rules for nftables on each host: the declared flows, and nothing else.

They stand in a table of their own: loading a file replaces that table and leaves others alone.
Within a host everything may talk. To what is outside the inventory a host may go on a few ports.
Nothing is forwarded, so that containers need the host's own network: published ports would
otherwise pass by the rules for what comes in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from ops.pencom import assumed
from ops.pencom.flows import ANYONE, OPERATORS, Flow, flows
from ops.pencom.inventory import Estate

TEMPLATE = """\
add table inet pencom
delete table inet pencom
table inet pencom {{
  chain input {{
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif "lo" accept
    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }} accept
{incoming}
    # a reset, since the kernel holds back what else it answers
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
  }}
  chain output {{
    type filter hook output priority filter; policy drop;
    ct state established,related accept
    oif "lo" accept
    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }} accept
{outgoing}
    # the inventory's other machines
{others}
    # outside it: names, time, packages, third parties (assumed)
    tcp dport {{ {tcp} }} accept
    udp dport {{ {udp} }} accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }}
}}
"""


def files(estate: Estate) -> dict[str, str]:
    """Give the rules of each host. Raises UsageError where nobody could log in."""
    incoming: dict[str, list[str]] = defaultdict(list)
    outgoing: dict[str, list[str]] = defaultdict(list)
    for flow, reasons in sorted(flows(estate).items()):
        why = f"    # {', '.join(reasons)}"
        allow = f"tcp dport {flow.port} accept"
        if flow.target in estate.hosts:
            froms = [f"    {each}{allow}" for each in _sources(estate, flow)]
            incoming[flow.target] += [why, *froms]
        if flow.source in estate.hosts:
            to = _to([estate.address(flow.target)], "daddr")
            outgoing[flow.source] += [why, *(f"    {each}{allow}" for each in to)]
    others = "\n".join(
        f"    {each}meta l4proto tcp reject with tcp reset\n    {each}drop"
        for each in _to(map(estate.address, (*estate.hosts, *estate.foreign)), "daddr")
    )
    return {
        f"{host}.nft": TEMPLATE.format(
            incoming="\n".join(incoming[host]),
            outgoing="\n".join(outgoing[host]),
            others=others,
            tcp=", ".join(map(str, assumed.OUTSIDE_TCP)),
            udp=", ".join(map(str, assumed.OUTSIDE_UDP)),
        )
        for host in estate.hosts
    }


def _sources(estate: Estate, flow: Flow) -> list[str]:
    if flow.source == ANYONE:
        return [""]
    if flow.source == OPERATORS:
        return _to(estate.hosts[flow.target].ssh_allow_list, "saddr")
    return _to([estate.hosts[flow.source].address], "saddr")


def _to(networks: Iterable[str], side: str) -> list[str]:
    """Match addresses or networks; those of IPv4 and of IPv6 have words of their own."""
    parsed = [ip_network(network) for network in networks]
    # nft refuses a set whose networks overlap.
    four = collapse_addresses(each for each in parsed if isinstance(each, IPv4Network))
    six = collapse_addresses(each for each in parsed if isinstance(each, IPv6Network))
    given = {"ip": ", ".join(map(_text, four)), "ip6": ", ".join(map(_text, six))}
    return [f"{kind} {side} {{ {each} }} " for kind, each in given.items() if each]


def _text(network: IPv4Network | IPv6Network) -> str:
    """Write a network of one address as that address."""
    return str(network[0] if network.num_addresses == 1 else network)
