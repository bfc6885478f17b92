#include "sip/compositor/publish_checks.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/compose/composition.h"
#include "sip/dialog/reason_phrase.h"

namespace sipevents::sip {
namespace {

using Refusal = std::optional<RequestAnswer>;

RequestAnswer Refuse(int status, std::string phrase = "") {
  RequestAnswer answer;
  answer.status = status;
  answer.phrase = std::move(phrase);
  return answer;
}

RequestAnswer Refuse(int status, std::string header, std::string value) {
  RequestAnswer answer = Refuse(status);
  answer.headers.emplace_back(std::move(header), std::move(value));
  return answer;
}

std::string Seconds(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Seconds(duration));
}

RequestAnswer BadEvent(const PublishRules& rules) {
  return Refuse(
      489, "Allow-Events",
      absl::StrJoin(rules.packages, ", ",
                    [](std::string* out, const ServedPackage& each) { out->append(each.name); }));
}

// ESC-03, ESC-04, ESC-24: what the request is about.
Refusal CheckResource(const IncomingRequest& request, const PublishRules& rules,
                      PublishOrder* order) {
  // Publishing makes no dialog, and so one that is named is none that we know.
  if (!request.to_tag.empty()) return Refuse(481);
  std::optional<std::string> resource = ResourceOf(request.request_uri, rules.domains);
  if (!resource.has_value()) return Refuse(404);
  order->resource = *std::move(resource);
  if (request.event_count == 0) return BadEvent(rules);
  if (request.event_count > 1) return Refuse(400, "More than one Event");
  if (!request.event_type_ok) return Refuse(400, "Bad Event");
  const std::optional<size_t> package = rules.FindPackage(request.event_type);
  if (!package.has_value()) return BadEvent(rules);
  order->package = *package;
  return std::nullopt;
}

// ESC-06: none, or exactly one tag.
Refusal CheckTag(const IncomingRequest& request, PublishOrder* order) {
  if (request.if_match.empty()) return std::nullopt;
  if (request.if_match.size() > 1) return Refuse(400, "More than one SIP-If-Match");
  const std::string_view tag = TrimBlanks(request.if_match.front());
  // Unlike that of HTTP, this header has no wildcard (section 11.3.2), though one is a token.
  if (!IsToken(tag) || tag == "*") return Refuse(400, "SIP-If-Match Is Not One Tag");
  order->tag = tag;
  return std::nullopt;
}

// ESC-08, ESC-09. A state of which nothing is kept lasts no time at all.
Refusal CheckExpires(const IncomingRequest& request, const PublishRules& rules,
                     PublishOrder* order) {
  if (!rules.packages[order->package].keeps_state) return std::nullopt;
  const absl::Duration asked =
      request.expires.has_value() ? absl::Seconds(*request.expires) : rules.default_expires;
  if (asked > absl::ZeroDuration() && asked < rules.min_expires) {
    return Refuse(423, "Min-Expires", Seconds(rules.min_expires));
  }
  order->expires = std::min(asked, rules.max_expires);
  return std::nullopt;
}

// ESC-10, ESC-25.
Refusal CheckBody(const IncomingRequest& request, const PublishRules& rules,
                  const PublishOrder& order) {
  if (request.body.size() > rules.max_body_octets) {
    return Refuse(413, absl::StrCat("More Than ", rules.max_body_octets, " Octets"));
  }
  const std::string& package = rules.packages[order.package].name;
  const absl::Status status =
      CheckPublished(package, order.resource, request.content_type, request.body);
  if (status.ok()) return std::nullopt;
  if (absl::IsFailedPrecondition(status)) {
    const std::vector<std::string> types = PublishedTypes(package);
    // Where any type is taken, none can be asked for, and none was given.
    if (types.empty()) return Refuse(400, ReasonPhrase(status.message()));
    return Refuse(415, "Accept", absl::StrJoin(types, ", "));
  }
  return Refuse(absl::IsResourceExhausted(status) ? 413 : 400, ReasonPhrase(status.message()));
}

PublishOperation OperationOf(bool has_tag, bool has_body, bool lasts) {
  if (!has_tag) return lasts ? PublishOperation::kCreate : PublishOperation::kReport;
  if (!lasts) return PublishOperation::kRemove;
  return has_body ? PublishOperation::kModify : PublishOperation::kRefresh;
}

}  // namespace

std::optional<size_t> PublishRules::FindPackage(std::string_view name) const {
  for (size_t i = 0; i < packages.size(); ++i) {
    if (packages[i].name == name) return i;
  }
  return std::nullopt;
}

std::variant<PublishOrder, RequestAnswer> CheckPublish(
    const IncomingRequest& request, const PublishRules& rules,
    absl::FunctionRef<bool(const PublishOrder&)> is_current) {
  PublishOrder order;
  if (Refusal refusal = CheckResource(request, rules, &order)) return *std::move(refusal);
  if (Refusal refusal = CheckTag(request, &order)) return *std::move(refusal);
  const bool has_tag = !order.tag.empty();
  // The phrase of section 11.2.1; that of HTTP is another.
  if (has_tag && !is_current(order)) return Refuse(412, "Conditional Request Failed");
  if (Refusal refusal = CheckExpires(request, rules, &order)) return *std::move(refusal);
  const bool lasts = order.expires > absl::ZeroDuration();
  order.operation = OperationOf(has_tag, !request.body.empty(), lasts);
  if (request.body.empty() && !has_tag) return Refuse(400, "Neither Body Nor SIP-If-Match");
  if (!request.body.empty() && order.operation != PublishOperation::kRemove) {
    if (Refusal refusal = CheckBody(request, rules, order)) return *std::move(refusal);
  }
  return order;
}

}  // namespace sipevents::sip
