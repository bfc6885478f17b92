#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/typed_writers.h"

namespace sipevents::sip {
namespace {

// By the order of the enums; the first of each stands for nothing.
constexpr std::array<std::string_view, 3> kDirections = {"", "initiator", "recipient"};
constexpr std::array<std::string_view, 6> kStates = {"",      "trying",    "proceeding",
                                                     "early", "confirmed", "terminated"};
constexpr std::array<std::string_view, 8> kEvents = {
    "", "cancelled", "rejected", "replaced", "local-bye", "remote-bye", "error", "timeout"};

template <size_t n, typename T>
std::string_view WordOf(const std::array<std::string_view, n>& words, T value) {
  const auto index = static_cast<size_t>(value);
  return index < n ? words[index] : std::string_view();
}

class DialogWriter {
 public:
  absl::Status Write(std::string_view resource, const DialogInfo& info);
  std::string Take() { return xml_.Take(); }

 private:
  absl::Status WriteCall(const FieldPath& path, const Call& call);
  absl::Status WriteState(const FieldPath& path, const Call& call);
  absl::Status WriteReferences(const FieldPath& path, const Call& call);
  absl::Status WriteParty(const FieldPath& path, std::string_view element, const CallParty& party);
  absl::Status WriteTarget(const FieldPath& path, const CallParty& party);
  absl::Status WriteSession(const FieldPath& path, const CallParty& party);
  // An attribute, unless it is empty.
  absl::Status WriteAttribute(const FieldPath& path, std::string_view name, std::string_view value);

  XmlWriter xml_;
  absl::flat_hash_set<std::string> ids_;
};

absl::Status DialogWriter::Write(std::string_view resource, const DialogInfo& info) {
  const FieldPath path("dialog_info");
  xml_.Begin("dialog-info");
  xml_.Attribute("xmlns", kDialogInfoUri);
  // Watchers are told a number of their own.
  xml_.Attribute("version", uint64_t{0});
  xml_.Attribute("state", "full");
  xml_.Attribute("entity", resource);
  for (size_t i = 0; i < info.calls.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(WriteCall(FieldPath(path, "dialogs", i), info.calls[i]));
  }
  xml_.End("dialog-info");
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteAttribute(const FieldPath& path, std::string_view name,
                                          std::string_view value) {
  SIPEVENTS_RETURN_IF_ERROR(CheckText(path, value));
  xml_.AttributeIfAny(name, value);
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteCall(const FieldPath& path, const Call& call) {
  const FieldPath id(path, "id");
  SIPEVENTS_RETURN_IF_ERROR(CheckGivenText(id, call.id));
  if (!ids_.insert(std::string(call.id)).second) {
    return FieldError(id, QuoteForMessage(call.id), "an id that no other dialog has");
  }
  xml_.Begin("dialog");
  xml_.Attribute("id", call.id);
  SIPEVENTS_RETURN_IF_ERROR(WriteAttribute(FieldPath(path, "call_id"), "call-id", call.call_id));
  SIPEVENTS_RETURN_IF_ERROR(
      WriteAttribute(FieldPath(path, "local_tag"), "local-tag", call.local_tag));
  SIPEVENTS_RETURN_IF_ERROR(
      WriteAttribute(FieldPath(path, "remote_tag"), "remote-tag", call.remote_tag));
  xml_.AttributeIfAny("direction", WordOf(kDirections, call.direction));
  SIPEVENTS_RETURN_IF_ERROR(WriteState(path, call));
  SIPEVENTS_RETURN_IF_ERROR(WriteReferences(path, call));
  SIPEVENTS_RETURN_IF_ERROR(WriteParty(FieldPath(path, "local"), "local", call.local));
  SIPEVENTS_RETURN_IF_ERROR(WriteParty(FieldPath(path, "remote"), "remote", call.remote));
  xml_.End("dialog");
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteState(const FieldPath& path, const Call& call) {
  const std::string_view state = WordOf(kStates, call.state);
  if (state.empty()) {
    return FieldError(FieldPath(path, "state"), "CALL_STATE_UNSPECIFIED",
                      "TRYING, PROCEEDING, EARLY, CONFIRMED or TERMINATED");
  }
  xml_.Begin("state");
  xml_.AttributeIfAny("event", WordOf(kEvents, call.event));
  if (call.code != 0) {
    if (call.code < 100 || call.code > 699) {
      return FieldError(FieldPath(path, "code"), absl::StrCat(call.code), "0, or 100 to 699");
    }
    xml_.Attribute("code", static_cast<uint64_t>(call.code));
  }
  xml_.Text(state);
  xml_.End("state");
  if (!call.duration) return absl::OkStatus();
  SIPEVENTS_RETURN_IF_ERROR(CheckSeconds(FieldPath(path, "duration"), *call.duration));
  xml_.TextElement("duration", absl::StrCat(absl::ToInt64Seconds(*call.duration)));
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteReferences(const FieldPath& path, const Call& call) {
  if (call.replaces) {
    const FieldPath replaces(path, "replaces");
    SIPEVENTS_RETURN_IF_ERROR(
        CheckGivenText(FieldPath(replaces, "call_id"), call.replaces->call_id));
    SIPEVENTS_RETURN_IF_ERROR(
        CheckGivenText(FieldPath(replaces, "local_tag"), call.replaces->local_tag));
    SIPEVENTS_RETURN_IF_ERROR(
        CheckGivenText(FieldPath(replaces, "remote_tag"), call.replaces->remote_tag));
    xml_.Begin("replaces");
    xml_.Attribute("call-id", call.replaces->call_id);
    xml_.Attribute("local-tag", call.replaces->local_tag);
    xml_.Attribute("remote-tag", call.replaces->remote_tag);
    xml_.End("replaces");
  }
  if (!call.referred_by.empty() || !call.referred_by_display_name.empty()) {
    SIPEVENTS_RETURN_IF_ERROR(CheckGivenText(FieldPath(path, "referred_by"), call.referred_by));
    xml_.Begin("referred-by");
    SIPEVENTS_RETURN_IF_ERROR(WriteAttribute(FieldPath(path, "referred_by_display_name"), "display",
                                             call.referred_by_display_name));
    xml_.Text(call.referred_by);
    xml_.End("referred-by");
  }
  if (call.route_set.empty()) return absl::OkStatus();
  xml_.Begin("route-set");
  for (size_t i = 0; i < call.route_set.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(CheckGivenText(FieldPath(path, "route_set", i), call.route_set[i]));
    xml_.TextElement("hop", call.route_set[i]);
  }
  xml_.End("route-set");
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteParty(const FieldPath& path, std::string_view element,
                                      const CallParty& party) {
  const bool has_identity = !party.identity.empty() || !party.display_name.empty();
  const bool has_target = !party.target.empty() || !party.target_parameters.empty();
  const bool has_session =
      !party.session_description.empty() || !party.session_description_type.empty();
  if (!has_identity && !has_target && !has_session && !party.cseq) return absl::OkStatus();
  xml_.Begin(element);
  if (has_identity) {
    SIPEVENTS_RETURN_IF_ERROR(CheckText(FieldPath(path, "identity"), party.identity));
    xml_.Begin("identity");
    SIPEVENTS_RETURN_IF_ERROR(
        WriteAttribute(FieldPath(path, "display_name"), "display", party.display_name));
    if (!party.identity.empty()) xml_.Text(party.identity);
    xml_.End("identity");
  }
  if (has_target) SIPEVENTS_RETURN_IF_ERROR(WriteTarget(path, party));
  if (has_session) SIPEVENTS_RETURN_IF_ERROR(WriteSession(path, party));
  if (party.cseq) xml_.TextElement("cseq", absl::StrCat(*party.cseq));
  xml_.End(element);
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteTarget(const FieldPath& path, const CallParty& party) {
  SIPEVENTS_RETURN_IF_ERROR(CheckGivenText(FieldPath(path, "target"), party.target));
  xml_.Begin("target");
  xml_.Attribute("uri", party.target);
  for (const auto& [name, value] : party.target_parameters) {
    const FieldPath parameter(path, "target_parameters");
    SIPEVENTS_RETURN_IF_ERROR(CheckGivenText(parameter, name));
    SIPEVENTS_RETURN_IF_ERROR(CheckText(parameter, value));
    xml_.Begin("param");
    xml_.Attribute("pname", name);
    xml_.Attribute("pval", value);
    xml_.End("param");
  }
  xml_.End("target");
  return absl::OkStatus();
}

absl::Status DialogWriter::WriteSession(const FieldPath& path, const CallParty& party) {
  SIPEVENTS_RETURN_IF_ERROR(
      CheckGivenText(FieldPath(path, "session_description_type"), party.session_description_type));
  SIPEVENTS_RETURN_IF_ERROR(
      CheckText(FieldPath(path, "session_description"), party.session_description));
  xml_.Begin("session-description");
  xml_.Attribute("type", party.session_description_type);
  xml_.Text(party.session_description);
  xml_.End("session-description");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WriteDialogInfo(std::string_view resource, const DialogInfo& info) {
  DialogWriter writer;
  SIPEVENTS_RETURN_IF_ERROR(writer.Write(resource, info));
  return writer.Take();
}

}  // namespace sipevents::sip
