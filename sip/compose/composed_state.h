#ifndef SIP_COMPOSE_COMPOSED_STATE_H_
#define SIP_COMPOSE_COMPOSED_STATE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace sipevents::sip {

// One publication as composition sees it. Views are good during the call only.
struct PublishedState {
  // Tells the publication apart from the others of its resource, and stays the same over its
  // refreshes and changes: letters and digits.
  std::string_view source;
  std::string_view content_type;  // with parameters
  std::string_view body;
  absl::Time publish_time;  // of the body, not of a refresh
};

// A body that watchers are sent.
struct ComposedBody {
  static constexpr size_t kNoVersion = std::string::npos;

  std::string content_type;  // empty: there is nothing to send but the subscription's state
  std::string body;
  // Where in `body` the decimal number of the document is put in, in packages whose documents are
  // numbered by subscription (PKG-16); kNoVersion: they are not.
  size_t version_at = kNoVersion;

  bool operator==(const ComposedBody&) const = default;
};

// What the watchers of a resource are shown, nearly all of them the same one. Immutable.
struct ComposedState {
  ComposedBody full;
  std::string entity_tag;  // CEN-01: unique over all states of the resource and package; a token
  // With what is told only to who asks for it (WithoutSessions()); null: there is nothing of the
  // kind, `full` is all.
  std::unique_ptr<const ComposedBody> whole = {};
};
using ComposedStatePtr = std::shared_ptr<const ComposedState>;

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_COMPOSED_STATE_H_
