#ifndef TESTS_FUZZ_NOTIFIER_WORLD_H_
#define TESTS_FUZZ_NOTIFIER_WORLD_H_

#include <sofia-sip/sip.h>

#include <optional>
#include <string>
#include <string_view>

#include "sip/auth/credentials.h"
#include "sip/auth/digest.h"
#include "sip/event_service.h"
#include "sip/stack/held_requests.h"
#include "sip/stack/message_handler.h"
#include "sip/stack/message_server.h"
#include "sip/stack/server_transactions.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"
#include "tests/fakes/fake_user_directory.h"

namespace sipevents::fuzz {

// The notifier and compositor of example.com behind sofia-sip's parser, the checks of sip/stack and
// its transactions; without a network, a clock and chance. A list, sip:team@example.com, is served.
//
// Threads: one.
class NotifierWorld : private sip::MessageHandler {
 public:
  // `digest`: requests need credentials; then those of the user `alice`, whom a directory knows,
  // stand for "$a" in a text, in answer to the newest challenge. `strict`: see EventServiceOptions.
  NotifierWorld(bool digest, bool strict, sip::WatcherDecision usual);
  ~NotifierWorld() override;

  // A message comes in, by UDP or TCP. In the text, "$t" stands for our tag in the newest answer
  // that has one, "$c0" to "$c9" for the Call-ID of the first to tenth NOTIFY, "$e" for the newest
  // entity-tag of a NOTIFY, "$p" for that of a publication. A response answers the newest NOTIFY
  // that has no answer.
  void Receive(std::string_view text, bool stream);

  // Time passes; NOTIFYs that wait are answered `status` before, unless it is 0.
  void Advance(absl::Duration step, int status);

  // A caller of ours decides about `watcher`, or serves another list of as many members.
  void Decide(const std::string& watcher, sip::WatcherDecision decision);
  void ServeList(size_t members);

 private:
  // MessageHandler:
  std::optional<sip::RequestAnswer> OnRequest(const sip_t& sip, std::string_view text,
                                              const sip::NextHop& source) override;

  std::string Fill(std::string_view text) const;
  std::string Credentials(std::string_view method) const;
  void NoteAnswer(const std::string& wire);
  // As the messages of a transport do.
  void Hold(uint64_t waits_for, const std::string& message, const sip::NextHop& source);
  void AnswerLookUps();
  void AnswerNewest(const sip::Response& response);
  // That what was sent since the last call is fit for the wire, and in order.
  void CheckSent();

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  sip::FakeRequestSender sender_;
  sip::CredentialTable credentials_;
  FakeUserDirectory directory_;
  std::optional<sip::HeldRequests> held_;
  std::optional<sip::EventService> service_;
  std::optional<sip::ServerTransactions> transactions_;
  std::optional<sip::MessageServer> server_;
  std::string tag_;
  std::string publication_tag_;
  std::string challenge_;
  size_t checked_ = 0;  // of sender_.sent
};

}  // namespace sipevents::fuzz

#endif  // TESTS_FUZZ_NOTIFIER_WORLD_H_
