#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/scenarios/scenario.h"

// Lists of resources (RFC 4662, RFC 5367): a server tells of their members.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kFloor2[] = "sip:floor2@example.com";
constexpr char kDesk[] = "sip:201@example.com";
constexpr char kLab[] = "sip:202@example.com";

// One member as the list names it, and the part with its state; no part: it is over.
struct Member {
  std::string uri;
  std::string document;
};

// The body of a NOTIFY about floor 2, as RFC 4662 section 6 has it.
std::string ListBody(int version, bool full, const std::vector<Member>& members) {
  std::string resources;
  std::string parts;
  for (const Member& member : members) {
    const std::string cid = absl::StrCat(member.uri.substr(4, 3), "@gw");
    const std::string state = member.document.empty()
                                  ? "state=\"terminated\" reason=\"noresource\""
                                  : absl::StrCat("state=\"active\" cid=\"", cid, "\"");
    absl::StrAppend(&resources, "  <resource uri=\"", member.uri, "\"><name>Phone ",
                    member.uri.substr(4, 3), "</name><instance id=\"1\" ", state,
                    "/></resource>\r\n");
    if (member.document.empty()) continue;
    absl::StrAppend(&parts, "--50UBfW7LSCVLtggUPe5z\r\nContent-Transfer-Encoding: binary\r\n",
                    "Content-ID: <", cid, ">\r\nContent-Type: application/dialog-info+xml\r\n\r\n",
                    member.document, "\r\n");
  }
  return absl::StrCat(
      "--50UBfW7LSCVLtggUPe5z\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <list@gw>\r\n",
      "Content-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n\r\n<?xml version=\"1.0\"?>\r\n",
      "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"", kFloor2, "\" version=\"", version,
      "\" fullState=\"", full ? "true" : "false", "\">\r\n", resources, "</list>\r\n", parts,
      "--50UBfW7LSCVLtggUPe5z--\r\n");
}

class EventListScenarioTest : public Scenario {
 protected:
  static NotifyOptions OfList() {
    NotifyOptions options;
    options.content_type =
        "multipart/related;type=\"application/rlmi+xml\";start=\"<list@gw>\";"
        "boundary=\"50UBfW7LSCVLtggUPe5z\"";
    options.headers = {"Require: eventlist"};
    return options;
  }
  absl::StatusOr<int> Tell(const Received& subscribe, const std::string& body) {
    return peer_->StatusOf(peer_->Notify(subscribe, "active;expires=600", body, OfList()));
  }
};

// "sip:201@example.com Phone 201 c1=CONFIRMED" of an event.
std::string MemberState(const v1::Event& event) {
  std::string text = absl::StrCat(event.member_uri(), " ", event.member_name());
  for (const auto& call : event.dialog_info().dialogs()) {
    absl::StrAppend(&text, " ", call.id(), "=", v1::CallState_Name(call.state()));
  }
  return text;
}

// RLS-01, RLS-02, RLS-04, RLS-06, RLS-07: two members, one changes, one leaves, a gap.
TEST_F(EventListScenarioTest, MembersAreFollowedAndAGapLeadsToARefresh) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kFloor2, "dialog"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_THAT(subscribe.Header("Supported"), HasSubstr("eventlist"));
  EXPECT_EQ(subscribe.Header("Require"), "");
  for (const char* type :
       {"application/dialog-info+xml", "multipart/related", "application/rlmi+xml"}) {
    EXPECT_THAT(absl::StrJoin(subscribe.sip.Headers("Accept"), ","), HasSubstr(type));
  }
  ResponseOptions list;
  list.headers = {"Require: eventlist"};
  peer_->Respond(subscribe, 200, list);

  ASSERT_THAT(Tell(subscribe, ListBody(0, true,
                                       {{kDesk, DialogInfo(0, "c1", "confirmed")},
                                        {kLab, DialogInfo(0, "c2", "early")}})),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event desk, cli->WaitForEvent());
  EXPECT_EQ(MemberState(desk), "sip:201@example.com Phone 201 c1=CONFIRMED");
  EXPECT_EQ(desk.target_uri(), kFloor2);
  EXPECT_EQ(desk.body().content_type(), "application/dialog-info+xml");
  ASSERT_OK_AND_ASSIGN(const v1::Event lab, cli->WaitForEvent());
  EXPECT_EQ(MemberState(lab), "sip:202@example.com Phone 202 c2=EARLY");

  // One changes, one leaves.
  ASSERT_THAT(
      Tell(subscribe, ListBody(1, false, {{kLab, DialogInfo(1, "c2", "confirmed")}, {kDesk, ""}})),
      IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event changed, cli->WaitForEvent());
  EXPECT_EQ(MemberState(changed), "sip:202@example.com Phone 202 c2=CONFIRMED");
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem gone,
                       cli->WaitForItem("end of a member", [](const v1::WatchItem& item) {
                         return item.has_dialog_ended();
                       }));
  EXPECT_EQ(gone.dialog_ended().member_uri(), kDesk);
  EXPECT_EQ(gone.dialog_ended().reason(), "noresource");

  // Version 2 is lost: what came is shown all the same, and the whole is asked for.
  ASSERT_THAT(Tell(subscribe, ListBody(3, false, {{kLab, DialogInfo(2, "c3", "early")}})),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event after_gap, cli->WaitForEvent());
  EXPECT_EQ(MemberState(after_gap), "sip:202@example.com Phone 202 c3=EARLY");
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(refresh.to_tag(), "a");
  EXPECT_THAT(refresh.Header("Supported"), HasSubstr("eventlist"));
  peer_->Respond(refresh, 200, list);

  // Who comes later is shown what there is.
  ASSERT_OK_AND_ASSIGN(const auto late, Watch(kFloor2, "dialog"));
  ASSERT_OK_AND_ASSIGN(const v1::Event shown, late->WaitForEvent());
  EXPECT_EQ(MemberState(shown), "sip:202@example.com Phone 202 c3=EARLY");
  EXPECT_TRUE(shown.initial());
}

// RFC 5367: the caller makes the list.
TEST_F(EventListScenarioTest, CallersListGoesWithTheSubscribe) {
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       Watch("sip:lists@example.com", "dialog",
                             {absl::StrCat("--member=", kLab), absl::StrCat("--member=", kDesk)}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_EQ(subscribe.Header("Require"), "recipient-list-subscribe");
  EXPECT_EQ(subscribe.Header("Content-Disposition"), "recipient-list");
  EXPECT_EQ(subscribe.Header("Content-Type"), "application/resource-lists+xml");
  EXPECT_THAT(subscribe.sip.body(), HasSubstr("<entry uri=\"sip:201@example.com\"/>\r\n"
                                              "<entry uri=\"sip:202@example.com\"/>"));
  peer_->Respond(subscribe, 200);
  ASSERT_THAT(Tell(subscribe, ListBody(0, true, {{kDesk, DialogInfo(0, "c1", "early")}})),
              IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event desk, cli->WaitForEvent());
  EXPECT_EQ(MemberState(desk), "sip:201@example.com Phone 201 c1=EARLY");
}

// RLS-02: what else a NOTIFY requires is still refused.
TEST_F(EventListScenarioTest, OtherExtensionIsRefusedByName) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kFloor2, "dialog"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);
  NotifyOptions options = OfList();
  options.headers = {"Require: eventlist, x-none"};

  ASSERT_OK_AND_ASSIGN(const Received refusal,
                       peer_->WaitForResponse(peer_->Notify(subscribe, "active;expires=600",
                                                            ListBody(0, true, {}), options)));

  EXPECT_EQ(refusal.sip.status(), 420);
  EXPECT_EQ(refusal.Header("Unsupported"), "x-none");
}

}  // namespace
}  // namespace sipevents::testing
