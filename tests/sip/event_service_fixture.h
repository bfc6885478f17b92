#ifndef TESTS_SIP_EVENT_SERVICE_FIXTURE_H_
#define TESTS_SIP_EVENT_SERVICE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sip/auth/digest.h"
#include "sip/event_service.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"

namespace sipevents::sip {

inline constexpr char kAlice[] = "sip:alice@example.com";
inline constexpr char kPidf[] =
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:alice@example.com\"><tuple "
    "id=\"t\"><status><basic>open</basic></status></tuple></presence>";

// An event service of example.com and example.org, with users of a file.
class EventServiceTest : public testing::Test {
 protected:
  EventServiceTest() {
    clock_.Attach(&timers_);
    Start(true);
  }

  void Start(bool authenticate, UserDirectory* directory = nullptr, bool only_md5 = false) {
    EventServiceOptions options;
    options.only_md5 = only_md5;
    options.domains = DomainSet({"example.com", "example.org"});
    options.authenticate = authenticate;
    auto users = *UserTable::Parse(
        "alice example.com a\nbob example.com b publish=sip:alice@example.com\n"
        "root example.com r publish=*\nalice example.org o\n"
        "op@desk example.com d publish=sip:alice@example.com\n",
        "users");
    service_.emplace(
        std::move(options),
        EventService::Parts{.means = {.sender = sender_,
                                      .clock = clock_,
                                      .timers = timers_,
                                      .random = random_,
                                      .credentials = credentials_,
                                      .t1 = absl::Milliseconds(500)},
                            .contact_for = [](const RequestSource&, bool) { return "sip:gw"; },
                            .directory = directory,
                            .post = [this](auto action) { timers_.At(clock_.Now(), action); },
                            .resume = [this](uint64_t id) { resumed_.push_back(id); }});
    service_->SetUsers(std::make_shared<const UserTable>(std::move(users)));
  }

  IncomingRequest Request(const std::string& method, const std::string& from) {
    IncomingRequest request;
    request.receive_time = clock_.Now();
    request.method = method == "PUBLISH" ? "PUBLISH" : "SUBSCRIBE";
    request.request_uri = kAlice;
    request.from_uri = from;
    request.to_uri = kAlice;
    request.from_tag = "f";
    request.call_id = "c";
    request.cseq = 1;
    request.event_count = 1;
    request.event_type = "presence";
    request.event_type_ok = true;
    request.expires = 600;
    request.contact_uri = "sip:phone@192.0.2.7";
    if (request.method == "PUBLISH") {
      request.content_type = "application/pidf+xml";
      request.body = kPidf;
    }
    return request;
  }
  RequestAnswer Serve(const IncomingRequest& request) {
    RequestAnswer answer =
        request.method == "PUBLISH" ? service_->OnPublish(request) : service_->OnSubscribe(request);
    clock_.Advance(absl::ZeroDuration());
    return answer;
  }
  // Sends it, meets the challenge as this user, and sends it again.
  RequestAnswer ServeAs(const IncomingRequest& request, const std::string& user,
                        const std::string& password) {
    const RequestAnswer challenge = Serve(request);
    if (challenge.status != 401) return challenge;
    return Serve(WithCredentials(request, challenge, user, password));
  }
  IncomingRequest WithCredentials(IncomingRequest request, const RequestAnswer& challenge,
                                  const std::string& user, const std::string& password) {
    std::vector<std::string> values;
    for (const auto& [name, value] : challenge.headers) {
      if (name == "WWW-Authenticate") values.push_back(value);
    }
    ClientDigestSession session(random_);
    EXPECT_TRUE(
        session.Accept(values, {},
                       [&](std::string_view) {
                         return Credentials{user, password};
                       })
            .ok());
    const std::string method(request.method);
    for (const auto& header :
         session.Authorize(method, request.request_uri, std::string(request.body))) {
      request.authorization.push_back(header.value);
    }
    return request;
  }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  FakeRequestSender sender_;
  CredentialTable credentials_;
  std::vector<uint64_t> resumed_;
  std::optional<EventService> service_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_EVENT_SERVICE_FIXTURE_H_
