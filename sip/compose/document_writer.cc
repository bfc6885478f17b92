#include "sip/compose/document_writer.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "sip/base/bound_error.h"
#include "sip/base/status_macros.h"
#include "sip/body/body_size.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/typed_writers.h"

namespace sipevents::sip {
namespace {

absl::StatusOr<ComposedBody> Write(std::string_view resource, const Document& document) {
  if (const auto* presence = std::get_if<Presence>(&document)) {
    SIPEVENTS_ASSIGN_OR_RETURN(std::string body, WritePresence(resource, *presence));
    return ComposedBody{.content_type = std::string(kPidfType), .body = std::move(body)};
  }
  if (const auto* info = std::get_if<DialogInfo>(&document)) {
    SIPEVENTS_ASSIGN_OR_RETURN(std::string body, WriteDialogInfo(resource, *info));
    return ComposedBody{.content_type = std::string(kDialogInfoType), .body = std::move(body)};
  }
  if (const auto* summary = std::get_if<MessageSummary>(&document)) {
    SIPEVENTS_ASSIGN_OR_RETURN(std::string body, WriteMessageSummary(*summary));
    return ComposedBody{.content_type = std::string(kSummaryType), .body = std::move(body)};
  }
  return absl::InvalidArgumentError(
      "document: of a package whose documents are not written; expected presence, dialog_info or "
      "message_summary, or a body");
}

}  // namespace

absl::StatusOr<ComposedBody> WriteDocument(std::string_view resource, const Document& document) {
  SIPEVENTS_ASSIGN_OR_RETURN(ComposedBody written, Write(resource, document));
  if (written.body.size() <= kMaxBodyOctets) return written;
  return BoundError("body_octets", absl::StrCat("the document takes ", written.body.size(),
                                                " octets; at most ", kMaxBodyOctets, " are taken"));
}

}  // namespace sipevents::sip
