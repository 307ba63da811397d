"""The traffic that the examples' NetworkPolicy allows, and that regpass does not circumvent it (T34)."""

import ipaddress
import unittest

import tools
from manifests import each

# Cloud metadata services, typical cluster Service addresses, loopback, and a machine in an office network.
CLOSED = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "10.96.0.1", "172.20.0.1", "192.168.1.10"]
CLOSED += ["127.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:169.254.169.254"]
OPEN = ["93.184.216.34", "2606:2800:220:1::1"]
BUILDKITD, METRICS = 1234, 9128


def policy(example) -> dict:
    (matches,) = example.of_kind("NetworkPolicy")
    return matches["spec"]


def may_leave(spec: dict, address: str, port: int) -> bool:
    """Whether the policy allows TCP connections to an address outside the cluster."""
    at = ipaddress.ip_address(address)

    def within(block: dict) -> bool:
        excepted = any(at in ipaddress.ip_network(network) for network in block.get("except", []))
        return at in ipaddress.ip_network(block["cidr"]) and not excepted

    def allows(rule: dict) -> bool:
        to_port = any(checked["port"] == port and checked.get("protocol", "TCP") == "TCP" for checked in rule["ports"])
        return to_port and any("ipBlock" in peer and within(peer["ipBlock"]) for peer in rule["to"])

    return any(allows(rule) for rule in spec["egress"])


class Policy(unittest.TestCase):
    @each
    def test_T34_selects_the_pods_and_both_directions(self, example):
        selected = policy(example)["podSelector"]["matchLabels"]
        labels = example.workload["spec"]["template"]["metadata"]["labels"]
        self.assertTrue(selected and selected.items() <= labels.items())
        self.assertEqual(set(policy(example)["policyTypes"]), {"Ingress", "Egress"})

    @each
    def test_T34_allows_outgoing_traffic_only_to_web_ports_of_public_addresses(self, example):
        for port in (443, 80):
            self.assertEqual([address for address in CLOSED if may_leave(policy(example), address, port)], [])
            self.assertEqual([address for address in OPEN if may_leave(policy(example), address, port)], OPEN)
        self.assertFalse([address for address in OPEN if may_leave(policy(example), address, 22)])

    @each
    def test_T34_allows_incoming_traffic_only_from_named_pods_to_buildkitd_and_metrics(self, example):
        self.assertTrue(policy(example)["ingress"])
        for rule in policy(example)["ingress"]:
            self.assertTrue({port["port"] for port in rule["ports"]} <= {BUILDKITD, METRICS})
            for peer in rule["from"]:
                self.assertNotIn("ipBlock", peer)
                self.assertTrue(all(selector["matchLabels"] for selector in peer.values()), "an empty selector admits every pod")

    @each
    def test_T34_regpass_itself_refuses_private_addresses_and_listens_on_loopback(self, example):
        self.assertTrue(example.settings.get("other_hosts", {}).get("deny_private_addresses", True))
        listen = example.settings["listen"]
        doors = [listen.get("proxy"), listen.get("transparent"), *(m["listen"] for m in example.settings.get("mirror", []))]
        self.assertTrue(any(doors))
        self.assertFalse([door for door in doors if door and not door.startswith("127.0.0.1:")])


if __name__ == "__main__":
    tools.kubectl()
    unittest.main()
