#ifndef SIP_PACKAGES_EVENT_PACKAGE_H_
#define SIP_PACKAGES_EVENT_PACKAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "sip/body/body_size.h"
#include "sip/document.h"

namespace sipevents::sip {

class DecodeScratch;  // sip/body/decode_scratch.h

// What a NOTIFY of the package means to a reader who cannot keep up (gRPC `Delivery`).
enum class PackageKind {
  kState,  // each body is (or merges into) the state: the newest one is enough
  kEvent,  // each body is something that happened: none may be left out
};

// One NOTIFY body on its way into the merged state.
struct MergeInput {
  // Which fork it came from; unique within the merger's Subscription, never reused.
  uint32_t dialog = 0;
  std::string_view content_type;  // as received, with parameters
  std::string_view body;
  // Headers in which some packages carry their state; empty: none.
  std::string_view event_parameters = {};  // of Event, e.g. `effective-by=3600`, `id=42`
  std::string_view call_info = {};         // all Call-Info values, joined by commas
  uint32_t cseq = 0;                       // of the NOTIFY
  bool lenient = true;  // --sip_profile: tolerate what deployed servers get wrong
};

struct MergeResult {
  enum class Kind {
    kDocument,   // `document` is the new merged state
    kUnchanged,  // nothing new: an empty body, a repeated or older version
    kError,      // `error` says what is wrong with the body; the state stays as it was
  };
  Kind kind = Kind::kUnchanged;
  // With kDocument; points into `scratch` or the merger, good until the next call of either.
  const Document* document = nullptr;
  // The body was a change only, not the full state.
  bool body_is_partial = false;
  // The full state should be asked for by a refresh (ALG-A gap, unusable partial document).
  bool resync = false;
  // The document says that the resource is no more: there is nothing left to follow.
  bool over = false;
  std::string error{};
};

// Remembers what a package needs to turn the bodies of one Subscription into full states,
// over all its forks.
//
// Threads: the SIP thread of the Subscription only.
class StateMerger {
 public:
  virtual ~StateMerger() = default;

  // Takes one body in.
  virtual MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) = 0;

  // Forgets a fork that ended. For a package that merges over forks the result may be
  // kDocument: the state without that fork.
  virtual MergeResult DropDialog(uint32_t dialog, DecodeScratch& scratch) = 0;
};

// One event package: what RFC 6665 section 5.4 asks a package to define (PKG-01 … PKG-11). A row of
// the table in package_table.cc.
//
// Threads: immutable; any thread.
struct EventPackage {
  // Token of the Event header (PKG-01); empty for the opaque package, which serves any name. Of a
  // template, the name of its most usual use; see template_suffix.
  std::string_view name;
  PackageKind kind = PackageKind::kState;
  // Body types to put into Accept, the default one first (PKG-05). Empty: no Accept is sent
  // and any type is taken.
  std::vector<std::string> accept{};
  // Duration to ask for (PKG-04).
  absl::Duration default_expires = absl::Hours(1);
  // May a forked SUBSCRIBE install several subscriptions? (PKG-10, SUB-25, SUB-26)
  bool allows_forks = false;
  // Is the state the union over all forks (then each event shows all), or does each fork
  // have its own?
  bool merges_forks = false;
  std::unique_ptr<StateMerger> (*new_merger)() = nullptr;
  // Are lists of such resources taken (RFC 4662)? Not where the state is that of one dialog or
  // device, and a list of them makes no sense.
  bool takes_lists = true;
  // A media type that is decoded as well where peers' deviations are tolerated (DEV-10).
  std::string_view tolerated_type = {};
  // Serves every name that ends in this, e.g. ".winfo" (RFC 6665 section 5.1); empty: its name
  // only.
  std::string_view template_suffix = {};
  // A media type of changes to documents, for callers who ask for it. A notifier whose changes
  // cannot be applied is asked for whole documents instead (ALG-C); empty: there is none.
  std::string_view changes_type = {};
  // May a state that was told in one dialog be taken up by the next one, if the notifier says that
  // it is still the same (RFC 5839)? Where a body is the whole state, or says that it is not.
  bool resumable = false;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_EVENT_PACKAGE_H_
