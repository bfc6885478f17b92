#ifndef TESTS_FUZZ_SIP_WORLD_H_
#define TESTS_FUZZ_SIP_WORLD_H_

#include <sofia-sip/sip.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/auth/credentials.h"
#include "sip/base/network_list.h"
#include "sip/body/decode_scratch.h"
#include "sip/dialog/dialog_table.h"
#include "sip/stack/message_handler.h"
#include "sip/stack/message_server.h"
#include "sip/subscriber/subscriber.h"
#include "sip/subscriber/unsolicited.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"

namespace sipevents::fuzz {

// A subscriber with a subscription of each kind of package under way, behind sofia-sip's parser
// and the checks of sip/stack; without a network, a clock and chance.
//
// Threads: one.
class SipWorld : private sip::MessageHandler {
 public:
  explicit SipWorld(bool strict);
  ~SipWorld() override;

  // A message comes in: a request is judged and answered as by an endpoint; a response answers
  // the newest request that has none. In the text, "$c0" … "$c9" stand for the Call-ID of the
  // first to tenth request sent, "$t0" … "$t9" for its From tag, "$cx" and "$tx" for those of the
  // newest.
  void Receive(std::string_view text);

  // Time passes.
  void Advance(absl::Duration step);

 private:
  class Observer;

  // MessageHandler:
  std::optional<sip::NotifyAnswer> OnRequest(const sip_t& sip, std::string_view text,
                                             const sip::NextHop& source) override;

  void Subscribe(const std::string& event_package);
  std::string Fill(std::string_view text) const;
  void OnResponse(const sip::Response& response);
  // That what was sent since the last call is fit for the wire.
  void CheckSent();

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  sip::FakeRequestSender sender_;
  sip::DialogTable dialogs_{random_};
  sip::CredentialTable credentials_;
  sip::DecodeScratch scratch_;
  sip::MessageServer server_{*this, random_, nullptr};
  sip::UnsolicitedDoor door_{{.peers = *NetworkList::Parse("192.0.2.0/24"),
                              .tell_all =
                                  [this](const auto& state) {
                                    subscriber_->TakeUnsolicited(*state);
                                    return true;
                                  },
                              .identity_of = [](std::string_view) { return std::string(); }}};
  std::unique_ptr<sip::Subscriber> subscriber_;
  uint64_t last_id_ = 0;
  size_t checked_ = 0;  // of sender_.sent
};

}  // namespace sipevents::fuzz

#endif  // TESTS_FUZZ_SIP_WORLD_H_
