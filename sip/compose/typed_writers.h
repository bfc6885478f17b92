#ifndef SIP_COMPOSE_TYPED_WRITERS_H_
#define SIP_COMPOSE_TYPED_WRITERS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sip/compose/field_checks.h"
#include "sip/compose/xml_writer.h"
#include "sip/document.h"

// What document_writer.h promises, package by package. Threads: any, for everything here.

namespace sipevents::sip {

absl::StatusOr<std::string> WritePresence(std::string_view resource, const Presence& presence);
absl::StatusOr<std::string> WriteDialogInfo(std::string_view resource, const DialogInfo& info);
absl::StatusOr<std::string> WriteMessageSummary(const MessageSummary& summary);

// Writes the elements of RPID; `path` is that of `rich`.
absl::Status WriteRichPresence(const FieldPath& path, const RichPresence& rich, XmlWriter& xml);
// Writes one note; `element` with its prefix.
absl::Status WriteNote(const FieldPath& path, std::string_view element, const PresenceNote& note,
                       XmlWriter& xml);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_TYPED_WRITERS_H_
