#include "gateway/rpc/errors.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sip/base/ascii.h"
#include "sip/base/bound_error.h"
#include "sipevents/v1/error_reason.pb.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxViolations = 8;
constexpr size_t kMaxMessageOctets = 1024;
constexpr size_t kMaxValueOctets = 120;  // escaped and quoted
constexpr size_t kMaxDescriptionOctets = 350;
constexpr std::string_view kTypePrefix = "type.googleapis.com/";

using Metadata = std::initializer_list<std::pair<std::string_view, std::string>>;

std::string TypeUrl(const google::protobuf::Message& detail) {
  return std::string(kTypePrefix) + std::string(detail.GetDescriptor()->full_name());
}

void Attach(const google::protobuf::Message& detail, absl::Status& status) {
  status.SetPayload(TypeUrl(detail), absl::Cord(detail.SerializeAsString()));
}

absl::Status Build(absl::StatusCode code, const std::string& message, v1::ErrorReason reason,
                   std::string_view domain, Metadata metadata = {}) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(v1::ErrorReason_Name(reason));
  info.set_domain(std::string(domain));
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[std::string(key)] = value;
  }
  Attach(info, status);
  return status;
}

void AttachRetry(absl::Duration retry_after, absl::Status& status) {
  if (retry_after <= absl::ZeroDuration()) return;
  google::rpc::RetryInfo retry;
  const int64_t ms = absl::ToInt64Milliseconds(retry_after);
  retry.mutable_retry_delay()->set_seconds(ms / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
  Attach(retry, status);
}

v1::ErrorReason SipReason(std::string_view reason) {
  if (reason == "response") return v1::SIP_RESPONSE;
  if (reason == "no-address") return v1::SIP_ADDRESS_NOT_FOUND;
  if (reason == "timeout" || reason == "no-notify" || reason == "transport" ||
      reason == "expired") {
    return v1::SIP_TIMEOUT;
  }
  return v1::SIP_TERMINATED;
}

absl::StatusCode CodeOfSipFailure(int sip_status, std::string_view reason) {
  if (reason == "response") return CodeOfSipStatus(sip_status);
  if (reason == "rejected") return absl::StatusCode::kPermissionDenied;
  if (reason == "noresource") return absl::StatusCode::kNotFound;
  return absl::StatusCode::kUnavailable;
}

std::string SipMessage(int sip_status, std::string_view reason) {
  if (reason == "response") return absl::StrCat("the SIP peer answered ", sip_status);
  if (reason == "timeout") return "the SIP peer did not answer in time";
  if (reason == "no-notify") return "the SIP peer accepted the request but sent no NOTIFY";
  if (reason == "transport") return "the SIP peer cannot be reached";
  if (reason == "no-address") return "DNS knows no SIP server for the target";
  if (reason == "expired") return "the SIP subscription expired";
  return absl::StrCat("the SIP peer ended the subscription: ", Excerpt(reason));
}

absl::Status NotFound(std::string_view kind, v1::ErrorReason reason, std::string_view name) {
  absl::Status status =
      Build(absl::StatusCode::kNotFound,
            absl::StrCat("there is no ", AbslView(kind), " ", QuoteForMessage(name)), reason,
            kGatewayDomain, {{"name", Excerpt(name)}});
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("name");
  violation->set_description(absl::StrCat(Excerpt(QuoteForMessage(name), kMaxValueOctets),
                                          ": expected the name of a ", AbslView(kind),
                                          " that exists"));
  Attach(bad_request, status);
  return status;
}

}  // namespace

std::string Excerpt(std::string_view text, size_t max_octets) {
  std::string result(text.substr(0, max_octets));
  for (char& c : result) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  if (text.size() > max_octets) result += "...";
  return result;
}

void FieldViolations::Add(std::string_view field, std::string_view value,
                          std::string_view expectation) {
  AddDescribed(field, absl::StrCat(Excerpt(QuoteForMessage(value), kMaxValueOctets), ": expected ",
                                   Excerpt(expectation, 200)));
}

void FieldViolations::AddDescribed(std::string_view field, std::string_view description) {
  if (violations_.size() >= kMaxViolations) {
    ++left_out_;
    return;
  }
  violations_.push_back({Excerpt(field), Excerpt(description, kMaxDescriptionOctets)});
}

absl::Status FieldViolations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  std::string message;
  google::rpc::BadRequest bad_request;
  for (const Violation& violation : violations_) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field, " is ",
                    violation.description);
    auto* out = bad_request.add_field_violations();
    out->set_field(violation.field);
    out->set_description(violation.description);
  }
  if (left_out_ > 0) absl::StrAppend(&message, "; and ", left_out_, " more");
  absl::Status status = Build(absl::StatusCode::kInvalidArgument, message, v1::INVALID_FIELD,
                              kGatewayDomain, {{"field", violations_.front().field}});
  Attach(bad_request, status);
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view value,
                          std::string_view expectation) {
  FieldViolations violations;
  violations.Add(field, value, expectation);
  return violations.ToStatus();
}

absl::Status SubscriptionNotFound(std::string_view name) {
  return NotFound("Subscription", v1::SUBSCRIPTION_NOT_FOUND, name);
}

absl::Status PublicationNotFound(std::string_view name) {
  return NotFound("Publication", v1::PUBLICATION_NOT_FOUND, name);
}

absl::Status WatcherNotFound(std::string_view name) {
  return NotFound("watcher", v1::WATCHER_NOT_FOUND, name);
}

absl::Status WatcherRuleNotFound(std::string_view name) {
  return NotFound("rule", v1::WATCHER_RULE_NOT_FOUND, name);
}

absl::Status ResourceListNotFound(std::string_view name) {
  return NotFound("ResourceList", v1::RESOURCE_LIST_NOT_FOUND, name);
}

absl::Status EtagMismatch(std::string_view name) {
  return Build(
      absl::StatusCode::kAborted,
      absl::StrCat(QuoteForMessage(name), " has changed since its etag was read; read it again"),
      v1::ETAG_MISMATCH, kGatewayDomain, {{"name", Excerpt(name)}});
}

absl::Status ResourceListExists(std::string_view list_uri) {
  return Build(absl::StatusCode::kAlreadyExists,
               absl::StrCat("there is a ResourceList with the URI ", QuoteForMessage(list_uri)),
               v1::RESOURCE_LIST_EXISTS, kGatewayDomain, {{"list_uri", Excerpt(list_uri)}});
}

absl::Status ResumeTokenExpired(std::string_view why) {
  return Build(absl::StatusCode::kOutOfRange,
               absl::StrCat("the resume token cannot be continued: ", Excerpt(why, 200)),
               v1::RESUME_TOKEN_EXPIRED, kGatewayDomain);
}

absl::Status CredentialsMissing(std::string_view expected) {
  return Build(absl::StatusCode::kUnauthenticated,
               absl::StrCat("the call has no known credentials; expected ", Excerpt(expected, 200)),
               v1::CREDENTIALS_MISSING, kGatewayDomain);
}

absl::Status PermissionMissing(std::string_view permission) {
  return Build(absl::StatusCode::kPermissionDenied,
               absl::StrCat("the caller lacks the permission ", Excerpt(permission, 200)),
               v1::PERMISSION_MISSING, kGatewayDomain, {{"permission", Excerpt(permission, 200)}});
}

absl::Status BoundReached(std::string_view bound, int64_t limit) {
  return Build(absl::StatusCode::kResourceExhausted,
               absl::StrCat("the bound ", Excerpt(bound), " of ", limit, " is reached"),
               v1::BOUND_REACHED, kGatewayDomain,
               {{"bound", Excerpt(bound)}, {"limit", absl::StrCat(limit)}});
}

absl::Status ServingError(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kResourceExhausted) return status;
  return Build(status.code(), CallerMessage(status), v1::BOUND_REACHED, kGatewayDomain,
               {{"bound", sip::BoundOf(status)}});
}

absl::Status RestartedTooOften(std::string_view name, absl::Duration retry_after) {
  absl::Status status = Build(absl::StatusCode::kResourceExhausted,
                              absl::StrCat("the Subscription \"", Excerpt(name),
                                           "\" ended a moment ago and may be started anew in ",
                                           absl::FormatDuration(retry_after)),
                              v1::RESTARTED_TOO_OFTEN, kGatewayDomain, {{"name", Excerpt(name)}});
  AttachRetry(retry_after, status);
  return status;
}

absl::Status WatchIdInUse(uint64_t watch_id) {
  return Build(absl::StatusCode::kAlreadyExists,
               absl::StrCat("there is a watch with the watch_id ", watch_id, " on this stream"),
               v1::WATCH_ID_IN_USE, kGatewayDomain, {{"watch_id", absl::StrCat(watch_id)}});
}

absl::Status WatchIdUnknown(uint64_t watch_id) {
  return Build(absl::StatusCode::kNotFound,
               absl::StrCat("there is no watch with the watch_id ", watch_id, " on this stream"),
               v1::WATCH_ID_UNKNOWN, kGatewayDomain, {{"watch_id", absl::StrCat(watch_id)}});
}

absl::Status Draining() {
  absl::Status status =
      Build(absl::StatusCode::kUnavailable,
            "the gateway is shutting down; reconnect, with the resume token if there is one",
            v1::DRAINING, kGatewayDomain);
  AttachRetry(absl::Seconds(1), status);
  return status;
}

absl::Status SipError(int sip_status, std::string_view reason, absl::Duration retry_after) {
  if (reason == "destination-not-allowed") {
    return Build(absl::StatusCode::kPermissionDenied,
                 "the gateway may not send SIP requests to where this target leads",
                 v1::DESTINATION_NOT_ALLOWED, kGatewayDomain);
  }
  if (reason == "overload") {
    return Build(absl::StatusCode::kResourceExhausted, "too many SIP requests wait to be sent",
                 v1::BOUND_REACHED, kGatewayDomain, {{"bound", "sip_requests_waiting"}});
  }
  absl::Status status = Build(CodeOfSipFailure(sip_status, reason), SipMessage(sip_status, reason),
                              SipReason(reason), kSipDomain, {{"sip_reason", Excerpt(reason)}});
  if (sip_status != 0) {
    google::rpc::ErrorInfo info;
    info.ParseFromString(std::string(*status.GetPayload(TypeUrl(info))));
    (*info.mutable_metadata())["sip_status"] = std::to_string(sip_status);
    Attach(info, status);
  }
  AttachRetry(retry_after, status);
  return status;
}

absl::StatusCode CodeOfSipStatus(int sip_status) {
  switch (sip_status) {
    case 401:
    case 407:
    case 406:
    case 415:
    case 420:
    case 421:
      return absl::StatusCode::kFailedPrecondition;
    case 403:
    case 603:
      return absl::StatusCode::kPermissionDenied;
    case 404:
    case 410:
    case 604:
      return absl::StatusCode::kNotFound;
    case 405:
    case 489:
    case 501:
      return absl::StatusCode::kUnimplemented;
    case 408:
    case 480:
    case 486:
      return absl::StatusCode::kUnavailable;
    default:
      return sip_status >= 500 && sip_status <= 599 ? absl::StatusCode::kUnavailable
                                                    : absl::StatusCode::kUnknown;
  }
}

std::string ErrorReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload(TypeUrl(info));
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return "";
  return info.reason();
}

std::string CallerMessage(const absl::Status& status) {
  return Excerpt(std::string_view(status.message().data(), status.message().size()),
                 kMaxMessageOctets);
}

std::string EncodeDetails(const absl::Status& status) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(CallerMessage(status));
  google::rpc::ErrorInfo info;
  const std::string info_url = TypeUrl(info);
  if (const auto payload = status.GetPayload(info_url); payload.has_value()) {
    info.ParseFromString(std::string(*payload));
  } else {
    info.set_reason(v1::ErrorReason_Name(v1::INTERNAL_FAULT));
    info.set_domain(std::string(kGatewayDomain));
  }
  details.add_details()->PackFrom(info);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (url == info_url) return;
    auto* detail = details.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(payload));
  });
  return details.SerializeAsString();
}

void DecodeDetails(std::string_view encoded, absl::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(std::string(encoded))) return;
  for (const auto& detail : details.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
}

}  // namespace sipevents::gateway
