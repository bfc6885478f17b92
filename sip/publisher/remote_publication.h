#ifndef SIP_PUBLISHER_REMOTE_PUBLICATION_H_
#define SIP_PUBLISHER_REMOTE_PUBLICATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/auth/credentials.h"
#include "sip/auth/digest.h"
#include "sip/base/backoff.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/dialog/request_sender.h"
#include "sip/publication.h"
#include "sip/publisher/publication_state.h"
#include "sip/publisher/publish_turns.h"
#include "sip/subscriber/digest_cache.h"
#include "sip/subscriber/redirections.h"

namespace sipevents::sip {

// What all publications of one SIP thread share. Everything referred to outlives them.
//
// Threads: the SIP thread.
struct PublisherParts {
  RequestSender& sender;
  const Clock& clock;
  TimerQueue& timers;
  RandomSource& random;
  const CredentialTable& credentials;
  SipMetrics* metrics = nullptr;  // may be null
  absl::Duration t1 = absl::Milliseconds(500);
  absl::Duration retry_base = kRetryBase;  // see TransientDelay()
  std::string outbound_route;  // value of a Route header, "<sip:p.example.com;lr>"; may be empty
  std::string identity;        // From where a request names none
  absl::Duration expires;      // what one PUBLISH asks for, at the most; zero: an hour
  // Whether what is published in a package has happened, and need not be kept; null: never.
  std::function<bool(std::string_view event_package)> is_event;
  size_t most_publications = 200'000;
  size_t most_octets = size_t{512} << 20;  // of all their bodies
};

// Keeps one state published: sends what the state machine asks for, when it is the turn of its
// Request-URI, with credentials where they are asked for. All its PUBLISHes have one Call-ID and
// tag, and rising CSeqs; they make no dialog (EPA-02).
//
// Threads: the SIP thread. Observer calls are made there. Ends: `on_ended` follows OnEnded() as
// the last thing that this does, and may destroy it.
class RemotePublication : public RequestClient, private PublishTurns::Client {
 public:
  // So many challenges, and redirections, of one PUBLISH are followed.
  static constexpr int kMostChallenges = 4;

  RemotePublication(const PublisherParts& parts, PublishTurns& turns, DigestCache& digests,
                    PublishRequest request, std::shared_ptr<PublicationObserver> observer,
                    std::function<void()> on_ended);
  ~RemotePublication() override;
  RemotePublication(const RemotePublication&) = delete;
  RemotePublication& operator=(const RemotePublication&) = delete;

  void Start();
  void Modify(std::string content_type, std::string body);
  // As Modify() with a state for which there is no room.
  void RefuseModify();
  void SetExpireTime(absl::Time expire_time);
  // Waits for the end of a Retry-After no longer than until `latest`; again with an earlier time is
  // fine.
  void Unpublish(absl::Time latest);
  // In place of Start(): tells the observer that it has ended for `reason`.
  void Refuse(std::string_view reason);

  // Of the body.
  size_t octets() const { return request_.body.size(); }

  // RequestClient:
  OutgoingRequest Fill() override;
  void OnServer(std::string_view server) override;
  void OnSent() override;
  void OnFinal(const Response& response) override;

 private:
  void OnTurn() override;

  EpaContext Context() const;
  // May destroy this.
  void Apply(EpaStep step);
  void Transmit();
  void Cancel();
  std::string FirstHop() const;
  // Whether the PUBLISH goes again at once, to meet the challenge or to follow the redirection.
  bool GoesAgain(const Response& response);
  bool MeetsChallenge(const Response& response);
  bool FollowsRedirection(const Response& response);
  std::string DigestKey() const;
  void CountDeviations(const Response& response) const;
  PublicationStatus Status() const;
  void TellStatus();
  void LogRefusal(const Response& response) const;
  void LogStep(const EpaState& before, bool failed) const;
  void ArmTimer();

  const PublisherParts& parts_;
  PublishTurns& turns_;
  DigestCache& digests_;
  PublishRequest request_;  // with the newest state
  std::shared_ptr<PublicationObserver> observer_;
  std::function<void()> on_ended_;
  const std::string wire_uri_;
  const std::string host_;  // of the resource: decides whose credentials may be used
  const std::string call_id_;
  const std::string tag_;
  EpaState state_;
  bool began_ = false;
  std::optional<PublicationStatus> told_;
  uint32_t cseq_ = 0;
  RequestId request_id_ = 0;  // under way; 0: none
  bool filled_ = false;       // it has left
  absl::Time waiting_since_ = absl::InfinitePast();
  std::string server_;                           // where PUBLISHes go
  std::unique_ptr<ClientDigestSession> digest_;  // null: never challenged
  bool digest_is_good_ = false;                  // it was accepted
  int challenges_ = 0;                           // of the PUBLISH under way
  std::unique_ptr<Redirections> redirections_;   // of the PUBLISH under way; null: none
  std::string target_;                           // where the last one leads; empty: nowhere
  TimerQueue::TimerId timer_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_PUBLISHER_REMOTE_PUBLICATION_H_
