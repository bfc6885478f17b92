#include "sip/registration/registrations.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";
constexpr char kInstance[] = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
constexpr char kGruu[] = "sip:alice@example.com;gr=urn:uuid:1";

// Writes down whose flows are kept; a test has them fail.
class FakeFlows : public FlowKeeper {
 public:
  FlowId Keep(std::string_view server, const Terms& terms, std::function<void()> failed) override {
    last_server = std::string(server);
    last_terms = terms;
    kept.emplace(++last_, std::move(failed));
    return last_;
  }
  void Release(FlowId id) override { kept.erase(id); }
  void Fail() {
    auto node = kept.extract(kept.begin());
    node.mapped()();
  }

  std::map<FlowId, std::function<void()>> kept;
  std::string last_server;
  Terms last_terms;

 private:
  FlowId last_ = 0;
};

class CountedRegistrations : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnRegistrations(std::string_view state, int change) override {
    counts[std::string(state)] += change;
  }

  std::map<std::string, int> counts;
};

class RegistrationsTest : public ::testing::Test {
 protected:
  RegistrationsTest() { clock_.Attach(&timers_); }

  // Begins to register; there are credentials for example.com.
  Registrations& Start(std::vector<std::string> identities = {kAlice}) {
    auto table = CredentialTable::Parse(
        "example.com general one\nexample.com alice two identity=sip:alice@example.com", "test");
    EXPECT_TRUE(table.ok());
    credentials_ = *table;
    registrations_ = std::make_unique<Registrations>(RegistrationParts{.sender = sender_,
                                                                       .flows = flows_,
                                                                       .clock = clock_,
                                                                       .timers = timers_,
                                                                       .random = random_,
                                                                       .credentials = credentials_,
                                                                       .metrics = &metrics_,
                                                                       .outbound_route = route_});
    for (const std::string& identity : identities) {
      registrations_->Add({identity, "sip:example.com", absl::Seconds(600), kInstance});
    }
    return *registrations_;
  }

  static ContactBinding Binding(const std::string& uri, uint32_t expires,
                                const std::string& instance = "", const std::string& gruu = "") {
    return {.uri = uri, .expires = expires, .instance = instance, .pub_gruu = gruu};
  }
  static Response Accepted(std::vector<ContactBinding> bindings) {
    Response response = Reply(200);
    response.bindings = std::move(bindings);
    response.own_contact = "sip:alice@192.0.2.9:5060";
    return response;
  }
  static Response Reply(int status) {
    Response response;
    response.status = status;
    return response;
  }
  static Response Challenged(const std::string& nonce) {
    Response response = Reply(401);
    response.challenges = {
        {false, absl::StrCat("Digest realm=\"example.com\", qop=\"auth\", nonce=\"", nonce,
                             "\", stale=true")}};
    return response;
  }
  // The instance as registrars repeat it.
  static std::string OwnInstance() { return absl::StrCat("<", kInstance, ">"); }

  void Answer(const Response& response) { sender_.Answer(sender_.sent.size() - 1, response); }
  void Register(uint32_t expires = 600) {
    Answer(Accepted({Binding("sip:x@192.0.2.9", expires, OwnInstance(), kGruu)}));
  }
  RegistrationStatus Status() const { return registrations_->Describe().front(); }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  FakeRequestSender sender_;
  FakeFlows flows_;
  CredentialTable credentials_;
  CountedRegistrations metrics_;
  std::string route_;
  std::unique_ptr<Registrations> registrations_;
};

TEST_F(RegistrationsTest, RegisterGoesToTheRegistrar) {
  Start();

  ASSERT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(sender_.sent[0].first_hop, "sip:example.com");
  const OutgoingRequest& request = sender_.last();
  EXPECT_EQ(request.method, "REGISTER");
  EXPECT_EQ(request.request_uri, "sip:example.com");
  EXPECT_EQ(request.from_uri, kAlice);
  EXPECT_EQ(request.to_uri, kAlice);
  EXPECT_THAT(request.to_tag, IsEmpty());
  EXPECT_EQ(request.contact_user, "alice");
  EXPECT_EQ(request.contact_parameters,
            absl::StrCat(";+sip.instance=\"<", kInstance, ">\";reg-id=1"));
  EXPECT_THAT(request.route_set, IsEmpty());
}

TEST_F(RegistrationsTest, RegisterGoesThroughTheProxy) {
  route_ = "<sip:proxy.example.com;lr>";
  Start();
  EXPECT_EQ(sender_.sent[0].first_hop, "sip:proxy.example.com;lr");
  EXPECT_EQ(sender_.last().route_set, std::vector<std::string>{route_});
}

// GRUU-01
TEST_F(RegistrationsTest, OurBindingIsFoundAmongThoseOfOtherDevices) {
  struct Case {
    const char* name;
    std::vector<ContactBinding> bindings;
    const char* gruu;
    int expires;
  };
  const ContactBinding other =
      Binding("sip:alice@192.0.2.77", 30, "<urn:uuid:other>", "sip:alice@example.com;gr=other");
  const std::vector<Case> cases = {
      {"by instance", {other, Binding("sip:nat@1.2.3.4", 100, OwnInstance(), kGruu)}, kGruu, 100},
      {"by URI", {other, Binding("sip:alice@192.0.2.9:5060", 200, "", kGruu)}, kGruu, 200},
      {"alone", {Binding("sip:nat@1.2.3.4", 300, "", kGruu)}, kGruu, 300},
      {"not there", {other, other}, "", 600},
      {"another's alone", {other}, "", 600},
      {"an earlier address of ours first",
       {Binding("sip:alice@192.0.2.9:1", 30, OwnInstance(), ""),
        Binding("sip:alice@192.0.2.9:5060", 500, OwnInstance(), kGruu)},
       kGruu,
       500},
      {"none at all", {}, "", 600},
      {"no gr", {Binding("sip:a@b", 400, OwnInstance(), "sip:alice@example.com")}, "", 400},
      {"no URI", {Binding("sip:a@b", 400, OwnInstance(), "<x>;gr")}, "", 400},
  };
  for (const Case& test : cases) {
    const Registrations& registrations = Start();
    Answer(Accepted(test.bindings));
    EXPECT_EQ(registrations.PublicGruu(kAlice), test.gruu) << test.name;
    EXPECT_EQ(Status().bound_until, clock_.Now() + absl::Seconds(test.expires)) << test.name;
    EXPECT_THAT(registrations.PublicGruu("sip:bob@example.com"), IsEmpty());
  }
}

TEST_F(RegistrationsTest, GruuThatIsNotWantedIsNotUsed) {
  Registrations& registrations = Start({});
  registrations.Add({kAlice, "sip:example.com", absl::Seconds(600), kInstance, /*use_gruu=*/false});
  EXPECT_EQ(sender_.last().supported, "outbound, path");

  Register();

  EXPECT_THAT(registrations.PublicGruu(kAlice), IsEmpty());
}

TEST_F(RegistrationsTest, GruuEndsWithTheBinding) {
  const Registrations& registrations = Start();
  Register(600);
  EXPECT_EQ(registrations.PublicGruu(kAlice), kGruu);

  clock_.Advance(absl::Seconds(599));
  EXPECT_EQ(registrations.PublicGruu(kAlice), kGruu);
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(registrations.PublicGruu(kAlice), IsEmpty());
  EXPECT_EQ(Status().state, "registering");  // the refresh still waits for its answer
}

TEST_F(RegistrationsTest, RefreshGoesOnWithCallIdTagAndNonce) {
  Start();
  Answer(Challenged("n1"));
  ASSERT_THAT(sender_.sent, SizeIs(2));
  EXPECT_THAT(sender_.last().authorization.at(0).second, HasSubstr("username=\"alice\""));
  Register(600);

  clock_.Advance(absl::Seconds(570));

  ASSERT_THAT(sender_.sent, SizeIs(3));
  const OutgoingRequest& first = sender_.sent[0].request;
  const OutgoingRequest& refresh = sender_.last();
  EXPECT_EQ(refresh.call_id, first.call_id);
  EXPECT_EQ(refresh.from_tag, first.from_tag);
  EXPECT_EQ(refresh.cseq, first.cseq + 2);
  EXPECT_EQ(refresh.contact_parameters, first.contact_parameters);
  EXPECT_THAT(refresh.authorization.at(0).second, HasSubstr("nc=00000002"));
}

TEST_F(RegistrationsTest, EndlessChallengesAreGivenUpAndTriedMuchLater) {
  Start();
  for (int i = 0; i < 20; ++i) Answer(Challenged(absl::StrCat("n", i)));

  EXPECT_THAT(sender_.sent, SizeIs(1 + Registration::kMostChallenges));
  EXPECT_EQ(Status().state, "waiting");
  EXPECT_EQ(Status().sip_status, 401);
  EXPECT_GE(Status().next_time, clock_.Now() + absl::Minutes(15));
}

TEST_F(RegistrationsTest, ChallengeOfAForeignRealmIsNotMet) {
  Start();
  Response foreign = Reply(407);
  foreign.challenges = {{true, "Digest realm=\"elsewhere\", nonce=\"n\""}};
  Answer(foreign);
  EXPECT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(Status().sip_status, 407);
}

TEST_F(RegistrationsTest, ProxyWithoutOutboundIsAskedWithout) {
  Start();
  Answer(Reply(439));
  ASSERT_THAT(sender_.sent, SizeIs(2));
  EXPECT_EQ(sender_.last().supported, "gruu, path");
  EXPECT_THAT(sender_.last().contact_parameters, Not(HasSubstr("reg-id")));
}

// OUT-02, OUT-03
TEST_F(RegistrationsTest, FlowIsKeptOnceAndItsFailureRegistersAnew) {
  Start();
  Response accepted = Accepted({Binding("sip:a@b", 600, OwnInstance())});
  accepted.flow_timer = 90;
  accepted.outbound = true;
  Answer(accepted);
  EXPECT_THAT(flows_.kept, SizeIs(1));
  EXPECT_EQ(flows_.last_server, sender_.server);
  EXPECT_EQ(flows_.last_terms.flow_timer, 90u);
  EXPECT_TRUE(flows_.last_terms.outbound);
  EXPECT_TRUE(Status().outbound);
  clock_.Advance(absl::Seconds(570));
  Register();
  EXPECT_THAT(flows_.kept, SizeIs(1));
  EXPECT_FALSE(flows_.last_terms.outbound);  // no longer

  flows_.Fail();

  EXPECT_EQ(Status().reason, "flow-failed");
  clock_.Advance(absl::Seconds(31));
  EXPECT_THAT(sender_.sent, SizeIs(3));
}

TEST_F(RegistrationsTest, EndUnregistersAllAndSaysWhenThatIsDone) {
  Registrations& registrations = Start({kAlice, "sip:bob@example.com"});
  sender_.Answer(0, Accepted({}));
  sender_.Answer(1, Reply(500));
  int idle = 0;

  registrations.End([&idle] { ++idle; });
  registrations.End([&idle] { ++idle; });

  ASSERT_THAT(sender_.sent, SizeIs(3));
  EXPECT_EQ(sender_.last().expires, 0u);
  EXPECT_EQ(sender_.last().from_uri, kAlice);
  EXPECT_EQ(sender_.sent.back().priority, RequestPriority::kUnsubscribe);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(idle, 0);
  Answer(Reply(200));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(idle, 1);
  EXPECT_THAT(flows_.kept, IsEmpty());
}

TEST_F(RegistrationsTest, RegisterThatWaitsForItsTurnIsNotSentAtTheEnd) {
  sender_.hold = true;
  Registrations& registrations = Start();
  bool idle = false;

  registrations.End([&idle] { idle = true; });

  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(idle);
  EXPECT_THAT(sender_.waiting, IsEmpty());
}

TEST_F(RegistrationsTest, NothingToEndIsDoneAtOnce) {
  bool idle = false;
  Start({}).End([&idle] { idle = true; });
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(idle);
}

TEST_F(RegistrationsTest, StatesAreCounted) {
  Start({kAlice, "sip:bob@example.com"});
  EXPECT_EQ(metrics_.counts["registering"], 2);
  sender_.Answer(0, Accepted({}));
  sender_.Answer(1, Reply(500));
  EXPECT_EQ(metrics_.counts["registering"], 0);
  EXPECT_EQ(metrics_.counts["registered"], 1);
  EXPECT_EQ(metrics_.counts["waiting"], 1);

  registrations_.reset();

  for (const auto& [state, count] : metrics_.counts) EXPECT_EQ(count, 0) << state;
}

TEST_F(RegistrationsTest, IdentityIsRegisteredOnce) {
  Start({kAlice, kAlice});
  EXPECT_THAT(sender_.sent, SizeIs(1));
}

}  // namespace
}  // namespace sipevents::sip
