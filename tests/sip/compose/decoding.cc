#include "tests/sip/compose/decoding.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gateway/registry/document_encoder.h"
#include "sip/base/reverse_wire_writer.h"
#include "sip/body/decode_scratch.h"
#include "sip/packages/event_package.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/event.pb.h"

namespace sipevents::sip {

absl::Time AtHour(int hour) {
  return absl::FromCivil(absl::CivilSecond(2026, 3, 1, hour, 0, 0), absl::UTCTimeZone());
}

PublishedState Published(std::string_view source, std::string_view body, int hour,
                         std::string_view content_type) {
  return {
      .source = source, .content_type = content_type, .body = body, .publish_time = AtHour(hour)};
}

std::string Numbered(const ComposedBody& body, int version) {
  std::string text = body.body;
  if (body.version_at != ComposedBody::kNoVersion) {
    text.insert(body.version_at, absl::StrCat(version));
  }
  return text;
}

std::string Shown(const Document& document) {
  ReverseWireWriter writer;
  gateway::WriteDocument(document, writer);
  const std::string_view octets = writer.bytes();
  v1::Event event;
  if (!event.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) return "not encoded";
  return event.Utf8DebugString();
}

std::string ShownText(std::string_view event_package, std::string_view content_type,
                      std::string_view body) {
  DecodeScratch scratch;
  const std::unique_ptr<StateMerger> merger = FindPackage(event_package).new_merger();
  const MergeResult result = merger->Merge(
      {.dialog = 1, .content_type = content_type, .body = body, .cseq = 1, .lenient = false},
      scratch);
  if (result.kind != MergeResult::Kind::kDocument) return absl::StrCat("error: ", result.error);
  return Shown(*result.document);
}

std::string Shown(std::string_view event_package, const ComposedBody& body) {
  return ShownText(event_package, body.content_type, Numbered(body));
}

}  // namespace sipevents::sip
