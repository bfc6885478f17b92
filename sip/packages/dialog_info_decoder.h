#ifndef SIP_PACKAGES_DIALOG_INFO_DECODER_H_
#define SIP_PACKAGES_DIALOG_INFO_DECODER_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"

namespace sipevents::sip {

// Which parts of a `local` or `remote` element a document has. In a partial document an absent
// one is as before (RFC 4235 section 4.1.6).
struct PartyParts {
  bool identity = false;
  bool target = false;
  bool session_description = false;
};

// One <dialog> as it came.
struct IncomingCall {
  Call call;
  PartyParts local;
  PartyParts remote;
};

// One dialog-info document as it came, before it is merged; its text points into the scratch.
struct IncomingDialogInfo {
  std::string_view entity;
  std::optional<uint32_t> version;  // lenient only: absent if missing or no number
  bool partial = false;
  std::vector<IncomingCall> calls;  // each with an id
};

// Decodes a dialog-info document (RFC 4235 section 4.1). Unknown words of states, events and
// directions become kUnspecified; malformed numbers count as absent.
// INVALID_ARGUMENT: see ParseGuardedXml; another root; a `state` that is neither full nor
// partial; strict only: an attribute is missing that the schema demands.
absl::StatusOr<IncomingDialogInfo> DecodeDialogInfo(std::string_view body, bool lenient,
                                                    DecodeScratch& scratch);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_DIALOG_INFO_DECODER_H_
