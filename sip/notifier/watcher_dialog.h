#ifndef SIP_NOTIFIER_WATCHER_DIALOG_H_
#define SIP_NOTIFIER_WATCHER_DIALOG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sip/dialog/incoming_request.h"
#include "sip/dialog/request_sender.h"
#include "sip/notifier/notify_way.h"
#include "sip/notifier/packed_texts.h"

namespace sipevents::sip {

// The dialog of one subscription, as its notifier has it (RFC 6665 section 4.2, RFC 3261 section
// 12): who is at the other end, and where NOTIFYs go. Packed: there are a million of them.
//
// Threads: one; its owner's.
class WatcherDialog {
 public:
  // `local_tag` is unique, and secret.
  explicit WatcherDialog(uint64_t local_tag) : local_tag_(local_tag) {}

  // From the SUBSCRIBE that makes it (NOT-48). False: its headers are too long.
  bool Begin(const IncomingRequest& request, const NotifyWay& way);
  // Whether a request with our tag is of this dialog.
  bool IsDialogOf(const IncomingRequest& request) const;
  // Takes CSeq from a SUBSCRIBE in the dialog; false: it is out of order.
  bool TakeNumber(const IncomingRequest& request);
  // Takes Contact and so on from one that is accepted.
  void TakeTarget(const IncomingRequest& request, const NotifyWay& way);
  // Goes on without the connection that the peer had opened; false: there is no other way.
  bool LeaveConnection();
  // Somebody where NOTIFYs go has answered one.
  void OnAnswered() { unproven_ = false; }
  // Nobody has, and it is not where the SUBSCRIBE came from: see NotifyWay::elsewhere.
  bool is_unproven() const { return unproven_; }

  // The next NOTIFY, as far as the dialog says: to the Contact or, if that is not empty, to where
  // one was redirected (NOT-27).
  OutgoingRequest NextNotify(std::string_view redirect_to);
  // Where it is sent first: see RequestSender::Send().
  std::string FirstHop(std::string_view redirect_to) const;

  uint64_t local_tag() const { return local_tag_; }
  std::string LocalTagText() const;
  // Whether NOTIFYs go by a route rather than to the Contact itself.
  bool is_routed() const { return !texts_[kRoutes].empty(); }
  // The parameters of the Event header: `;id=7`; without those of the rate.
  std::string_view event_parameters() const;
  std::string_view call_id() const { return texts_[kCallId]; }
  std::string_view contact_uri() const { return texts_[kContact]; }
  std::string_view display_name() const { return texts_[kDisplayName]; }
  std::string_view user_agent() const { return texts_[kUserAgent]; }

 private:
  // Indices of texts_.
  enum Text : size_t {
    kCallId,
    kRemoteTag,
    kLocalUri,
    kRemoteUri,
    kContact,
    kRoutes,  // separated by line feeds
    kEvent,   // value of the Event header
    kFirstHop,
    kDisplayName,
    kUserAgent,
    kTextCount,
  };

  const uint64_t local_tag_;
  PackedTexts<kTextCount> texts_;
  uint32_t local_cseq_ = 0;
  uint32_t remote_cseq_ = 0;
  bool unproven_ = false;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_WATCHER_DIALOG_H_
