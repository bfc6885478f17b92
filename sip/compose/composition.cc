#include "sip/compose/composition.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/bound_error.h"
#include "sip/body/body_size.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/media_type.h"
#include "sip/compose/package_composition.h"
#include "sip/packages/package_table.h"

namespace sipevents::sip {
namespace {

enum class Rule { kPresence, kDialog, kSummary, kLast };

Rule RuleOf(std::string_view event_package) {
  if (event_package == "presence") return Rule::kPresence;
  if (event_package == "dialog") return Rule::kDialog;
  if (event_package == "message-summary") return Rule::kSummary;
  return Rule::kLast;
}

// The name before RFC 3863 of kPidfType, which some phones kept (DEV-10).
constexpr std::string_view kLegacyPidfType = "application/cpim-pidf+xml";

// Whether it can stand in a header as the type of a body.
bool IsMediaType(std::string_view type) {
  const size_t slash = type.find('/');
  return slash != 0 && slash + 1 < type.size() && slash != std::string_view::npos &&
         std::all_of(type.begin(), type.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

absl::Status CheckType(std::string_view event_package, std::string_view content_type) {
  if (!IsMediaType(content_type)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "content type ", QuoteForMessage(content_type), " is no media type like text/plain"));
  }
  const std::vector<std::string> types = PublishedTypes(event_package);
  if (types.empty()) return absl::OkStatus();
  for (const std::string& type : types) {
    if (MatchesMediaType(content_type, type)) return absl::OkStatus();
  }
  if (RuleOf(event_package) == Rule::kPresence && MatchesMediaType(content_type, kLegacyPidfType)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "content type ", QuoteForMessage(content_type), " instead of ", absl::StrJoin(types, " or "),
      ", which is what the package ", QuoteForMessage(event_package), " can be published in"));
}

// A package whose documents we only read: whether they can be read.
absl::Status CheckReadable(const EventPackage& package, std::string_view content_type,
                           std::string_view body) {
  DecodeScratch scratch;
  const MergeResult result = package.new_merger()->Merge(
      {.dialog = 1, .content_type = content_type, .body = body, .cseq = 1}, scratch);
  if (result.kind != MergeResult::Kind::kError) return absl::OkStatus();
  return absl::InvalidArgumentError(result.error);
}

const PublishedState& LastOf(absl::Span<const PublishedState> publications) {
  const PublishedState* last = &publications.front();
  for (const PublishedState& publication : publications) {
    if (publication.publish_time >= last->publish_time) last = &publication;
  }
  return *last;
}

}  // namespace

std::vector<std::string> PublishedTypes(std::string_view event_package) {
  std::vector<std::string> types = FindPackage(event_package).accept;
  // Whoever takes any type names it beside the usual ones.
  if (std::find(types.begin(), types.end(), "*/*") != types.end()) types.clear();
  return types;
}

std::vector<std::string> NotifiedTypes(std::string_view event_package) {
  std::vector<std::string> types = PublishedTypes(event_package);
  if (RuleOf(event_package) == Rule::kPresence) {
    types.emplace_back(FindPackage(event_package).changes_type);
    types.emplace_back(kLegacyPidfType);
  }
  return types;
}

absl::Status CheckPublished(std::string_view event_package, std::string_view resource,
                            std::string_view content_type, std::string_view body) {
  if (absl::Status status = CheckType(event_package, content_type); !status.ok()) return status;
  if (body.size() > kMaxBodyOctets) {
    return BoundError("body_octets", absl::StrCat("the body has ", body.size(), " octets; at most ",
                                                  kMaxBodyOctets, " are taken"));
  }
  if (TrimBlanks(body).empty()) {
    return absl::InvalidArgumentError("the body is empty; a document was expected");
  }
  switch (RuleOf(event_package)) {
    case Rule::kPresence:
      return CheckPublishedPresence(resource, body);
    case Rule::kDialog:
      return CheckPublishedDialogs(resource, body);
    case Rule::kSummary:
      return CheckPublishedSummary(body);
    case Rule::kLast:
      break;
  }
  return CheckReadable(FindPackage(event_package), content_type, body);
}

ComposedBody Compose(std::string_view event_package, std::string_view resource,
                     absl::Span<const PublishedState> publications, ShownIds* shown) {
  if (publications.empty()) return NeutralBody(event_package, resource);
  switch (RuleOf(event_package)) {
    case Rule::kPresence:
      return ComposePresence(resource, publications, shown);
    case Rule::kDialog:
      return ComposeDialogs(resource, publications);
    case Rule::kSummary:
      return ComposeSummaries(resource, publications);
    case Rule::kLast:
      break;
  }
  const PublishedState& last = LastOf(publications);
  return {.content_type = std::string(last.content_type), .body = std::string(last.body)};
}

ComposedBody NeutralBody(std::string_view event_package, std::string_view resource) {
  switch (RuleOf(event_package)) {
    case Rule::kPresence:
      return NeutralPresence(resource);
    case Rule::kDialog:
      return NeutralDialogs(resource);
    case Rule::kSummary:
      return NeutralSummary();
    case Rule::kLast:
      break;
  }
  return {};
}

}  // namespace sipevents::sip
