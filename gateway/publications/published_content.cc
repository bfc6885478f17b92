#include "gateway/publications/published_content.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway/publications/document_view.h"
#include "gateway/publications/value_checks.h"
#include "gateway/rpc/field_checks.h"
#include "gateway/rpc/message_octets.h"
#include "sip/base/ascii.h"
#include "sip/compose/composition.h"
#include "sip/compose/document_writer.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxBodyOctets = size_t{1} << 20;  // of v1.Body
constexpr std::string_view kPath = "publication";

std::string_view View(absl::string_view text) { return {text.data(), text.size()}; }

void AddCheck(std::string_view field, const absl::Status& status, FieldViolations& violations) {
  violations.AddDescribed(field, Excerpt(View(status.message()), 300));
}

PublishedContent CheckBody(const v1::Body& body, const ContentPlace& place,
                           FieldViolations& violations) {
  const std::string type_field = FieldPath(kPath, "body.content_type");
  const std::string data_field = FieldPath(kPath, "body.data");
  if (!CheckMediaType(type_field, body.content_type(), violations)) return {};
  if (body.data().empty() || body.data().size() > kMaxBodyOctets) {
    violations.Add(data_field, absl::StrCat(body.data().size(), " octets"), "1 to 1048576 octets");
    return {};
  }
  PublishedContent content;
  content.content_type = CanonicalMediaType(body.content_type());
  content.body = body.data();
  const absl::Status checked = sip::CheckPublished(place.event_package, place.target_uri,
                                                   content.content_type, content.body);
  if (checked.code() == absl::StatusCode::kFailedPrecondition) {
    if (place.local) AddCheck(type_field, checked, violations);
  } else if (!checked.ok()) {
    AddCheck(data_field, checked, violations);
  }
  return content;
}

// The document alone, in octets that are the same for the same document.
std::string EncodeTyped(const v1::Publication& publication, const char* field) {
  v1::Publication alone;
  const auto* descriptor = v1::Publication::descriptor()->FindFieldByName(field);
  alone.GetReflection()
      ->MutableMessage(&alone, descriptor)
      ->CopyFrom(publication.GetReflection()->GetMessage(publication, descriptor));
  return MessageOctets(alone);
}

// A document is of one package, whatever the caller says.
struct TypedField {
  const char* name;
  std::string_view event_package;
};

// `typed` is the field's value.
template <typename Typed>
PublishedContent WriteTyped(const v1::Publication& publication, const TypedField& field,
                            const Typed& typed, const ContentPlace& place,
                            FieldViolations& violations) {
  const std::string path = FieldPath(kPath, field.name);
  if (place.event_package != field.event_package) {
    violations.Add(
        FieldPath(kPath, "event_package"), place.event_package,
        absl::StrCat("the event package of ", field.name, ", ", AbslView(field.event_package)));
    return {};
  }
  if (!CheckValues(path, typed, violations)) return {};
  absl::StatusOr<sip::ComposedBody> written = sip::WriteDocument(place.target_uri, ViewOf(typed));
  if (!written.ok()) {
    // "presence.tuples[0].id: …": the field, then what is wrong with it.
    const std::string_view message = View(written.status().message());
    const size_t colon = message.find(": ");
    if (colon == std::string_view::npos || message.rfind(field.name, 0) != 0) {
      violations.AddDescribed(path, message);
    } else {
      violations.AddDescribed(FieldPath(kPath, message.substr(0, colon)),
                              message.substr(colon + 2));
    }
    return {};
  }
  return {.content_type = std::move(written->content_type),
          .body = std::move(written->body),
          .typed = EncodeTyped(publication, field.name)};
}

}  // namespace

void PublishedContent::ShowIn(v1::Publication& publication) const {
  if (!typed.empty()) {
    v1::Publication given;
    given.ParseFromString(typed);
    publication.MergeFrom(given);
    return;
  }
  publication.mutable_body()->set_content_type(content_type);
  publication.mutable_body()->set_data(body);
}

PublishedContent CheckContent(const v1::Publication& publication, const ContentPlace& place,
                              FieldViolations& violations) {
  switch (publication.content_case()) {
    case v1::Publication::kBody:
      return CheckBody(publication.body(), place, violations);
    case v1::Publication::kPresence:
      return WriteTyped(publication, {"presence", "presence"}, publication.presence(), place,
                        violations);
    case v1::Publication::kDialogInfo:
      return WriteTyped(publication, {"dialog_info", "dialog"}, publication.dialog_info(), place,
                        violations);
    case v1::Publication::kMessageSummary:
      return WriteTyped(publication, {"message_summary", "message-summary"},
                        publication.message_summary(), place, violations);
    case v1::Publication::CONTENT_NOT_SET:
      break;
  }
  violations.Add(FieldPath(kPath, "content"), "",
                 "a body, presence, dialog_info or message_summary");
  return {};
}

}  // namespace sipevents::gateway
