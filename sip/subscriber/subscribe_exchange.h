#ifndef SIP_SUBSCRIBER_SUBSCRIBE_EXCHANGE_H_
#define SIP_SUBSCRIBER_SUBSCRIBE_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "sip/dialog/request_sender.h"
#include "sip/subscriber/redirections.h"
#include "sip/subscriber/response_table.h"
#include "sip/subscriber/subscribe_template.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// Sends the SUBSCRIBEs of one attempt or one dialog, one at a time, and does what a response asks
// for that can be done at once: credentials (SUB-11), other Contacts, fewer headers. A request is
// made when its turn comes, so it says what is true then.
//
// Threads: the SIP thread. `subscribe` and `owner` must outlive it; after destruction nothing is
// called.
class SubscribeExchange : public RequestClient {
 public:
  // So often is a request sent again for what responses ask for, over all their reasons.
  static constexpr int kMostResends = 8;
  // So many of them are challenges, whatever their nonces and `stale` say.
  static constexpr int kMostChallenges = 4;

  // Hears what becomes of the requests.
  class Owner {
   public:
    virtual ~Owner() = default;
    // What a response asked for is done: the request is to go again, and may wait. What ran from
    // the last sending stops.
    virtual void OnResend(SubscribeExchange& exchange) = 0;
    // The request left, or left once more for another server: Timer N starts (over). Maybe from
    // within Send() or the handling of an answer.
    virtual void OnSent(SubscribeExchange& exchange) = 0;
    // The final response that there is nothing to be done about here. May destroy the exchange.
    virtual void OnAnswer(SubscribeExchange& exchange, const Response& response) = 0;

    // For who writes down what goes over the wire, whatever is done about it: a request was made,
    // and its final response came.
    virtual void OnRequestMade(SubscribeExchange& /*exchange*/,
                               const OutgoingRequest& /*request*/) {}
    virtual void OnResponseCame(SubscribeExchange& /*exchange*/, const Response& /*response*/) {}
  };

  SubscribeExchange(SubscriberContext& context, SubscribeTemplate& subscribe, Owner& owner);
  ~SubscribeExchange() override;
  SubscribeExchange(const SubscribeExchange&) = delete;
  SubscribeExchange& operator=(const SubscribeExchange&) = delete;

  // Where requests go and who they are from and to, within the dialog.
  struct Leg {
    std::string call_id;
    std::string local_tag;
    std::string remote_tag;              // empty outside a dialog
    std::string remote_target;           // outside a dialog empty, or where a response sent us
    std::vector<std::string> route_set;  // in sending order
    uint32_t cseq = 0;                   // of the last request
    // Of the state that the owner has (RFC 5839); empty: the notifier gave none, or what it sent
    // could not be used.
    std::string entity_tag;
    // A 3xx led here: whoever it is gets no credentials.
    bool redirected = false;
  };
  Leg& leg() { return leg_; }
  const Leg& leg() const { return leg_; }

  // The peer's Contact is another now (SUB-20). A request that waits goes there.
  void Retarget(std::string remote_target);

  // Sends a SUBSCRIBE; an answer to an earlier one is of no interest any more. `conditional`: no
  // NOTIFY needs to follow while the state is that of leg().entity_tag (CEN-02).
  void Send(uint32_t expires, RequestPriority priority, bool conditional = false);
  // Whether the last request had that condition.
  bool is_conditional() const { return conditional_ && !leg_.entity_tag.empty(); }

  // No answer is of interest any more; a request that waits is not sent.
  void Cancel();

  // Since when a request waits for its turn; InfinitePast: none does.
  absl::Time waiting_since() const { return waiting_since_; }
  bool waiting() const { return waiting_since_ != absl::InfinitePast(); }

  // Where the last request went, or waits for its turn (ServerState::server); empty: not known.
  const std::string& server() const { return server_; }

  // RequestClient:
  OutgoingRequest Fill() override;
  void OnServer(std::string_view server) override;
  void OnSent() override;
  void OnFinal(const Response& response) override;

 private:
  bool in_dialog() const { return !leg_.remote_tag.empty(); }
  void Transmit();
  // The URI that says where to.
  std::string FirstHop() const;
  // Whether the request is to be sent again, as the response wants it.
  bool Adapts(const Response& response);
  bool AdaptsOutsideDialog(InitialAction action);
  // What to tell instead of a failure of ours: the status of the peer that sent us there; 0:
  // nothing.
  int RefusalBehind(const Response& response) const;
  void LogRefusal(const Response& response) const;
  bool FollowsRedirection(const Response& response);

  SubscriberContext& context_;
  SubscribeTemplate& subscribe_;
  Owner& owner_;
  Leg leg_;
  std::unique_ptr<Redirections> redirections_;  // null: never redirected
  uint32_t expires_ = 0;
  RequestPriority priority_ = RequestPriority::kSubscribe;
  uint8_t resends_ = 0;
  uint8_t challenges_ = 0;
  bool conditional_ = false;
  bool secured_ = false;            // sips: instead of the sip: that was refused
  bool redirected_before_ = false;  // leg_.redirected as redirections_ found it
  RequestId request_ = 0;
  std::string server_;
  absl::Time waiting_since_ = absl::InfinitePast();
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIBE_EXCHANGE_H_
