#include "clients/cli/publication_requests.h"

#include <cstdint>
#include <fstream>
#include <ios>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "clients/cli/times.h"

namespace sipevents::client {
namespace {

// What is read of a body: more than the gateway takes, so that it is the gateway that refuses. A
// file without an end is read no further.
constexpr size_t kMaxBodyOctets = size_t{2} << 20;

// The one tuple, person or call of a typed state.
constexpr char kElementId[] = "sipevents";

absl::StatusOr<std::string> ReadBody(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return absl::InvalidArgumentError(absl::StrCat("--body=", path, ": cannot be read"));
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string body(kMaxBodyOctets + 1, '\0');
  in.read(body.data(), static_cast<std::streamsize>(body.size()));
  body.resize(static_cast<size_t>(in.gcount()));
  if (in.bad())
    return absl::InvalidArgumentError(absl::StrCat("--body=", path, ": cannot be read"));
  if (body.size() > kMaxBodyOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("--body=", path, ": more than ", kMaxBodyOctets, " octets (2 MiB)"));
  }
  return body;
}

absl::StatusOr<v1::Body> BodyFrom(const Arguments& arguments) {
  if (!arguments.Has("content_type")) {
    return absl::InvalidArgumentError("--body needs --content_type=TYPE");
  }
  absl::StatusOr<std::string> data = ReadBody(arguments.Text("body"));
  if (!data.ok()) return data.status();
  v1::Body body;
  body.set_content_type(arguments.Text("content_type"));
  body.set_data(*std::move(data));
  return body;
}

v1::Presence PresenceFrom(const Arguments& arguments) {
  v1::Presence presence;
  v1::PresenceTuple& tuple = *presence.add_tuples();
  tuple.set_id(kElementId);
  tuple.set_basic(arguments.Text("basic") == "open" ? v1::OPEN : v1::CLOSED);
  if (arguments.Has("note")) tuple.add_notes()->set_text(arguments.Text("note"));
  if (arguments.Has("activity")) {
    v1::PresencePerson& person = *presence.add_persons();
    person.set_id("person");
    for (const std::string& activity : arguments.Texts("activity")) {
      person.mutable_rich()->mutable_activities()->add_values(activity);
    }
  }
  return presence;
}

v1::DialogInfo DialogInfoFrom(const Arguments& arguments) {
  v1::DialogInfo info;
  // No call is a state too.
  if (arguments.Text("call") == "idle") return info;
  v1::DialogInfoDialog& dialog = *info.add_dialogs();
  dialog.set_id(kElementId);
  v1::CallState state = v1::CALL_STATE_UNSPECIFIED;
  v1::CallState_Parse(absl::AsciiStrToUpper(arguments.Text("call")), &state);
  dialog.set_state(state);
  if (arguments.Has("direction")) {
    dialog.set_direction(arguments.Text("direction") == "initiator" ? v1::INITIATOR
                                                                    : v1::RECIPIENT);
  }
  if (arguments.Has("party")) {
    dialog.mutable_remote()->set_identity(arguments.Text("party"));
    dialog.mutable_remote()->set_target(arguments.Text("party"));
  }
  return info;
}

absl::StatusOr<v1::MessageSummary> MessageSummaryFrom(const Arguments& arguments) {
  v1::MessageSummary summary;
  summary.set_messages_waiting(arguments.Text("waiting") == "yes");
  if (!arguments.Has("voice")) return summary;
  const std::string voice = arguments.Text("voice");
  const std::vector<std::string> parts = absl::StrSplit(voice, '/');
  uint32_t new_count = 0;
  uint32_t old_count = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &new_count) ||
      !absl::SimpleAtoi(parts[1], &old_count)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--voice=", voice, ": expected NEW/OLD, e.g. 2/5"));
  }
  v1::MessageCount& count = *summary.add_counts();
  count.set_class_(v1::VOICE_MESSAGE);
  count.set_new_count(new_count);
  count.set_old_count(old_count);
  return summary;
}

// A way to say what is published, and what else belongs to it.
struct ContentFlag {
  const char* name;
  const char* event_package;  // null: not known by the flag
  std::vector<const char*> with;
};

const std::vector<ContentFlag>& ContentFlags() {
  static const auto* const flags = new std::vector<ContentFlag>{
      {"body", nullptr, {"content_type"}},
      {"basic", "presence", {"note", "activity"}},
      {"call", "dialog", {"direction", "party"}},
      {"waiting", "message-summary", {"voice"}},
  };
  return *flags;
}

// The one that is given; null: none is.
absl::StatusOr<const ContentFlag*> FindContent(const Arguments& arguments) {
  const ContentFlag* found = nullptr;
  for (const ContentFlag& flag : ContentFlags()) {
    const bool given = arguments.Has(flag.name);
    if (given && found != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", found->name, " and --", flag.name, " do not go together"));
    }
    if (given) found = &flag;
    for (const char* other : flag.with) {
      if (given || !arguments.Has(other)) continue;
      return absl::InvalidArgumentError(absl::StrCat("--", other, " goes with --", flag.name));
    }
  }
  if (arguments.Text("call") == "idle") {
    for (const char* other : {"direction", "party"}) {
      if (!arguments.Has(other)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("--", other, " goes with a call, and --call=idle is none"));
    }
  }
  return found;
}

absl::Status SetContent(const Arguments& arguments, const ContentFlag& flag,
                        v1::Publication& publication) {
  const absl::string_view name = flag.name;
  if (name == "body") {
    absl::StatusOr<v1::Body> body = BodyFrom(arguments);
    if (!body.ok()) return body.status();
    *publication.mutable_body() = *std::move(body);
  } else if (name == "basic") {
    *publication.mutable_presence() = PresenceFrom(arguments);
  } else if (name == "call") {
    *publication.mutable_dialog_info() = DialogInfoFrom(arguments);
  } else {
    absl::StatusOr<v1::MessageSummary> summary = MessageSummaryFrom(arguments);
    if (!summary.ok()) return summary.status();
    *publication.mutable_message_summary() = *std::move(summary);
  }
  return absl::OkStatus();
}

void SetTtl(const Arguments& arguments, v1::Publication& publication) {
  if (const auto ttl = arguments.Duration("ttl"); ttl.has_value()) {
    SetDuration(*ttl, *publication.mutable_ttl());
  }
}

}  // namespace

absl::StatusOr<v1::CreatePublicationRequest> CreatePublicationFrom(const Arguments& arguments) {
  const absl::StatusOr<const ContentFlag*> content = FindContent(arguments);
  if (!content.ok()) return content.status();
  if (*content == nullptr) {
    return absl::InvalidArgumentError(
        "'publish' needs --body=FILE, --basic=open|closed, --call=STATE or --waiting=yes|no");
  }
  v1::CreatePublicationRequest request;
  v1::Publication& publication = *request.mutable_publication();
  publication.set_target_uri(arguments.positional().at(0));
  const char* usual = (*content)->event_package;
  if (!arguments.Has("event") && usual == nullptr) {
    return absl::InvalidArgumentError("--body needs --event=PACKAGE");
  }
  publication.set_event_package(arguments.Text("event", usual == nullptr ? "" : usual));
  if (absl::Status set = SetContent(arguments, **content, publication); !set.ok()) return set;
  const std::string route = arguments.Text("route");
  if (route == "local") publication.set_route(v1::Publication::LOCAL);
  if (route == "remote") publication.set_route(v1::Publication::REMOTE);
  publication.set_identity(arguments.Text("as"));
  SetTtl(arguments, publication);
  request.set_request_id(arguments.Text("request_id"));
  return request;
}

absl::StatusOr<v1::UpdatePublicationRequest> UpdatePublicationFrom(const Arguments& arguments) {
  const absl::StatusOr<const ContentFlag*> content = FindContent(arguments);
  if (!content.ok()) return content.status();
  if (*content == nullptr && !arguments.Has("ttl")) {
    return absl::InvalidArgumentError(
        "'publications update' needs --body=FILE, --basic=open|closed, --call=STATE, "
        "--waiting=yes|no or --ttl=DURATION");
  }
  v1::UpdatePublicationRequest request;
  v1::Publication& publication = *request.mutable_publication();
  publication.set_name(arguments.positional().at(0));
  publication.set_etag(arguments.Text("etag"));
  if (*content != nullptr) {
    if (absl::Status set = SetContent(arguments, **content, publication); !set.ok()) return set;
  }
  SetTtl(arguments, publication);
  return request;
}

}  // namespace sipevents::client
