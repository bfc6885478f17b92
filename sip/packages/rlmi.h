#ifndef SIP_PACKAGES_RLMI_H_
#define SIP_PACKAGES_RLMI_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/multipart.h"
#include "sip/packages/event_package.h"
#include "sip/packages/version_chain.h"

// Resource list meta-information: the table of contents of a NOTIFY about a list (RFC 4662
// section 5). Threads: any, for everything here.

namespace sipevents::sip {

// One subscription of the list server to a member: usually the only one.
struct RlmiInstance {
  enum class State { kActive, kPending, kTerminated };
  std::string id;
  State state = State::kPending;
  std::string reason;  // with kTerminated
  std::string cid;     // of the part with its state, without <>; empty: none is named
};

struct RlmiResource {
  std::string uri;  // of the member, as the list server writes it
  std::string name;
  std::vector<RlmiInstance> instances;
};

struct RlmiList {
  std::string uri;
  VersionChain::Incoming head;
  std::vector<RlmiResource> resources;  // each URI once
};

// A body about a list: what the root part says, and the parts that it may name.
class ListBody {
 public:
  // Reads a body for which IsEventList() is true. INVALID_ARGUMENT: no multipart body, no root, or
  // the root is no RLMI document, or lacks what it must have. `body` must outlive the result.
  static absl::StatusOr<ListBody> Read(std::string_view content_type, std::string_view body,
                                       bool lenient, DecodeScratch& scratch);

  RlmiList& list() { return list_; }
  // The part with this Content-ID, of those beside the root (RLS-04); null: there is none, or it
  // was taken before: a short body must not stand for a long one.
  const MultipartPart* Take(std::string_view cid);

 private:
  RlmiList list_;
  std::vector<MultipartPart> parts_;
  absl::flat_hash_map<absl::string_view, size_t> by_id_;  // not taken yet
};

// Whether a body of this type is about a list: RLMI alone, or a multipart/related of which it is
// the root. A multipart/related that does not say what its root is counts where `lenient`.
bool IsEventList(std::string_view content_type, bool lenient);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_RLMI_H_
