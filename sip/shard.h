#ifndef SIP_SHARD_H_
#define SIP_SHARD_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent_setup.h"
#include "sip/auth/digest_server.h"
#include "sip/auth/user_file.h"
#include "sip/base/random_id.h"
#include "sip/body/decode_scratch.h"
#include "sip/dialog/dialog_table.h"
#include "sip/event_service.h"
#include "sip/local_subscriptions.h"
#include "sip/publisher/publications.h"
#include "sip/registration/registrations.h"
#include "sip/stack/endpoint.h"
#include "sip/subscriber/subscriber.h"
#include "sip/transport/event_loop.h"

namespace sipevents::sip {

// One SIP thread with all that it owns.
//
// Threads: any; each call is carried out on the shard's thread. Created and destroyed from
// outside, where it waits for its thread.
class Shard {
 public:
  // Starts the thread and opens its listeners. `setup` must outlive the shard. Errors:
  // UNAVAILABLE (an address), INVALID_ARGUMENT (a certificate file).
  static absl::StatusOr<std::unique_ptr<Shard>> Start(int index, const AgentOptions& options,
                                                      const AgentSetup& setup);
  ~Shard();

  void Post(std::function<void(Subscriber&)> action);
  void PostPublications(std::function<void(Publications&)> action);
  // For the first shard, where something is served.
  void PostEvents(std::function<void(EventService&)> action);
  void PostLocal(std::function<void(LocalSubscriptions&)> action);

  // Ends subscriptions and publications, then the registrations that they may need; calls `done`
  // on the shard's thread once nobody holds anything for us any more. Registrations end at the
  // latest when seven tenths of the time until `deadline` are over.
  void Drain(absl::Time deadline, std::function<void()> done);

  // `done` is called on the shard's thread.
  void DescribeRegistrations(std::function<void(std::vector<RegistrationStatus>)> done);

  // `delay` from now; dropped if the shard goes before.
  void PostAfter(absl::Duration delay, std::function<void()> action);

  // Ports in use, in the order of AgentOptions::listen.
  const std::vector<int>& ports() const { return ports_; }

 private:
  // Subscriber and endpoint need each other; this is what the endpoint holds first.
  class Relay : public NotifyHandler, public RequestServer {
   public:
    RequestAnswer OnSubscribe(const IncomingRequest& request) override {
      return server->OnSubscribe(request);
    }
    RequestAnswer OnPublish(const IncomingRequest& request) override {
      return server->OnPublish(request);
    }
    NotifyAnswer OnNotify(const IncomingNotify& notify) override {
      return target->OnNotify(notify);
    }
    NotifyHandler* target = nullptr;
    RequestServer* server = nullptr;
  };

  explicit Shard(int index);

  absl::Status Open(int index, const AgentOptions& options, const AgentSetup& setup);
  SubscriberContext SubscriberContextOf(const AgentOptions& options, const AgentSetup& setup);
  void OpenEvents(const AgentOptions& options, const AgentSetup& setup);
  void OpenPublications(const AgentOptions& options, const AgentSetup& setup);
  void OpenRegistrations(size_t index, const AgentOptions& options, const AgentSetup& setup);

  SystemRandom random_;
  DecodeScratch scratch_;
  Relay relay_;
  std::vector<int> ports_;
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<DialogTable> dialogs_;
  std::unique_ptr<DigestServer> notify_auth_;  // null: NOTIFYs need no credentials
  std::unique_ptr<Registrations> registrations_;
  std::unique_ptr<Publications> publications_;
  // Both of the first shard; null: nothing is served.
  std::unique_ptr<LocalSubscriptions> local_;
  std::unique_ptr<EventService> events_;
  std::unique_ptr<UnsolicitedDoor> unsolicited_;  // null: nothing of the kind is taken
  std::unique_ptr<Subscriber> subscriber_;
  EventLoop loop_;  // its thread must be gone before what it uses, which is all above
  std::unique_ptr<UserFile> user_file_;  // posts to the loop; null: there is none
};

}  // namespace sipevents::sip

#endif  // SIP_SHARD_H_
