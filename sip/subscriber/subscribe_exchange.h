#ifndef SIP_SUBSCRIBER_SUBSCRIBE_EXCHANGE_H_
#define SIP_SUBSCRIBER_SUBSCRIBE_EXCHANGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sip/stack/digest.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// What every SUBSCRIBE for one resource has in common: whom it is about, whom it is from, and
// the credentials that were asked for (kept over attempts and forks, so that a nonce count is
// never used twice).
//
// Threads: the SIP thread.
class SubscribeTemplate {
 public:
  SubscribeTemplate(SubscriberContext& context, SubscribeRequest request);

  const SubscribeRequest& request() const { return request_; }
  // The body types that are taken; empty: any.
  const std::vector<std::string>& accept() const { return accept_; }
  // The duration to ask for.
  absl::Duration expires() const { return expires_; }
  void set_expires(absl::Duration expires) { expires_ = expires; }
  // `id` of the Event header; empty if none (GEN-08).
  const std::string& event_id() const { return event_id_; }

 private:
  friend class SubscribeExchange;

  OutgoingRequest Fill() const;
  // Whether the challenges of a 401 or 407 can be met.
  bool Accept(const Response& response);

  SubscriberContext& context_;
  SubscribeRequest request_;
  std::string wire_uri_;  // Request-URI and To
  std::string host_;      // of the resource: decides whose credentials may be used
  std::string event_;     // value of the Event header
  std::string event_id_;
  std::vector<std::string> accept_;
  absl::Duration expires_;
  ClientDigestSession digest_;
};

// Sends the SUBSCRIBEs of one attempt or one dialog, one at a time, and answers challenges
// (SUB-11).
//
// Threads: the SIP thread. `subscribe` must outlive it; after destruction nothing is called.
class SubscribeExchange {
 public:
  // `on_answer` hears each final response that is no challenge met; `on_resent` hears of each
  // request sent again with credentials.
  SubscribeExchange(SubscriberContext& context, SubscribeTemplate& subscribe,
                    std::function<void(const Response&)> on_answer,
                    std::function<void()> on_resent);
  ~SubscribeExchange();
  SubscribeExchange(const SubscribeExchange&) = delete;
  SubscribeExchange& operator=(const SubscribeExchange&) = delete;

  // Where requests go and who they are from and to, within the dialog.
  struct Leg {
    std::string call_id;
    std::string local_tag;
    std::string remote_tag;              // empty outside a dialog
    std::string remote_target;           // empty outside a dialog
    std::vector<std::string> route_set;  // in sending order
    uint32_t cseq = 0;                   // of the last request
  };
  Leg& leg() { return leg_; }

  // Sends a SUBSCRIBE; an answer to an earlier one is of no interest any more.
  void Send(uint32_t expires);

 private:
  void Transmit();
  void OnFinal(const Response& response);

  SubscriberContext& context_;
  SubscribeTemplate& subscribe_;
  std::function<void(const Response&)> on_answer_;
  std::function<void()> on_resent_;
  Leg leg_;
  uint32_t expires_ = 0;
  RequestId request_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIBE_EXCHANGE_H_
