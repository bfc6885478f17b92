// A notifier whose changes to a presence document cannot be applied again and again is asked for
// whole documents (ALG-C; RFC 5263).

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

namespace sipevents::sip {
namespace {

constexpr char kChanges[] = "application/pidf-diff+xml";
constexpr char kFits[] =
    R"xml(<p:replace sel="presence/tuple[@id='t1']/status/basic/text()">closed</p:replace>)xml";
constexpr char kDoesNotFit[] = R"(<p:remove sel="presence/tuple[@id='t9']"/>)";

class ChangesFallbackTest : public SubscriberFixture {
 protected:
  void SubscribeFor(const std::vector<std::string>& accept) {
    observer_ = std::make_shared<RecordingObserver>();
    SubscribeRequest request;
    request.target_uri = "sip:alice@example.com";
    request.event_package = "presence";
    request.accept = accept;
    subscriber().Subscribe(++last_id_, request, observer_);
    Answer(200);
  }

  void TellFull() {
    ++version_;
    Tell(absl::StrCat(
        R"(<p:pidf-full xmlns="urn:ietf:params:xml:ns:pidf" )",
        R"(xmlns:p="urn:ietf:params:xml:ns:pidf-diff" entity="sip:alice@example.com" version=")",
        version_,
        R"("><tuple id="t1"><status><basic>open</basic></status></tuple></p:pidf-full>)"));
  }
  void TellChange(const std::string& operation) {
    ++version_;
    Tell(absl::StrCat(
        R"(<p:pidf-diff xmlns="urn:ietf:params:xml:ns:pidf" )",
        R"(xmlns:p="urn:ietf:params:xml:ns:pidf-diff" entity="sip:alice@example.com" version=")",
        version_, "\">", operation, "</p:pidf-diff>"));
  }
  void Tell(const std::string& body) {
    EXPECT_EQ(Notify({.cseq = ++cseq_, .body = body, .content_type = kChanges}), 200);
  }
  // A change that does not fit; the full state that follows is asked for, and told.
  void FailOnce() {
    const size_t sent = sender_.sent.size();
    TellChange(kDoesNotFit);
    PassUntilSent(sent + 1);
    Answer(200);
    TellFull();
  }

  // How often it was counted that changes are asked for no longer.
  auto GivenUp() const {
    return std::count(metrics_.deviations.begin(), metrics_.deviations.end(), "ALG-C");
  }

  std::shared_ptr<RecordingObserver> observer_;
  int version_ = 0;
  uint32_t cseq_ = 0;
};

TEST_F(ChangesFallbackTest, ThirdFailureInARowAsksForWholeDocuments) {
  SubscribeFor({kChanges, "application/pidf+xml;q=0.5"});
  EXPECT_EQ(sender_.last().accept.find(kChanges), 0U);
  TellFull();

  FailOnce();
  FailOnce();
  EXPECT_EQ(sender_.last().accept.find(kChanges), 0U);
  const size_t sent = sender_.sent.size();
  TellChange(kDoesNotFit);
  PassUntilSent(sent + 1);

  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().accept,
            "application/pidf+xml;q=0.5, multipart/related, application/rlmi+xml");
  EXPECT_EQ(GivenUp(), 1);

  // What is on its way is no reason to refuse a NOTIFY, and leads nowhere.
  Answer(200);
  TellFull();
  FailOnce();
  EXPECT_EQ(GivenUp(), 1);
}

TEST_F(ChangesFallbackTest, ChangeThatFitsBeginsTheCountAnew) {
  SubscribeFor({kChanges, "application/pidf+xml"});
  TellFull();
  for (int i = 0; i < 3; ++i) {
    FailOnce();
    FailOnce();
    TellChange(kFits);
  }
  EXPECT_EQ(sender_.last().accept.find(kChanges), 0U);
  EXPECT_EQ(GivenUp(), 0);
}

TEST_F(ChangesFallbackTest, CallerWhoNamedChangesOnlyGetsTheDefault) {
  SubscribeFor({kChanges});
  TellFull();
  for (int i = 0; i < 3; ++i) FailOnce();
  EXPECT_EQ(sender_.last().accept, "multipart/related, application/rlmi+xml, application/pidf+xml");
  EXPECT_EQ(Notify({.cseq = ++cseq_, .body = kOpen, .content_type = "application/pidf+xml"}), 200);
  EXPECT_EQ(observer_->errors.back(), "");
}

// Without full states in between: the notifier pays no heed to refreshes.
TEST_F(ChangesFallbackTest, NotifierThatOnlyEverSendsChangesIsNotAskedWithoutEnd) {
  SubscribeFor({kChanges, "application/pidf+xml"});
  TellFull();
  for (int i = 0; i < 20; ++i) {
    TellChange(kDoesNotFit);
    clock_.Advance(absl::Seconds(1));
    if (sender_.sent.back().client != nullptr) Answer(200);
  }
  EXPECT_EQ(sender_.sent.size(), 3U);
  EXPECT_EQ(sender_.last().accept.find(kChanges), std::string::npos);
}

}  // namespace
}  // namespace sipevents::sip
