#include "sip/packages/key_press.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/values.h"
#include "sip/body/xml_record.h"
#include "sip/packages/body_merger.h"

namespace sipevents::sip {
namespace {

namespace key = fields::KeyPress;

constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:kpml-response";

constexpr XmlField kFields[] = {
    Attribute("code", key::kCode, XmlValue::kUnsigned),
    Attribute("text", key::kText),
    Attribute("digits", key::kDigits),
    Attribute("tag", key::kTag),
    Attribute("suppressed", key::kSuppressed, XmlValue::kBool),
    Attribute("forced_flush", key::kForcedFlush, XmlValue::kBool),
    Attribute("version", key::kVersion),
};
constexpr XmlRecord kResponse = {kSpace, kFields};

absl::Status WriteKeyPress(const MergeInput& input, DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(input.body, input.lenient));
  SIPEVENTS_RETURN_IF_ERROR(CheckRoot(root, kSpace, "kpml-response", scratch));
  const std::string_view code = TrimBlanks(root.attribute("code").value());
  if (!ParseClamped(code, UINT32_MAX)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the code of <kpml-response> is ", QuoteForMessage(code), ", no number"));
  }
  WriteXmlRecord(kResponse, root, scratch, scratch.writer());
  return absl::OkStatus();
}

constexpr BodyShape kShape = {
    .content_type = "application/kpml-response+xml",
    .document_number = fields::Event::kKeyPress,
    .write = WriteKeyPress,
};

}  // namespace

std::unique_ptr<StateMerger> NewKeyPressMerger() { return NewBodyMerger(kShape); }

}  // namespace sipevents::sip
