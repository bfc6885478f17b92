#include "sip/packages/dialog_info_decoder.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

template <typename T, size_t n>
using Words = std::array<std::pair<std::string_view, T>, n>;

constexpr Words<CallState, 5> kStates = {{{"trying", CallState::kTrying},
                                          {"proceeding", CallState::kProceeding},
                                          {"early", CallState::kEarly},
                                          {"confirmed", CallState::kConfirmed},
                                          {"terminated", CallState::kTerminated}}};

constexpr Words<CallEvent, 7> kEvents = {{{"cancelled", CallEvent::kCancelled},
                                          {"rejected", CallEvent::kRejected},
                                          {"replaced", CallEvent::kReplaced},
                                          {"local-bye", CallEvent::kLocalBye},
                                          {"remote-bye", CallEvent::kRemoteBye},
                                          {"error", CallEvent::kError},
                                          {"timeout", CallEvent::kTimeout}}};

constexpr Words<CallDirection, 2> kDirections = {
    {{"initiator", CallDirection::kInitiator}, {"recipient", CallDirection::kRecipient}}};

// Case does not matter (erratum 2861 of RFC 4235).
template <typename T, size_t n>
T FindWord(const Words<T, n>& words, std::string_view text) {
  text = TrimBlanks(text);
  for (const auto& [word, value] : words) {
    if (EqualsIgnoreCase(word, text)) return value;
  }
  return T::kUnspecified;
}

// A number that fits into 32 bits.
std::optional<uint32_t> ParseUint32(std::string_view text) {
  const std::optional<uint64_t> value = ParseClamped(TrimBlanks(text), uint64_t{1} << 32U);
  if (!value || *value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*value);
}

// Takes one dialog-info document apart.
class Decoder {
 public:
  Decoder(DecodeScratch& scratch, bool lenient) : scratch_(scratch), lenient_(lenient) {}

  absl::StatusOr<IncomingDialogInfo> Decode(pugi::xml_node root);

 private:
  absl::Status DecodeRoot(pugi::xml_node root, IncomingDialogInfo& info);
  // Adds the call, unless it has no id by any means.
  absl::Status DecodeCall(pugi::xml_node element, IncomingDialogInfo& info);
  void DecodeCallChild(pugi::xml_node element, IncomingCall& incoming);
  void DecodeState(pugi::xml_node element, Call& call);
  void DecodeRouteSet(pugi::xml_node element, Call& call);
  void DecodeParty(pugi::xml_node element, CallParty& party, PartyParts& parts);
  void DecodeTarget(pugi::xml_node element, CallParty& party);
  // Local name; empty for another namespace (extensions are ignored) and for text.
  std::string_view Local(pugi::xml_node element) const;

  DecodeScratch& scratch_;
  const bool lenient_;
};

std::string_view Decoder::Local(pugi::xml_node element) const {
  const XmlName name = scratch_.names().Of(element);
  return name.space == XmlNamespace::kDialogInfo ? name.local : std::string_view();
}

absl::StatusOr<IncomingDialogInfo> Decoder::Decode(pugi::xml_node root) {
  IncomingDialogInfo info;
  SIPEVENTS_RETURN_IF_ERROR(DecodeRoot(root, info));
  for (pugi::xml_node child = root.first_child(); child; child = child.next_sibling()) {
    if (Local(child) == "dialog") SIPEVENTS_RETURN_IF_ERROR(DecodeCall(child, info));
  }
  return info;
}

absl::Status Decoder::DecodeRoot(pugi::xml_node root, IncomingDialogInfo& info) {
  if (Local(root) != "dialog-info") {
    return absl::InvalidArgumentError(
        absl::StrCat("the root element is ", QuoteForMessage(root.name()),
                     ", not <dialog-info> of urn:ietf:params:xml:ns:dialog-info"));
  }
  info.entity = TrimBlanks(root.attribute("entity").value());
  info.version = ParseUint32(root.attribute("version").value());
  const std::string_view state = TrimBlanks(root.attribute("state").value());
  info.partial = EqualsIgnoreCase(state, "partial");
  if (!info.partial && !EqualsIgnoreCase(state, "full") && !(lenient_ && state.empty())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "<dialog-info> has state ", QuoteForMessage(state), " instead of full or partial"));
  }
  if (!lenient_ && (info.entity.empty() || !info.version)) {
    return absl::InvalidArgumentError("<dialog-info> without entity or version");
  }
  return absl::OkStatus();
}

absl::Status Decoder::DecodeCall(pugi::xml_node element, IncomingDialogInfo& info) {
  IncomingCall& incoming = info.calls.emplace_back();
  Call& call = incoming.call;
  call.id = element.attribute("id").value();
  call.call_id = element.attribute("call-id").value();
  call.local_tag = element.attribute("local-tag").value();
  call.remote_tag = element.attribute("remote-tag").value();
  call.direction = FindWord(kDirections, element.attribute("direction").value());
  if (call.id.empty()) {
    if (!lenient_) return absl::InvalidArgumentError("<dialog> without id");
    call.id = call.call_id;
  }
  if (call.id.empty()) {
    info.calls.pop_back();
    return absl::OkStatus();
  }
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    DecodeCallChild(child, incoming);
  }
  return absl::OkStatus();
}

void Decoder::DecodeCallChild(pugi::xml_node element, IncomingCall& incoming) {
  Call& call = incoming.call;
  const std::string_view local = Local(element);
  if (local == "state") {
    DecodeState(element, call);
  } else if (local == "duration") {
    if (const auto seconds = ParseUint32(scratch_.Text(element))) {
      call.duration = absl::Seconds(*seconds);
    }
  } else if (local == "replaces") {
    call.replaces = CallReference{.call_id = element.attribute("call-id").value(),
                                  .local_tag = element.attribute("local-tag").value(),
                                  .remote_tag = element.attribute("remote-tag").value()};
  } else if (local == "referred-by") {
    call.referred_by = scratch_.Text(element);
    call.referred_by_display_name = element.attribute("display").value();
  } else if (local == "route-set") {
    DecodeRouteSet(element, call);
  } else if (local == "local") {
    DecodeParty(element, call.local, incoming.local);
  } else if (local == "remote") {
    DecodeParty(element, call.remote, incoming.remote);
  }
}

void Decoder::DecodeState(pugi::xml_node element, Call& call) {
  call.state = FindWord(kStates, scratch_.Text(element));
  call.event = FindWord(kEvents, element.attribute("event").value());
  const std::optional<uint32_t> code = ParseUint32(element.attribute("code").value());
  if (code && *code >= 100 && *code <= 699) call.code = static_cast<int>(*code);
}

void Decoder::DecodeRouteSet(pugi::xml_node element, Call& call) {
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (Local(child) == "hop") call.route_set.push_back(scratch_.Text(child));
  }
}

void Decoder::DecodeParty(pugi::xml_node element, CallParty& party, PartyParts& parts) {
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    const std::string_view local = Local(child);
    if (local == "identity" && !parts.identity) {
      // Several may be given (erratum 4237); the first one is shown.
      parts.identity = true;
      party.identity = scratch_.Text(child);
      party.display_name = child.attribute("display").value();
    } else if (local == "target") {
      parts.target = true;
      DecodeTarget(child, party);
    } else if (local == "session-description") {
      parts.session_description = true;
      party.session_description_type = child.attribute("type").value();
      party.session_description = scratch_.RawText(child);
    } else if (local == "cseq") {
      party.cseq = ParseUint32(scratch_.Text(child));
    }
  }
}

void Decoder::DecodeTarget(pugi::xml_node element, CallParty& party) {
  party.target = element.attribute("uri").value();
  party.target_parameters.clear();
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (Local(child) != "param") continue;
    party.target_parameters.emplace_back(child.attribute("pname").value(),
                                         child.attribute("pval").value());
  }
}

}  // namespace

absl::StatusOr<IncomingDialogInfo> DecodeDialogInfo(std::string_view body, bool lenient,
                                                    DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(body, lenient));
  return Decoder(scratch, lenient).Decode(root);
}

}  // namespace sipevents::sip
