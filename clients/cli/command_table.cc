#include "clients/cli/command_table.h"

#include <limits>

namespace sipevents::client {
namespace {

constexpr int kAnyNumber = std::numeric_limits<int>::max();

std::vector<FlagSpec> Flags() {
  using enum FlagKind;
  return {
      {"gateway", kText, false, "HOST:PORT", "where the gateway is (default 127.0.0.1:50051)"},
      {"token_file", kText, false, "FILE", "holds the bearer token to show"},
      {"tls_ca", kText, false, "FILE", "PEM of the authorities to trust; turns TLS on"},
      {"tls_cert", kText, false, "FILE", "PEM of our certificate, for mutual TLS"},
      {"tls_key", kText, false, "FILE", "PEM of our key, for mutual TLS"},
      {"format",
       kText,
       false,
       "text|json|table",
       "what to print (default text); table: of 'watch', kept up to date on a terminal, elsewhere "
       "written once at the end (--count, --timeout)",
       {"text", "json", "table"}},
      {"event", kText, false, "PACKAGE", "the event package, e.g. presence, dialog"},
      {"event_parameter", kText, true, "NAME=VALUE", "parameter of the Event header"},
      {"member", kText, true, "URI", "the target is to make a list of these (RFC 5367)"},
      {"appearance", kNumber, false, "N", "of a shared line, with --event=line-seize: 1 to 999"},
      {"accept", kText, true, "TYPE[,TYPE...]", "body types to accept (default: the package's)"},
      {"as", kText, false, "URI", "SIP identity to ask as (default: the gateway's)"},
      {"expires", kDuration, false, "DURATION", "how long each SIP subscription shall last"},
      {"deliver", kText, false, "latest|every", "what a slow reader gets", {"latest", "every"}},
      {"resume", kText, false, "TOKEN", "go on just after the item that had this token"},
      {"state_file", kText, false, "FILE", "keep the resume tokens here, and go on from them"},
      {"fail_on_gap", kSwitch, false, "", "end with an error where events are missing"},
      {"linger", kDuration, false, "DURATION", "how long the subscription outlives this watch"},
      {"heartbeat", kDuration, false, "DURATION", "bookmark after so much silence (default 20s)"},
      {"count", kNumber, false, "N", "end after N events"},
      {"timeout", kDuration, false, "DURATION",
       "watch: end after this; else: how long to wait for the answer"},
      {"connect_timeout", kDuration, false, "DURATION",
       "how long to try to reach the gateway at first (default 3s)"},
      {"max_staleness", kDuration, false, "DURATION",
       "take what a live subscription heard within this time"},
      {"filter", kText, false, "EXPRESSION", "which ones, e.g. 'state = RETRYING'"},
      {"page_size", kNumber, false, "N", "how many to ask for at a time, up to 1000"},
      {"ttl", kDuration, false, "DURATION", "how long to hold it (default 1h)"},
      {"force", kSwitch, false, "", "end it for everyone"},
  };
}

std::vector<CommandSpec> Commands() {
  return {
      {"watch",
       "TARGET...",
       1,
       kAnyNumber,
       "shows the state of resources, then each change; a TARGET is a SIP URI or subscriptions/ID",
       {"event", "event_parameter", "member", "appearance", "accept", "as", "expires", "deliver",
        "resume", "state_file", "fail_on_gap", "linger", "heartbeat", "count", "timeout",
        "connect_timeout"}},
      {"fetch",
       "TARGET",
       1,
       1,
       "asks for the state of a resource once",
       {"event", "event_parameter", "member", "appearance", "accept", "as", "max_staleness",
        "timeout"}},
      {"subscriptions list",
       "",
       0,
       0,
       "lists what the gateway follows",
       {"filter", "page_size", "timeout"}},
      {"subscriptions get", "NAME", 1, 1, "shows one subscription", {"timeout"}},
      {"subscriptions explain",
       "NAME|TARGET",
       1,
       1,
       "tells why a lamp is wrong; of a TARGET, every package that is followed, or that of --event",
       {"event", "timeout"}},
      {"subscriptions create",
       "TARGET",
       1,
       1,
       "follows a resource while nobody watches",
       {"event", "event_parameter", "member", "appearance", "accept", "as", "expires", "ttl",
        "timeout"}},
      {"subscriptions delete",
       "NAME",
       1,
       1,
       "drops our hold on a subscription",
       {"force", "timeout"}},
  };
}

}  // namespace

const Grammar& SipeventsGrammar() {
  static const Grammar* const grammar = new Grammar{
      Flags(),
      {"gateway", "token_file", "tls_ca", "tls_cert", "tls_key", "format"},
      Commands(),
  };
  return *grammar;
}

}  // namespace sipevents::client
