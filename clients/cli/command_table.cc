#include "clients/cli/command_table.h"

#include <limits>

namespace sipevents::client {
namespace {

constexpr int kAnyNumber = std::numeric_limits<int>::max();

std::vector<FlagSpec> SubscriptionFlags() {
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
      {"member", kText, true, "URI",
       "the target is to make a list of these (RFC 5367); of 'lists' its resources, --member='URI "
       "NAME' where people call one so"},
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
      {"ttl", kDuration, false, "DURATION",
       "how long to hold it, or how long it is true (default 1h)"},
      {"force", kSwitch, false, "", "end it for everyone"},
  };
}

std::vector<FlagSpec> PublicationFlags() {
  using enum FlagKind;
  return {
      {"content_type", kText, false, "TYPE", "media type of --body"},
      {"body", kText, false, "FILE|-", "the document to publish; -: standard input"},
      {"basic", kText, false, "open|closed", "publish presence", {"open", "closed"}},
      {"note", kText, false, "TEXT", "of the presence, for people"},
      {"activity", kText, true, "ACTIVITY", "of the presence, e.g. on-the-phone, meeting"},
      {"call",
       kText,
       false,
       "STATE",
       "publish a call: trying, proceeding, early, confirmed, terminated; idle: none",
       {"idle", "trying", "proceeding", "early", "confirmed", "terminated"}},
      {"direction",
       kText,
       false,
       "initiator|recipient",
       "whether the target called",
       {"initiator", "recipient"}},
      {"party", kText, false, "URI", "the other side of the call"},
      {"waiting", kText, false, "yes|no", "publish whether messages wait", {"yes", "no"}},
      {"voice", kText, false, "NEW/OLD", "how many voice messages, e.g. 2/5"},
      {"route",
       kText,
       false,
       "local|remote",
       "to the gateway itself, or to a compositor elsewhere (default: by the target's domain)",
       {"local", "remote"}},
      {"keep", kSwitch, false, "", "renew it until a signal comes, then withdraw it; --ttl is 1m"},
      {"request_id", kText, false, "ID", "makes it safe to repeat"},
      {"etag", kText, false, "ETAG", "only if it has not changed since"},
      {"watcher", kText, false, "URI", "address-of-record of a watcher"},
      {"decision",
       kText,
       false,
       "DECISION",
       "allow, deny, polite_block or pending",
       {"allow", "deny", "polite_block", "pending"}},
  };
}

std::vector<FlagSpec> Flags() {
  std::vector<FlagSpec> flags = SubscriptionFlags();
  const std::vector<FlagSpec> more = PublicationFlags();
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

std::vector<CommandSpec> SubscriptionCommands() {
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

std::vector<CommandSpec> PublicationCommands() {
  return {
      {"publish",
       "TARGET",
       1,
       1,
       "publishes state; prints the publication that this makes",
       {"event", "content_type", "body", "basic", "note", "activity", "call", "direction", "party",
        "waiting", "voice", "route", "as", "ttl", "keep", "request_id", "timeout"}},
      {"publications list",
       "[TARGET]",
       0,
       1,
       "lists our publications",
       {"event", "page_size", "timeout"}},
      {"publications get", "NAME", 1, 1, "shows one publication", {"timeout"}},
      {"publications update",
       "NAME",
       1,
       1,
       "replaces its state, or the time until when it is true",
       {"content_type", "body", "basic", "note", "activity", "call", "direction", "party",
        "waiting", "voice", "ttl", "etag", "timeout"}},
      {"publications delete", "NAME", 1, 1, "withdraws it", {"etag", "timeout"}},
      {"publications watch",
       "[TARGET]",
       0,
       1,
       "shows our publications, then each change; all again after a break",
       {"event", "count", "timeout", "connect_timeout"}},
  };
}

std::vector<CommandSpec> WatcherCommands() {
  return {
      {"watchers list",
       "[TARGET]",
       0,
       1,
       "lists who watches what the gateway serves",
       {"event", "watcher", "page_size", "timeout"}},
      {"watchers watch",
       "[TARGET]",
       0,
       1,
       "shows who watches, then each change; all again after a break",
       {"event", "watcher", "count", "timeout", "connect_timeout"}},
      {"watchers authorize",
       "NAME|TARGET",
       1,
       1,
       "decides about a watcher; of a TARGET, with --event and --watcher",
       {"decision", "event", "watcher", "timeout"}},
      {"rules list",
       "[TARGET]",
       0,
       1,
       "lists what was decided about watchers",
       {"event", "watcher", "page_size", "timeout"}},
      {"rules delete",
       "NAME|TARGET",
       1,
       1,
       "takes a decision back; of a TARGET, with --event and --watcher",
       {"event", "watcher", "timeout"}},
      {"lists create",
       "URI",
       1,
       1,
       "serves a list of resources that phones can watch as one",
       {"member", "timeout"}},
      {"lists get", "NAME", 1, 1, "shows one list", {"timeout"}},
      {"lists list", "", 0, 0, "lists our lists", {"page_size", "timeout"}},
      {"lists update", "NAME", 1, 1, "replaces its members", {"member", "etag", "timeout"}},
      {"lists delete", "NAME", 1, 1, "ends it", {"etag", "timeout"}},
  };
}

std::vector<CommandSpec> Commands() {
  std::vector<CommandSpec> commands = SubscriptionCommands();
  for (const auto& more : {PublicationCommands(), WatcherCommands()}) {
    commands.insert(commands.end(), more.begin(), more.end());
  }
  return commands;
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
