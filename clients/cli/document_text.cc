#include "clients/cli/document_text.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/message_text.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

constexpr size_t kMaxBodyOctets = 60;

// The words for the document that `document` gives.
template <auto document>
Summary Words(const v1::Event& event) {
  return Summarize((event.*document)());
}

struct Row {
  v1::Event::DocumentCase document;
  Summary (*words)(const v1::Event&);
};

constexpr Row kWords[] = {
    {v1::Event::kPresence, Words<&v1::Event::presence>},
    {v1::Event::kDialogInfo, Words<&v1::Event::dialog_info>},
    {v1::Event::kMessageSummary, Words<&v1::Event::message_summary>},
    {v1::Event::kWatcherInfo, Words<&v1::Event::watcher_info>},
    {v1::Event::kRegistration, Words<&v1::Event::registration>},
    {v1::Event::kConference, Words<&v1::Event::conference>},
    {v1::Event::kRefer, Words<&v1::Event::refer>},
    {v1::Event::kProfile, Words<&v1::Event::profile>},
    {v1::Event::kXcapDiff, Words<&v1::Event::xcap_diff>},
    {v1::Event::kKeyPress, Words<&v1::Event::key_press>},
    {v1::Event::kCallCompletion, Words<&v1::Event::call_completion>},
    {v1::Event::kVoiceQuality, Words<&v1::Event::voice_quality>},
    {v1::Event::kPhoneFeatures, Words<&v1::Event::phone_features>},
    {v1::Event::kCallAppearances, Words<&v1::Event::call_appearances>},
    {v1::Event::kLineSeize, Words<&v1::Event::line_seize>},
};

Summary BodyText(const v1::Event& event) {
  if (!event.has_body()) return {"no state yet", Tone::kMissing};
  return {absl::StrCat(Printable(event.body().content_type()), ", ", event.body().data().size(),
                       " octets: ", Printable(event.body().data(), kMaxBodyOctets)),
          Tone::kPlain};
}

// Of a document that has no words of its own: one that came after this version.
Summary PlainText(const v1::Event& event) {
  const auto* reflection = event.GetReflection();
  const auto* field = reflection->GetOneofFieldDescriptor(
      event, v1::Event::descriptor()->FindOneofByName("document"));
  const std::string text = MessageText(reflection->GetMessage(event, field));
  return {text.empty() ? "nothing to tell" : text, Tone::kPlain};
}

Summary DocumentText(const v1::Event& event) {
  if (event.document_case() == v1::Event::DOCUMENT_NOT_SET) return BodyText(event);
  for (const Row& row : kWords) {
    if (row.document == event.document_case()) return row.words(event);
  }
  return PlainText(event);
}

}  // namespace

Summary Summarize(const v1::Event& event) {
  Summary summary = DocumentText(event);
  if (!event.decode_error().empty()) {
    summary.text = absl::StrCat("cannot decode: ", Printable(event.decode_error()),
                                "; last known: ", summary.text);
    summary.tone = Tone::kBad;
  }
  return summary;
}

std::string MemberText(const v1::Event& event) {
  return NameText(event.member_name(), event.member_uri());
}

}  // namespace sipevents::client
