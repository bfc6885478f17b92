#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "sip/base/status_macros.h"
#include "tests/scenarios/scenario.h"

// Presence by its changes (RFC 5262, RFC 5263), for a caller who asks for them.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kChanges[] = "application/pidf-diff+xml";
constexpr char kAccept[] = "--accept=application/pidf-diff+xml,application/pidf+xml;q=0.5";

// A document of a version: `pidf-full` with what PIDF has, or `pidf-diff` with operations.
std::string Document(const std::string& root, int version, const std::string& content) {
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<p:", root,
                      " xmlns=\"urn:ietf:params:xml:ns:pidf\"",
                      " xmlns:p=\"urn:ietf:params:xml:ns:pidf-diff\"",
                      " entity=\"sip:alice@example.com\" version=\"", version, "\">\r\n", content,
                      "\r\n</p:", root, ">\r\n");
}

std::string Full(int version, const std::string& note) {
  return Document("pidf-full", version,
                  absl::StrCat("<tuple id=\"t1\"><status><basic>open</basic></status><note>", note,
                               "</note></tuple>"));
}

std::string NoteChange(int version, const std::string& note) {
  return Document("pidf-diff", version,
                  absl::StrCat("<p:replace sel=\"presence/tuple[@id='t1']/note/text()\">", note,
                               "</p:replace>"));
}

class PartialPresenceScenarioTest : public Scenario {
 protected:
  // Alice is watched by changes, and has told her first state, of version 1. Returns the SUBSCRIBE.
  absl::StatusOr<Received> EstablishFull() {
    SIPEVENTS_ASSIGN_OR_RETURN(cli_, Watch(kAlice, "presence", {kAccept}));
    SIPEVENTS_ASSIGN_OR_RETURN(Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    peer_->Respond(subscribe, 200);
    SIPEVENTS_RETURN_IF_ERROR(Tell(subscribe, Full(1, "first")));
    SIPEVENTS_ASSIGN_OR_RETURN(const v1::Event event, cli_->WaitForEvent());
    if (NoteOf(event) != "first") return absl::InternalError(event.ShortDebugString());
    return subscribe;
  }

  absl::Status Tell(const Received& subscribe, const std::string& body,
                    const std::string& content_type = kChanges) {
    NotifyOptions options;
    options.content_type = content_type;
    SIPEVENTS_ASSIGN_OR_RETURN(
        const int status,
        peer_->StatusOf(peer_->Notify(subscribe, "active;expires=600", body, options)));
    if (status == 200) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("NOTIFY got ", status));
  }

  std::unique_ptr<CliProcess> cli_;
};

// ALG-C: what is lost is asked for once, and until it comes the last good state is shown.
TEST_F(PartialPresenceScenarioTest, ChangesAreMergedAndAGapIsAskedAboutOnce) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, EstablishFull());
  EXPECT_THAT(subscribe.Header("Accept"), HasSubstr(kChanges));

  ASSERT_OK(Tell(subscribe, NoteChange(2, "second")));
  ASSERT_OK_AND_ASSIGN(const v1::Event second, cli_->WaitForEvent());
  EXPECT_EQ(NoteOf(second), "second");
  EXPECT_EQ(second.presence().tuples(0).basic(), v1::OPEN);
  EXPECT_TRUE(second.body_is_partial());

  // Version 3 is lost.
  ASSERT_OK(Tell(subscribe, NoteChange(4, "fourth")));
  ASSERT_OK_AND_ASSIGN(const v1::Event gap, cli_->WaitForEvent());
  EXPECT_THAT(gap.decode_error(), HasSubstr("version 4"));
  EXPECT_EQ(NoteOf(gap), "second");
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(refresh.to_tag(), "a");
  EXPECT_THAT(refresh.Header("Accept"), HasSubstr(kChanges));
  peer_->Respond(refresh, 200);
  ASSERT_OK(Tell(refresh, Full(5, "fifth")));
  ASSERT_OK_AND_ASSIGN(const v1::Event fifth, cli_->WaitForEvent());
  EXPECT_EQ(fifth.decode_error(), "");
  EXPECT_EQ(NoteOf(fifth), "fifth");

  ASSERT_OK(Tell(refresh, NoteChange(6, "sixth")));
  ASSERT_OK_AND_ASSIGN(const v1::Event sixth, cli_->WaitForEvent());
  EXPECT_EQ(NoteOf(sixth), "sixth");
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 2);
}

// ALG-C: a notifier that cannot count is asked for whole documents, and may send them.
TEST_F(PartialPresenceScenarioTest, NotifierWhoseChangesFailAgainAndAgainIsAskedForWholeDocuments) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, EstablishFull());

  ASSERT_OK(Tell(subscribe, NoteChange(3, "third")));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_THAT(first.Header("Accept"), HasSubstr(kChanges));
  peer_->Respond(first, 200);
  ASSERT_OK(Tell(first, NoteChange(5, "fifth")));
  ASSERT_OK(Tell(first, NoteChange(7, "seventh")));

  // Not at once: refreshes for the full state keep their distance.
  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(second.to_tag(), "a");
  EXPECT_THAT(second.Header("Accept"), HasSubstr("application/pidf+xml;q=0.5"));
  EXPECT_THAT(second.Header("Accept"), Not(HasSubstr(kChanges)));
  peer_->Respond(second, 200);
  ASSERT_OK(Tell(second, Pidf("open", "whole"), "application/pidf+xml"));
  EXPECT_OK(cli_->WaitForItem("a whole document", [](const v1::WatchItem& item) {
    return NoteOf(item.event()) == "whole" && item.event().decode_error().empty();
  }));
  EXPECT_THAT(gateway_->Metric("sipevents_sip_deviations_total", "row=\"ALG-C\""), IsOkAndHolds(1));
}

}  // namespace
}  // namespace sipevents::testing
