#include "sip/packages/phone_features.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/media_type.h"
#include "sip/body/multipart.h"
#include "sip/body/xml_record.h"

namespace sipevents::sip {
namespace {

namespace features = fields::PhoneFeatures;
namespace forwarding = fields::PhoneFeatures::Forwarding;

constexpr std::string_view kFeatureType = "application/x-as-feature-event+xml";
// ECMA-323; its editions differ in the last digit.
constexpr std::string_view kSpaces = "http://www.ecma-international.org/standards/ecma-323/csta/ed";

constexpr XmlField kForwardingFields[] = {
    Child("forwardStatus", forwarding::kActive, XmlValue::kBool),
    Child("forwardTo", forwarding::kTarget),
    Child("ringCount", forwarding::kRingCount, XmlValue::kPresent),
};

struct ForwardingType {
  std::string_view word;
  int number;  // of the field
};
constexpr std::array<ForwardingType, 3> kForwardingTypes = {{
    {"forwardImmediate", features::kForwardImmediate},
    {"forwardBusy", features::kForwardBusy},
    {"forwardNoAns", features::kForwardNoAnswer},
}};

// What is known of a line.
struct Features {
  std::optional<bool> do_not_disturb;
  // By kForwardingTypes: the fields of the message.
  std::array<std::optional<std::string>, kForwardingTypes.size()> forwardings;
};

std::string_view ChildText(pugi::xml_node element, std::string_view space, std::string_view name,
                           DecodeScratch& scratch) {
  for (const pugi::xml_node child : element.children()) {
    if (IsElement(child, space, name, scratch)) return scratch.Text(child);
  }
  return {};
}

absl::Status ReadDoNotDisturb(pugi::xml_node root, std::string_view space, DecodeScratch& scratch,
                              Features& known) {
  const std::string_view on = ChildText(root, space, "doNotDisturbOn", scratch);
  const bool is_on = EqualsIgnoreCase(on, "true") || on == "1";
  if (!is_on && !EqualsIgnoreCase(on, "false") && on != "0") {
    return absl::InvalidArgumentError(
        absl::StrCat("doNotDisturbOn is ", QuoteForMessage(on), " instead of true or false"));
  }
  known.do_not_disturb = is_on;
  return absl::OkStatus();
}

absl::Status ReadForwarding(pugi::xml_node root, std::string_view space, DecodeScratch& scratch,
                            Features& known) {
  const std::string_view type = ChildText(root, space, "forwardingType", scratch);
  for (size_t i = 0; i < kForwardingTypes.size(); ++i) {
    if (!EqualsIgnoreCase(kForwardingTypes[i].word, type)) continue;
    known.forwardings[i] = EncodeXmlRecord({space, kForwardingFields}, root, scratch);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("forwardingType is ", QuoteForMessage(type)));
}

// Takes one document in. What it is about, and we do not know, is passed over.
absl::Status ReadFeature(std::string_view body, bool lenient, DecodeScratch& scratch,
                         Features& known) {
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(body, lenient));
  const XmlName name = scratch.names().Of(root);
  if (!name.uri.starts_with(kSpaces)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the root element ", QuoteForMessage(root.name()), " is not of ", AbslView(kSpaces), "3"));
  }
  if (name.local == "DoNotDisturbEvent") return ReadDoNotDisturb(root, name.uri, scratch, known);
  if (name.local == "ForwardingEvent") return ReadForwarding(root, name.uri, scratch, known);
  return absl::OkStatus();
}

// Each document replaces one feature; there are no versions.
class PhoneFeaturesMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& /*scratch*/) override {
    if (dialog == dialog_) *this = PhoneFeaturesMerger();
    return {};
  }

 private:
  static absl::Status Read(const MergeInput& input, bool several, DecodeScratch& scratch,
                           Features& known);
  const Document* Show(DecodeScratch& scratch) const;

  uint32_t dialog_ = 0;  // that the rest is from
  Features known_;
  bool asked_ = false;  // for the full state, and none has come
};

absl::Status PhoneFeaturesMerger::Read(const MergeInput& input, bool several,
                                       DecodeScratch& scratch, Features& known) {
  if (!several) {
    SIPEVENTS_RETURN_IF_ERROR(CheckMediaType(input.content_type, kFeatureType, input.lenient));
    return ReadFeature(input.body, input.lenient, scratch, known);
  }
  if (input.body.size() > kMaxBodyOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body has more than ", kMaxBodyOctets, " octets"));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(const std::vector<MultipartPart> parts,
                             SplitMultipart(input.content_type, input.body, input.lenient));
  for (const MultipartPart& part : parts) {
    if (!MatchesMediaType(part.content_type, kFeatureType)) continue;
    SIPEVENTS_RETURN_IF_ERROR(ReadFeature(part.body, input.lenient, scratch, known));
  }
  return absl::OkStatus();
}

const Document* PhoneFeaturesMerger::Show(DecodeScratch& scratch) const {
  ReverseWireWriter& writer = scratch.writer();
  writer.Reset();
  for (size_t i = kForwardingTypes.size(); i-- > 0;) {
    if (!known_.forwardings[i]) continue;
    writer.Message(kForwardingTypes[i].number, [&] { writer.Encoded(*known_.forwardings[i]); });
  }
  if (known_.do_not_disturb) {
    writer.UnsignedAlways(features::kDoNotDisturb, *known_.do_not_disturb ? 1 : 0);
  }
  scratch.document() = EncodedDocument{fields::Event::kPhoneFeatures, writer.bytes()};
  return &scratch.document();
}

MergeResult PhoneFeaturesMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (input.dialog != dialog_) *this = PhoneFeaturesMerger();
  dialog_ = input.dialog;
  if (TrimBlanks(input.body).empty()) return {};
  const bool several = MatchesMediaType(input.content_type, "multipart/mixed");
  Features next = known_;
  if (const absl::Status status = Read(input, several, scratch, next); !status.ok()) {
    return {.kind = MergeResult::Kind::kError,
            .resync = !std::exchange(asked_, true),
            .error = std::string(status.message())};
  }
  known_ = std::move(next);
  asked_ = false;
  return {
      .kind = MergeResult::Kind::kDocument, .document = Show(scratch), .body_is_partial = !several};
}

}  // namespace

std::unique_ptr<StateMerger> NewPhoneFeaturesMerger() {
  return std::make_unique<PhoneFeaturesMerger>();
}

}  // namespace sipevents::sip
