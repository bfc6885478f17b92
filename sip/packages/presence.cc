#include "sip/packages/presence.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/media_type.h"
#include "sip/body/values.h"
#include "sip/packages/contact_card.h"
#include "sip/packages/partial_presence.h"
#include "sip/packages/pidf_status.h"
#include "sip/packages/rpid.h"
#include "sip/packages/timed_status.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kPidfType = "application/pidf+xml";
// The name before RFC 3863, which some Cisco phones and servers kept (DEV-10).
constexpr std::string_view kLegacyPidfType = "application/cpim-pidf+xml";

// Takes one PIDF document apart. Functions that decode an element return false if that element
// must be disregarded, because something in it has to be understood and is not (RFC 3863
// section 4.2.4).
class PidfDecoder {
 public:
  PidfDecoder(DecodeScratch& scratch, bool lenient, Presence& presence)
      : scratch_(scratch), lenient_(lenient), presence_(presence) {}

  absl::Status Decode(pugi::xml_node root);

 private:
  bool DecodeChild(pugi::xml_node element);
  bool DecodeTuple(pugi::xml_node element, PresenceTuple& tuple);
  bool DecodeTupleChild(pugi::xml_node element, PresenceTuple& tuple);
  void DecodeContact(pugi::xml_node element, PresenceTuple& tuple);
  // Of a PresencePerson or a PresenceDevice.
  template <typename T>
  bool DecodeDataModel(pugi::xml_node element, T& item);
  // What the data model has in persons and devices alike; false: not of this kind.
  template <typename T>
  bool DecodeCommon(pugi::xml_node element, XmlName name, T& item);

  DecodeScratch& scratch_;
  const bool lenient_;
  Presence& presence_;
};

bool IsAnyPidf(XmlNamespace space) {
  return space == XmlNamespace::kPidf || space == XmlNamespace::kDataModel;
}

absl::Status PidfDecoder::Decode(pugi::xml_node root) {
  const XmlName name = scratch_.names().Of(root);
  if (name.space != XmlNamespace::kPidf || name.local != "presence") {
    return absl::InvalidArgumentError(
        absl::StrCat("the root element is ", QuoteForMessage(root.name()),
                     ", not <presence> of urn:ietf:params:xml:ns:pidf"));
  }
  presence_.entity = TrimBlanks(root.attribute("entity").value());
  if (!lenient_ && presence_.entity.empty()) {
    return absl::InvalidArgumentError("<presence> without entity");
  }
  for (pugi::xml_node child = root.first_child(); child; child = child.next_sibling()) {
    if (child.type() != pugi::node_element || DecodeChild(child)) continue;
    return absl::InvalidArgumentError(absl::StrCat("<presence> has ", QuoteForMessage(child.name()),
                                                   ", which must be understood and is not"));
  }
  const bool all_named = std::all_of(presence_.tuples.begin(), presence_.tuples.end(),
                                     [](const PresenceTuple& tuple) { return !tuple.id.empty(); });
  if (!lenient_ && !all_named) return absl::InvalidArgumentError("<tuple> without id");
  return absl::OkStatus();
}

bool PidfDecoder::DecodeChild(pugi::xml_node element) {
  const XmlName name = scratch_.names().Of(element);
  if (name.space == XmlNamespace::kPidf && name.local == "tuple") {
    if (!DecodeTuple(element, presence_.tuples.emplace_back())) presence_.tuples.pop_back();
    return true;
  }
  if (IsAnyPidf(name.space) && name.local == "note") {
    presence_.notes.push_back(DecodeNote(element, scratch_));
    return true;
  }
  if (name.space == XmlNamespace::kDataModel && name.local == "person") {
    if (!DecodeDataModel(element, presence_.persons.emplace_back())) presence_.persons.pop_back();
    return true;
  }
  if (name.space == XmlNamespace::kDataModel && name.local == "device") {
    if (!DecodeDataModel(element, presence_.devices.emplace_back())) presence_.devices.pop_back();
    return true;
  }
  return MayIgnore(element);
}

bool PidfDecoder::DecodeTuple(pugi::xml_node element, PresenceTuple& tuple) {
  tuple.id = element.attribute("id").value();
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (child.type() == pugi::node_element && !DecodeTupleChild(child, tuple)) return false;
  }
  return true;
}

bool PidfDecoder::DecodeTupleChild(pugi::xml_node element, PresenceTuple& tuple) {
  const XmlName name = scratch_.names().Of(element);
  if (IsAnyPidf(name.space)) {
    if (name.local == "status") {
      std::vector<std::pair<RichElementKind, RichElement>>& rich = tuple.rich.elements;
      const size_t outside = rich.size();
      if (!DecodeStatus(element, lenient_, scratch_, tuple.basic, tuple.rich)) {
        tuple.basic = PresenceBasic::kUnspecified;
        rich.resize(outside);
      }
      return true;
    }
    if (name.local == "contact") {
      DecodeContact(element, tuple);
      return true;
    }
    if (name.local == "note") {
      tuple.notes.push_back(DecodeNote(element, scratch_));
      return true;
    }
    if (name.local == "timestamp") {
      tuple.timestamp = ParseDateTime(scratch_.Text(element));
      return true;
    }
    if (name.local == "deviceID") {
      tuple.device_ids.push_back(scratch_.Text(element));
      return true;
    }
  }
  return DecodeRichPresence(element, name, scratch_, tuple.rich) ||
         DecodeTimedStatus(element, name, lenient_, scratch_, tuple.timed_statuses) ||
         DecodeContactCard(element, name, scratch_, tuple.contact_card) || MayIgnore(element);
}

void PidfDecoder::DecodeContact(pugi::xml_node element, PresenceTuple& tuple) {
  tuple.contact = scratch_.Text(element);
  const std::optional<double> priority = ParseDecimal(element.attribute("priority").value());
  if (priority && *priority >= 0 && *priority <= 1) tuple.contact_priority = priority;
}

template <typename T>
bool PidfDecoder::DecodeDataModel(pugi::xml_node element, T& item) {
  item.id = element.attribute("id").value();
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (child.type() != pugi::node_element) continue;
    const XmlName name = scratch_.names().Of(child);
    if (DecodeCommon(child, name, item)) continue;
    if (IsAnyPidf(name.space) && name.local == "status") {
      // Asterisk and Cisco wrap the activities of a person into a PIDF status.
      for (pugi::xml_node inner = child.first_child(); inner; inner = inner.next_sibling()) {
        if (inner.type() != pugi::node_element) continue;
        DecodeRichPresence(inner, scratch_.names().Of(inner), scratch_, item.rich);
      }
      continue;
    }
    if constexpr (std::is_same_v<T, PresenceDevice>) {
      if (IsAnyPidf(name.space) && name.local == "deviceID") {
        item.device_id = scratch_.Text(child);
        continue;
      }
    } else if (DecodeContactCard(child, name, scratch_, item.contact_card)) {
      continue;
    }
    if (!MayIgnore(child)) return false;
  }
  return true;
}

template <typename T>
bool PidfDecoder::DecodeCommon(pugi::xml_node element, XmlName name, T& item) {
  if (IsAnyPidf(name.space) && name.local == "note") {
    item.notes.push_back(DecodeNote(element, scratch_));
    return true;
  }
  if (IsAnyPidf(name.space) && name.local == "timestamp") {
    item.timestamp = ParseDateTime(scratch_.Text(element));
    return true;
  }
  return DecodeRichPresence(element, name, scratch_, item.rich);
}

MergeResult Failure(const absl::Status& status) {
  return {.kind = MergeResult::Kind::kError, .error = std::string(status.message())};
}

// As many as a Subscription has dialogs at most.
constexpr size_t kMaxForks = 64;

// Holds no state where each body is the whole of it (RFC 3856 section 6.8); of forks that tell
// changes, what those apply to.
class PresenceMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;

  MergeResult DropDialog(uint32_t dialog, DecodeScratch& /*scratch*/) override {
    partial_.erase(dialog);
    return {};
  }

 private:
  MergeResult MergePartial(const MergeInput& input, DecodeScratch& scratch, Presence& presence);

  static absl::Status CheckType(const MergeInput& input) {
    if (input.lenient && MatchesMediaType(input.content_type, kLegacyPidfType)) {
      return absl::OkStatus();
    }
    return CheckMediaType(input.content_type, kPidfType, input.lenient);
  }

  std::map<uint32_t, PartialPresence> partial_;
};

MergeResult PresenceMerger::MergePartial(const MergeInput& input, DecodeScratch& scratch,
                                         Presence& presence) {
  if (partial_.size() >= kMaxForks && !partial_.contains(input.dialog)) {
    return Failure(absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxForks, " forks")));
  }
  return partial_[input.dialog].Merge(input, scratch, presence);
}

MergeResult PresenceMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  // Without a body the document of the NOTIFY before stays current.
  if (TrimBlanks(input.body).empty()) return {};
  Document& document = scratch.document();
  if (!std::holds_alternative<Presence>(document)) document.emplace<Presence>();
  auto& presence = std::get<Presence>(document);
  if (MatchesMediaType(input.content_type, kPidfDiffType)) {
    MergeResult result = MergePartial(input, scratch, presence);
    if (result.kind == MergeResult::Kind::kDocument) result.document = &document;
    return result;
  }
  if (const absl::Status status = CheckType(input); !status.ok()) return Failure(status);
  const absl::Status status = DecodePidf(input.body, input.lenient, scratch, presence);
  if (!status.ok()) return Failure(status);
  const auto partial = partial_.find(input.dialog);
  if (partial != partial_.end()) partial->second.OnOtherType();
  return {.kind = MergeResult::Kind::kDocument, .document = &document};
}

}  // namespace

std::unique_ptr<StateMerger> NewPresenceMerger() { return std::make_unique<PresenceMerger>(); }

absl::Status DecodePidf(std::string_view body, bool lenient, DecodeScratch& scratch,
                        Presence& presence) {
  presence.entity = {};
  presence.tuples.clear();
  presence.persons.clear();
  presence.devices.clear();
  presence.notes.clear();
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(body, lenient));
  return PidfDecoder(scratch, lenient, presence).Decode(root);
}

}  // namespace sipevents::sip
