#ifndef SIP_COMPOSE_PACKAGE_COMPOSITION_H_
#define SIP_COMPOSE_PACKAGE_COMPOSITION_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sip/compose/composed_state.h"
#include "sip/compose/shown_ids.h"

// What composition.h promises, package by package. Threads: any, for everything here.

namespace sipevents::sip {

inline constexpr std::string_view kPidfType = "application/pidf+xml";
inline constexpr std::string_view kPidfUri = "urn:ietf:params:xml:ns:pidf";
inline constexpr std::string_view kDataModelUri = "urn:ietf:params:xml:ns:pidf:data-model";
inline constexpr std::string_view kDialogInfoType = "application/dialog-info+xml";
inline constexpr std::string_view kDialogInfoUri = "urn:ietf:params:xml:ns:dialog-info";
inline constexpr std::string_view kSummaryType = "application/simple-message-summary";

// See CheckPublished(); the media type and size are fine.
absl::Status CheckPublishedPresence(std::string_view resource, std::string_view body);
absl::Status CheckPublishedDialogs(std::string_view resource, std::string_view body);
absl::Status CheckPublishedSummary(std::string_view body);

// See Compose(); at least one publication.
ComposedBody ComposePresence(std::string_view resource,
                             absl::Span<const PublishedState> publications, ShownIds* shown);
ComposedBody ComposeDialogs(std::string_view resource,
                            absl::Span<const PublishedState> publications);
ComposedBody ComposeSummaries(std::string_view resource,
                              absl::Span<const PublishedState> publications);

// See NeutralBody().
ComposedBody NeutralPresence(std::string_view resource);
ComposedBody NeutralDialogs(std::string_view resource);
ComposedBody NeutralSummary();

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_PACKAGE_COMPOSITION_H_
