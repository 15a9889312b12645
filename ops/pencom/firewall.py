"""nftables rules for each host: they accept the declared flows, and nothing else.

The rules are in a table of their own: loading a file replaces that table and no other.
Processes of one host may connect to each other. A few ports are open to machines outside the
inventory. Forwarding is off: published container ports would bypass the rules for incoming
traffic, so containers need the host's own network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from ops.pencom import assumed
from ops.pencom.flows import ANYONE, OPERATORS, Flow, flows
from ops.pencom.inventory import Inventory

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
    # TCP gets a reset: the kernel limits how often it sends ICMP errors
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
    # nothing else to machines of the inventory
{others}
    # outside the inventory: DNS, NTP, packages, third parties (assumed)
    tcp dport {{ {tcp} }} accept
    udp dport {{ {udp} }} accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }}
}}
"""


def files(inventory: Inventory) -> dict[str, str]:
    """Return a file `<host>.nft` for each host. Raises UsageError if none faces the internet."""
    incoming: dict[str, list[str]] = defaultdict(list)
    outgoing: dict[str, list[str]] = defaultdict(list)
    for flow, reasons in sorted(flows(inventory).items()):
        comment = f"    # {', '.join(reasons)}"
        accept = f"tcp dport {flow.port} accept"
        if flow.target in inventory.hosts:
            matches = _sources(inventory, flow)
            incoming[flow.target] += [comment, *(f"    {each}{accept}" for each in matches)]
        if flow.source in inventory.hosts:
            matches = _matches([inventory.address(flow.target)], "daddr")
            outgoing[flow.source] += [comment, *(f"    {each}{accept}" for each in matches)]
    machines = map(inventory.address, (*inventory.hosts, *inventory.foreign))
    others = "\n".join(
        f"    {each}meta l4proto tcp reject with tcp reset\n    {each}drop"
        for each in _matches(machines, "daddr")
    )
    return {
        f"{host}.nft": TEMPLATE.format(
            incoming="\n".join(incoming[host]),
            outgoing="\n".join(outgoing[host]),
            others=others,
            tcp=", ".join(map(str, assumed.OUTSIDE_TCP)),
            udp=", ".join(map(str, assumed.OUTSIDE_UDP)),
        )
        for host in inventory.hosts
    }


def _sources(inventory: Inventory, flow: Flow) -> list[str]:
    if flow.source == ANYONE:
        return [""]
    if flow.source == OPERATORS:
        return _matches(inventory.hosts[flow.target].ssh_allow_list, "saddr")
    return _matches([inventory.hosts[flow.source].address], "saddr")


def _matches(networks: Iterable[str], field: str) -> list[str]:
    """Return matches of addresses or networks: at most one for IPv4 and one for IPv6."""
    parsed = [ip_network(network) for network in networks]
    # nft refuses a set whose networks overlap.
    ipv4 = collapse_addresses(each for each in parsed if isinstance(each, IPv4Network))
    ipv6 = collapse_addresses(each for each in parsed if isinstance(each, IPv6Network))
    sets = {"ip": ", ".join(map(_text, ipv4)), "ip6": ", ".join(map(_text, ipv6))}
    return [f"{family} {field} {{ {text} }} " for family, text in sets.items() if text]


def _text(network: IPv4Network | IPv6Network) -> str:
    """Return a network, or its address if it has only one."""
    return str(network[0] if network.num_addresses == 1 else network)
