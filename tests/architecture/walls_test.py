"""Checks the project's own sources and build graph against the rules of walls.py."""

import pathlib
import sys
import unittest

import walls

# The real tree, not the copy of declared inputs: a file that no target names is checked too.
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GRAPH = pathlib.Path(sys.argv.pop())


class WallsTest(unittest.TestCase):

    def test_includes_stay_inside_the_walls(self):
        self.assertEqual(list(walls.check_tree(ROOT)), [])

    def test_build_graph_stays_inside_the_walls(self):
        self.assertEqual(list(walls.check_graph(GRAPH.read_text())), [])


class RulesTest(unittest.TestCase):
    """The rules find what they are there to find."""

    def assert_refused(self, user, used):
        self.assertIsNotNone(walls.why_not(user, used), f"{user} -> {used}")

    def assert_allowed(self, user, used):
        self.assertIsNone(walls.why_not(user, used), f"{user} -> {used}")

    def test_sip_never_sees_grpc_protobuf_or_the_gateway(self):
        for used in ("grpcpp/grpcpp.h", "google/protobuf/message.h", "sipevents/v1/event.pb.h",
                     "gateway/watch/event_log.h", "clients/cpp/event_watcher.h"):
            self.assert_refused("sip/base/log.cc", used)
            self.assert_refused("sip/subscriber/subscription.cc", used)
            self.assert_refused("sip/agent_impl.cc", used)

    def test_only_the_lower_rooms_see_sofia_sip(self):
        self.assert_allowed("sip/stack/endpoint.cc", "sofia-sip/sip.h")
        self.assert_allowed("sip/transport/event_loop.cc", "sofia-sip/su_wait.h")
        self.assert_allowed("tests/bench/sip_floor.cc", "sofia-sip/nta.h")
        for user in ("sip/subscriber/subscription.cc", "sip/dialog/dialog_table.cc",
                     "sip/dispatch/dispatcher.cc", "sip/agent_impl.cc", "gateway/main.cc",
                     "tests/sip/dispatch/dispatcher_test.cc"):
            self.assert_refused(user, "sofia-sip/nta.h")

    def test_gateway_sees_of_sip_the_border_and_the_base(self):
        for used in ("sip/agent.h", "sip/document.h", "sip/base/clock.h"):
            self.assert_allowed("gateway/registry/subscription_registry.cc", used)
        for used in ("sip/agent_impl.h", "sip/packages/package_table.h", "sip/dialog/message.h",
                     "sip/subscriber/subscription.h"):
            self.assert_refused("gateway/registry/subscription_registry.cc", used)

    def test_only_main_sees_the_implementation_of_the_agent(self):
        self.assert_allowed("gateway/main.cc", "sip/agent_impl.h")
        self.assert_allowed("gateway/main.cc", "gateway/rpc/server.h")
        self.assert_refused("gateway/main.cc", "sip/stack/endpoint.h")

    def test_inside_sip_nothing_looks_up(self):
        self.assert_refused("sip/base/uri.cc", "sip/document.h")
        self.assert_refused("sip/stack/endpoint.cc", "sip/packages/event_package.h")
        self.assert_refused("sip/packages/presence.cc", "sip/dialog/message.h")
        self.assert_refused("sip/transport/stream_transport.cc", "sip/stack/message_server.h")
        self.assert_refused("sip/transport/stream_transport.cc", "sip/location/locator.h")
        self.assert_refused("sip/location/locator.cc", "sip/dispatch/dispatcher.h")
        self.assert_refused("sip/stack/endpoint.cc", "sip/subscriber/subscription.h")
        self.assert_refused("sip/subscriber/subscription.cc", "sip/agent_impl.h")
        self.assert_allowed("sip/subscriber/subscription.cc", "sip/dialog/dialog_table.h")
        self.assert_refused("sip/subscriber/subscription.cc", "sip/stack/endpoint.h")
        self.assert_allowed("sip/agent_impl.cc", "sip/subscriber/subscription.h")

    def test_clients_see_the_contract_only(self):
        self.assert_allowed("clients/cpp/event_watcher.cc", "sipevents/v1/event.pb.h")
        for used in ("gateway/rpc/grpc_status.h", "sip/base/uri.h", "sip/agent.h"):
            self.assert_refused("clients/cpp/event_watcher.cc", used)

    def test_the_scripted_peer_shares_no_parser(self):
        for used in ("sip/auth/digest.h", "sip/document.h", "sip/agent.h"):
            self.assert_refused("tests/peer/sip_peer.cc", used)

    def test_a_violation_in_a_file_and_in_a_graph_is_found(self):
        text = '#include "sip/base/uri.h"\n\n  #  include <grpcpp/grpcpp.h>\n'
        self.assertEqual(len(list(walls.check_file("sip/base/uri.cc", text))), 1)
        self.assertEqual(len(list(walls.check_file("sip/base/uri.cc", "\n" * 451))), 1)
        graph = ('digraph mygraph {\n  "//sip/base:uri" -> "//api/sipevents/v1:sipevents_v1"\n'
                 '  "//sip/base:uri" -> "//sip/base:ascii"\n'
                 '  "//gateway/rpc:server" -> "@sofia_sip//:sofia_sip"\n'
                 '  "//gateway/rpc:server" -> "//third_party:grpc"\n}\n')
        self.assertEqual(len(list(walls.check_graph(graph))), 2)

    def test_an_empty_tree_or_graph_is_no_success(self):
        self.assertEqual(len(list(walls.check_graph("digraph mygraph {\n}\n"))), 1)
        self.assertEqual(len(list(walls.check_tree(ROOT / "nothing-here"))), 1)

    def test_a_new_folder_needs_a_rule(self):
        self.assert_refused("newcomer/thing.cc", "sip/agent.h")


if __name__ == "__main__":
    unittest.main()
