"""What the examples' NetworkPolicy lets in and out, and that regpass is no way around it (T34)."""

import ipaddress
import unittest

import tools
from manifests import each

# Metadata services of the clouds, usual addresses of a cluster's Services, loopback, and a machine in the office.
CLOSED = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "10.96.0.1", "172.20.0.1", "192.168.1.10"]
CLOSED += ["127.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:169.254.169.254"]
OPEN = ["93.184.216.34", "2606:2800:220:1::1"]
BUILDKITD, METRICS = 1234, 9128


def policy(one) -> dict:
    (found,) = one.of_kind("NetworkPolicy")
    return found["spec"]


def may_leave(spec: dict, address: str, port: int) -> bool:
    """Whether an address that is no pod's can be reached by TCP."""
    at = ipaddress.ip_address(address)

    def within(block: dict) -> bool:
        excepted = any(at in ipaddress.ip_network(network) for network in block.get("except", []))
        return at in ipaddress.ip_network(block["cidr"]) and not excepted

    def leads_there(rule: dict) -> bool:
        to_port = any(asked["port"] == port and asked.get("protocol", "TCP") == "TCP" for asked in rule["ports"])
        return to_port and any("ipBlock" in peer and within(peer["ipBlock"]) for peer in rule["to"])

    return any(leads_there(rule) for rule in spec["egress"])


class Policy(unittest.TestCase):
    @each
    def test_T34_it_is_for_the_pods_and_for_both_directions(self, one):
        selected = policy(one)["podSelector"]["matchLabels"]
        labels = one.workload["spec"]["template"]["metadata"]["labels"]
        self.assertTrue(selected and selected.items() <= labels.items())
        self.assertEqual(set(policy(one)["policyTypes"]), {"Ingress", "Egress"})

    @each
    def test_T34_it_lets_out_to_the_web_ports_of_the_internet_only(self, one):
        for port in (443, 80):
            self.assertEqual([address for address in CLOSED if may_leave(policy(one), address, port)], [])
            self.assertEqual([address for address in OPEN if may_leave(policy(one), address, port)], OPEN)
        self.assertFalse([address for address in OPEN if may_leave(policy(one), address, 22)])

    @each
    def test_T34_it_lets_named_pods_in_to_buildkitd_and_metrics_only(self, one):
        self.assertTrue(policy(one)["ingress"])
        for rule in policy(one)["ingress"]:
            self.assertTrue({port["port"] for port in rule["ports"]} <= {BUILDKITD, METRICS})
            for peer in rule["from"]:
                self.assertNotIn("ipBlock", peer)
                self.assertTrue(all(selector["matchLabels"] for selector in peer.values()), "everybody is let in")

    @each
    def test_T34_regpass_refuses_private_addresses_by_itself_and_listens_on_loopback(self, one):
        self.assertTrue(one.settings.get("other_hosts", {}).get("deny_private_addresses", True))
        listen = one.settings["listen"]
        doors = [listen.get("proxy"), listen.get("transparent"), *(m["listen"] for m in one.settings.get("mirror", []))]
        self.assertTrue(any(doors))
        self.assertFalse([door for door in doors if door and not door.startswith("127.0.0.1:")])


if __name__ == "__main__":
    tools.kubectl()
    unittest.main()
