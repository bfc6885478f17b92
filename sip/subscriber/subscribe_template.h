#ifndef SIP_SUBSCRIBER_SUBSCRIBE_TEMPLATE_H_
#define SIP_SUBSCRIBER_SUBSCRIBE_TEMPLATE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "sip/auth/digest.h"
#include "sip/dialog/message.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// The members of a list as the body of a SUBSCRIBE: application/resource-lists+xml (RFC 5367).
std::string RecipientList(const std::vector<std::string>& members);

// What every SUBSCRIBE for one resource has in common: whom it is about, whom it is from, the
// credentials that were asked for (kept over attempts and forks, so that a nonce count is never
// used twice), and what the peer turned out not to take.
//
// Threads: the SIP thread.
class SubscribeTemplate {
 public:
  SubscribeTemplate(SubscriberContext& context, SubscribeRequest request);

  const SubscribeRequest& request() const { return request_; }
  // The body types that are taken, those of lists included; empty: any.
  const std::vector<std::string>& accept() const { return accept_; }
  // The duration to ask for.
  absl::Duration expires() const { return expires_; }
  void set_expires(absl::Duration expires) { expires_ = expires; }
  // `id` of the Event header; empty if none (GEN-08).
  const std::string& event_id() const { return event_id_; }
  // Request-URI and To outside a dialog.
  const std::string& wire_uri() const { return wire_uri_; }
  // From.
  const std::string& identity() const {
    return request_.identity.empty() ? context_.identity : request_.identity;
  }
  // Of the resource: decides whose credentials may be used. Empty if it has none.
  const std::string& host() const { return host_; }

  // What is the same in all requests; body only outside a dialog.
  OutgoingRequest Fill(bool in_dialog) const;

  // Leaves Accept, or the body, out from now on; false if that is nothing new, or would ask for
  // something else: without its members a list is not that list.
  bool DropAccept();
  bool DropBody();
  // Asks for whole documents only from now on, not for changes; false if that is nothing new. The
  // changes that are on their way are still taken.
  bool DropChanges();
  // The same resource as a sips: URI, where that can be asked for; nullopt otherwise. The other
  // way would give away what the caller wanted kept.
  std::optional<std::string> SecureVariant() const;

  // Adds the credentials that were asked for.
  void Authorize(OutgoingRequest& request);
  // Whether the challenges of a 401 or 407 can be met.
  bool MeetChallenge(const Response& response);
  // A response came that is no challenge.
  void OnAnswered();

  // What is known of nonces, to go on with elsewhere (SUB-55); null: nothing.
  std::unique_ptr<ClientDigestSession> ReleaseDigest() { return std::move(digest_); }
  void UseDigest(std::unique_ptr<ClientDigestSession> digest) { digest_ = std::move(digest); }

 private:
  bool IsOfChanges(std::string_view media_range) const;
  std::string AcceptHeader() const;

  SubscriberContext& context_;
  SubscribeRequest request_;
  std::string wire_uri_;
  std::string host_;
  std::string event_;  // value of the Event header
  std::string event_id_;
  std::vector<std::string> accept_;
  bool takes_lists_ = false;
  bool without_accept_ = false;
  bool without_body_ = false;
  bool without_changes_ = false;
  absl::Duration expires_;
  std::unique_ptr<ClientDigestSession> digest_;  // null: never challenged
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIBE_TEMPLATE_H_
