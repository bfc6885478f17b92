#include "sip/packages/partial_presence.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/values.h"
#include "sip/body/xml_patch.h"
#include "sip/body/xml_record.h"
#include "sip/body/xml_scope.h"
#include "sip/packages/presence.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:pidf-diff";
constexpr std::string_view kPidf = "urn:ietf:params:xml:ns:pidf";

std::optional<uint32_t> VersionOf(pugi::xml_node root) {
  const auto version = ParseClamped(TrimBlanks(root.attribute("version").value()), UINT32_MAX);
  if (!version) return std::nullopt;
  return static_cast<uint32_t>(*version);
}

}  // namespace

MergeResult PartialPresence::Fail(const absl::Status& status, bool partial) {
  return {.kind = MergeResult::Kind::kError,
          .body_is_partial = partial,
          .resync = chain_.AskOnce(),
          .error = std::string(status.message())};
}

// Changes name the root <presence>: a <pidf-full> is one that has a version (RFC 5262).
absl::StatusOr<std::string> PartialPresence::NextText(pugi::xml_node root, bool partial,
                                                      bool lenient) const {
  if (!partial) {
    root.remove_attribute("version");
    RenameElement(root, kPidf, "presence");
    return XmlText(root);
  }
  XmlPatch patch;
  SIPEVENTS_RETURN_IF_ERROR(patch.Load(text_, lenient));
  SIPEVENTS_RETURN_IF_ERROR(patch.Apply(root));
  return patch.Text();
}

MergeResult PartialPresence::Merge(const MergeInput& input, DecodeScratch& scratch,
                                   Presence& presence) {
  const auto root = scratch.ParseAll(input.body, input.lenient);
  if (!root.ok()) return Fail(root.status(), /*partial=*/false);
  const bool partial = IsElement(*root, kSpace, "pidf-diff", scratch);
  if (!partial && !IsElement(*root, kSpace, "pidf-full", scratch)) {
    return Fail(absl::InvalidArgumentError(
                    absl::StrCat("the root element is ", QuoteForMessage(root->name()),
                                 ", neither <pidf-full> nor <pidf-diff> of ", AbslView(kSpace))),
                partial);
  }
  const VersionChain::Incoming head = {VersionOf(*root), partial};
  if (!head.version && (partial || !input.lenient)) {
    return Fail(absl::InvalidArgumentError("a document of changes without version"), partial);
  }
  const uint32_t known = chain_.version();
  switch (chain_.Judge(head, input)) {
    case VersionChain::Verdict::kOld:
      return {.body_is_partial = partial};
    case VersionChain::Verdict::kGap:
      if (text_.empty()) break;
      return Fail(absl::InvalidArgumentError(absl::StrCat("changes of version ", *head.version,
                                                          " to a document of version ", known)),
                  partial);
    default:
      break;
  }
  if (partial && text_.empty()) {
    return Fail(absl::InvalidArgumentError("changes before any full document"), partial);
  }
  auto text = NextText(*root, partial, input.lenient);
  if (!text.ok()) return Fail(text.status(), partial);
  const absl::Status status = DecodePidf(*text, input.lenient, scratch, presence);
  if (!status.ok()) return Fail(status, partial);
  text_ = *std::move(text);
  chain_.OnApplied(head);
  return {.kind = MergeResult::Kind::kDocument, .body_is_partial = partial};
}

void PartialPresence::OnOtherType() {
  text_.clear();
  chain_.OnFullStateOtherwise();
}

}  // namespace sipevents::sip
