#ifndef TESTS_FAKES_FAKE_AGENT_H_
#define TESTS_FAKES_FAKE_AGENT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/base/mutex.h"

namespace sipevents::sip {

// An Agent without SIP: it records what it is asked for, and the test says what comes of it.
//
// Threads: any. Observers are called on the thread that drives them (Notify() …), with no lock
// held; Subscribe() calls nobody. Unsubscribe() ends the subscription before it returns, where
// the real agent does so a little later on its own thread.
class FakeSipAgent : public Agent {
 public:
  struct Subscribed {
    SubscriptionId id = 0;
    SubscribeRequest request;
    std::shared_ptr<SubscriptionObserver> observer;
    absl::Duration expires;  // as last set
    bool unsubscribed = false;
    bool ended = false;  // OnEnded() was called
  };
  struct Fetched {
    SubscribeRequest request;
    std::shared_ptr<FetchObserver> observer;
  };

  // Agent:
  SubscriptionId Subscribe(SubscribeRequest request,
                           std::shared_ptr<SubscriptionObserver> observer) override;
  void Unsubscribe(SubscriptionId id) override;
  void SetExpires(SubscriptionId id, absl::Duration expires) override;
  // Answers at once with what SetExplanation() gave, unless `hold_explanations` is set.
  void Explain(SubscriptionId id,
               std::function<void(const SubscriptionExplanation&)> done) override;
  void Fetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer) override;
  void Drain(absl::Time deadline, std::function<void()> done) override;

  // What was asked for so far, in order.
  std::vector<Subscribed> subscriptions() const;
  std::vector<Fetched> fetches() const;
  // Lets go of the observers of all fetches, as an agent does when it is done with them.
  void ForgetFetches();
  // What Explain() answers from now on; none: that it is not known.
  void SetExplanation(SubscriptionId id, SubscriptionExplanation explanation);
  // From now on Explain() keeps its answers back, until they are answered or dropped.
  void HoldExplanations();
  size_t held_explanations() const;
  void AnswerHeldExplanations();
  void DropHeldExplanations();

  // The newest one; there must be one.
  Subscribed last() const;
  // How many have not ended.
  int live() const;

  // Plays the SIP thread. Each goes to the observer of the subscription `id`.
  void Status(SubscriptionId id, const SubscriptionStatus& status);
  void Status(SubscriptionId id, SubscriptionState state, std::string reason = "",
              int sip_status = 0);
  void Notify(SubscriptionId id, const Notification& notification);
  // A NOTIFY with a body that has no typed form.
  void NotifyBody(SubscriptionId id, std::string_view dialog, std::string_view body,
                  absl::Time receive_time);
  void EndDialog(SubscriptionId id, std::string_view dialog, std::string_view reason,
                 bool state_remains = false);
  // A member of a list shows nothing any longer.
  void EndMember(SubscriptionId id, std::string_view dialog, std::string_view member_uri,
                 std::string_view reason);
  // kTerminated with this reason, then OnEnded().
  void Terminate(SubscriptionId id, std::string reason, int sip_status = 0);

 private:
  std::shared_ptr<SubscriptionObserver> ObserverOf(SubscriptionId id) const;

  mutable Mutex mutex_;
  std::vector<Subscribed> subscriptions_ ABSL_GUARDED_BY(mutex_);
  std::vector<Fetched> fetches_ ABSL_GUARDED_BY(mutex_);
  std::map<SubscriptionId, SubscriptionExplanation> explanations_ ABSL_GUARDED_BY(mutex_);
  bool holds_explanations_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::sip

#endif  // TESTS_FAKES_FAKE_AGENT_H_
