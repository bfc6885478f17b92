#ifndef SIP_PACKAGES_PARTIAL_PRESENCE_H_
#define SIP_PACKAGES_PARTIAL_PRESENCE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"
#include "sip/packages/event_package.h"
#include "sip/packages/version_chain.h"

namespace sipevents::sip {

inline constexpr std::string_view kPidfDiffType = "application/pidf-diff+xml";

// The presence that one fork tells in full once and then by its changes (RFC 5262, RFC 5263): keeps
// the document, at most kMaxBodyOctets of it, and applies the changes in order (ALG-C).
//
// Threads: one at a time.
class PartialPresence {
 public:
  // Takes a body of kPidfDiffType in: <pidf-full> or <pidf-diff>. kDocument: `presence` is the full
  // state, with text that points into `scratch`; `document` is not set. kError: the state is as it
  // was, and should be asked for if `resync` says so.
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch, Presence& presence);

  // The fork sent a whole document of another type: what changes applied to is no more, but
  // versions go on (RFC 5263).
  void OnOtherType();

 private:
  absl::StatusOr<std::string> NextText(pugi::xml_node root, bool partial, bool lenient) const;
  MergeResult Fail(const absl::Status& status, bool partial);

  std::string text_;  // the PIDF document; empty: none
  VersionChain chain_;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_PARTIAL_PRESENCE_H_
