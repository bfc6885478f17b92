#include "clients/cli/requests.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "clients/cli/times.h"

namespace sipevents::client {

ClientOptions ConnectionFrom(const Arguments& arguments) {
  ClientOptions options;
  options.gateway = arguments.Text("gateway", options.gateway);
  options.token_file = arguments.Text("token_file");
  options.tls_ca_file = arguments.Text("tls_ca");
  options.tls_cert_file = arguments.Text("tls_cert");
  options.tls_key_file = arguments.Text("tls_key");
  return options;
}

absl::StatusOr<v1::SubscriptionSpec> SpecFrom(const Arguments& arguments,
                                              const std::string& target) {
  if (!arguments.Has("event")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", arguments.command()->name, "' needs --event=PACKAGE"));
  }
  v1::SubscriptionSpec spec;
  spec.set_target_uri(target);
  spec.set_event_package(arguments.Text("event"));
  for (const std::string& parameter : arguments.Texts("event_parameter")) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    (*spec.mutable_event_parameters())[parts.first] = parts.second;
  }
  for (const std::string& member : arguments.Texts("member")) spec.add_members(member);
  if (const auto appearance = arguments.Number("appearance"); appearance.has_value()) {
    if (*appearance < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--appearance=", *appearance, ": expected 0 or more"));
    }
    spec.set_appearance_index(static_cast<uint32_t>(*appearance));
  }
  for (const std::string& types : arguments.Texts("accept")) {
    for (const absl::string_view type : absl::StrSplit(types, ',')) {
      spec.add_accept(std::string(type));
    }
  }
  spec.set_identity(arguments.Text("as"));
  if (const auto expires = arguments.Duration("expires"); expires.has_value()) {
    SetDuration(*expires, *spec.mutable_expires());
  }
  return spec;
}

absl::StatusOr<v1::WatchRequest> WatchRequestFrom(const Arguments& arguments,
                                                  const std::string& target) {
  v1::WatchRequest request;
  if (absl::StartsWith(target, "subscriptions/")) {
    request.set_name(target);
  } else {
    absl::StatusOr<v1::SubscriptionSpec> spec = SpecFrom(arguments, target);
    if (!spec.ok()) return spec.status();
    *request.mutable_spec() = *std::move(spec);
  }
  const std::string deliver = arguments.Text("deliver");
  if (deliver == "latest") request.set_delivery(v1::LATEST);
  if (deliver == "every") request.set_delivery(v1::EVERY);
  request.set_resume_token(arguments.Text("resume"));
  request.set_fail_on_gap(arguments.Switch("fail_on_gap"));
  if (const auto linger = arguments.Duration("linger"); linger.has_value()) {
    SetDuration(*linger, *request.mutable_linger());
  }
  if (const auto heartbeat = arguments.Duration("heartbeat"); heartbeat.has_value()) {
    SetDuration(*heartbeat, *request.mutable_heartbeat_interval());
  }
  return request;
}

absl::StatusOr<v1::FetchStateRequest> FetchRequestFrom(const Arguments& arguments) {
  absl::StatusOr<v1::SubscriptionSpec> spec = SpecFrom(arguments, arguments.positional().at(0));
  if (!spec.ok()) return spec.status();
  v1::FetchStateRequest request;
  *request.mutable_spec() = *std::move(spec);
  if (const auto staleness = arguments.Duration("max_staleness"); staleness.has_value()) {
    SetDuration(*staleness, *request.mutable_max_staleness());
  }
  return request;
}

v1::ListSubscriptionsRequest ListRequestFor(const Arguments& arguments, const std::string& target) {
  const auto quoted = [](const std::string& text) {
    return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
  };
  v1::ListSubscriptionsRequest request;
  std::string filter = absl::StrCat("target_uri = ", quoted(target));
  if (arguments.Has("event")) {
    absl::StrAppend(&filter, " AND event_package = ", quoted(arguments.Text("event")));
  }
  request.set_filter(filter);
  return request;
}

absl::StatusOr<v1::CreateSubscriptionRequest> CreateRequestFrom(const Arguments& arguments) {
  absl::StatusOr<v1::SubscriptionSpec> spec = SpecFrom(arguments, arguments.positional().at(0));
  if (!spec.ok()) return spec.status();
  v1::CreateSubscriptionRequest request;
  *request.mutable_spec() = *std::move(spec);
  if (const auto ttl = arguments.Duration("ttl"); ttl.has_value()) {
    SetDuration(*ttl, *request.mutable_ttl());
  }
  return request;
}

}  // namespace sipevents::client
