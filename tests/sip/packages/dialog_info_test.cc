#include "sip/packages/dialog_info.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

// What is in a dialog-info document and how calls are merged; for versions see
// dialog_info_versions_test.cc.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr std::string_view kType = "application/dialog-info+xml";

std::string Info(int version, std::string_view state, std::string_view calls) {
  return "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
         "version=\"" +
         std::to_string(version) + "\" state=\"" + std::string(state) +
         "\" entity=\"sip:201@gw.example.net\">" + std::string(calls) + "</dialog-info>";
}

std::string CallXml(std::string_view id, std::string_view state, std::string_view more = "") {
  return "<dialog id=\"" + std::string(id) + "\"><state>" + std::string(state) + "</state>" +
         std::string(more) + "</dialog>";
}

std::vector<std::string> IdsOf(const MergeResult& result) {
  std::vector<std::string> ids;
  for (const Call& call : DocumentOf<DialogInfo>(result).calls) ids.emplace_back(call.id);
  return ids;
}

constexpr std::string_view kRich =
    R"(<dialog id="d-88" call-id="c7@ua1" local-tag="l1" remote-tag="r1" direction="recipient">
  <state event="replaced" code="200">confirmed</state><duration>274</duration>
  <replaces call-id="old@ua1" local-tag="l0" remote-tag="r0"/>
  <referred-by display="Boss">sip:boss@example.com</referred-by>
  <route-set><hop>&lt;sip:p1.example.com;lr&gt;</hop><hop>&lt;sip:p2.example.com;lr&gt;</hop></route-set>
  <local><identity display="Me">sip:201@gw.example.net</identity><identity>tel:+1</identity>
   <target uri="sip:201@192.0.2.9"><param pname="+sip.rendering" pval="no"/>
    <param pname="automata" pval="false"/></target>
   <session-description type="application/sdp"><![CDATA[v=0
s=-
]]></session-description><cseq>17</cseq></local>
  <remote><identity display="Front &quot;desk&quot;">sip:100@gw.example.net</identity>
   <target uri="sip:100@192.0.2.4"/><cseq>4294967295</cseq></remote></dialog>)";

TEST(DialogInfoTest, EverythingOfACallIsDecoded) {
  // given
  Merging merging(FindPackage("dialog"), kType);

  // when
  const MergeResult result = merging.Feed(Info(3, "full", kRich));

  // then
  const auto& info = DocumentOf<DialogInfo>(result);
  EXPECT_EQ(info.entity, "sip:201@gw.example.net");
  EXPECT_EQ(info.version, 3U);
  ASSERT_THAT(info.calls, SizeIs(1)) << result.error;
  const Call& call = info.calls[0];
  EXPECT_EQ(call.id, "d-88");
  EXPECT_EQ(call.call_id, "c7@ua1");
  EXPECT_EQ(call.local_tag, "l1");
  EXPECT_EQ(call.remote_tag, "r1");
  EXPECT_EQ(call.direction, CallDirection::kRecipient);
  EXPECT_EQ(call.state, CallState::kConfirmed);
  EXPECT_EQ(call.event, CallEvent::kReplaced);
  EXPECT_EQ(call.code, 200);
  EXPECT_EQ(call.duration, absl::Seconds(274));
  ASSERT_TRUE(call.replaces.has_value());
  EXPECT_EQ(call.replaces->call_id, "old@ua1");
  EXPECT_EQ(call.replaces->remote_tag, "r0");
  EXPECT_EQ(call.referred_by, "sip:boss@example.com");
  EXPECT_EQ(call.referred_by_display_name, "Boss");
  EXPECT_THAT(call.route_set, ElementsAre("<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"));
}

TEST(DialogInfoTest, BothPartiesAreDecoded) {
  // given
  Merging merging(FindPackage("dialog"), kType);

  // when
  const MergeResult result = merging.Feed(Info(3, "full", kRich));

  // then
  const auto& info = DocumentOf<DialogInfo>(result);
  ASSERT_THAT(info.calls, SizeIs(1)) << result.error;
  const CallParty& local = info.calls[0].local;
  EXPECT_EQ(local.identity, "sip:201@gw.example.net");
  EXPECT_EQ(local.display_name, "Me");
  EXPECT_EQ(local.target, "sip:201@192.0.2.9");
  EXPECT_THAT(local.target_parameters,
              ElementsAre(Pair("+sip.rendering", "no"), Pair("automata", "false")));
  EXPECT_EQ(local.session_description_type, "application/sdp");
  EXPECT_EQ(local.session_description, "v=0\ns=-\n");
  EXPECT_EQ(local.cseq, 17U);
  EXPECT_EQ(info.calls[0].remote.display_name, "Front \"desk\"");
  EXPECT_EQ(info.calls[0].remote.cseq, 4294967295U);
}

TEST(DialogInfoTest, StatesAndEventsIgnoreCaseAndUnknownOnesAreUnspecified) {
  // Erratum 2861 of RFC 4235.
  Merging merging(FindPackage("dialog"), kType);
  const MergeResult result = merging.Feed(Info(
      0, "full",
      "<dialog id='1' direction='INITIATOR'><state> Confirmed\n</state></dialog>"
      "<dialog id='2' direction='x'><state event='Local-Bye' code='99'>TERMINATED</state></dialog>"
      "<dialog id='3'><state event='x' code='700'>ringing</state><duration>-1</duration></dialog>"
      "<dialog id='4'><state event='timeout' code='699'>early</state></dialog>"));
  const auto& calls = DocumentOf<DialogInfo>(result).calls;
  ASSERT_THAT(calls, SizeIs(4));
  EXPECT_EQ(calls[0].direction, CallDirection::kInitiator);
  EXPECT_EQ(calls[0].state, CallState::kConfirmed);
  EXPECT_EQ(calls[1].state, CallState::kTerminated);
  EXPECT_EQ(calls[1].event, CallEvent::kLocalBye);
  EXPECT_EQ(calls[1].code, 0);
  EXPECT_EQ(calls[2].state, CallState::kUnspecified);
  EXPECT_EQ(calls[2].event, CallEvent::kUnspecified);
  EXPECT_EQ(calls[2].code, 0);
  EXPECT_EQ(calls[2].duration, std::nullopt);
  EXPECT_EQ(calls[3].code, 699);
}

TEST(DialogInfoTest, ExtensionsAndOtherNamespacesAreIgnored) {
  Merging merging(FindPackage("dialog"), kType);
  const MergeResult result = merging.Feed(
      "<d:dialog-info xmlns:d='urn:ietf:params:xml:ns:dialog-info' xmlns:sa="
      "'urn:ietf:params:xml:ns:sa-dialog-info' version='0' state='full' entity='sip:a@b'>"
      "<sa:dialog id='no'/><dialog id='no'/><d:dialog id='yes'><sa:state>early</sa:state>"
      "<sa:appearance>2</sa:appearance><d:state>trying</d:state></d:dialog></d:dialog-info>");
  ASSERT_THAT(IdsOf(result), ElementsAre("yes"));
  EXPECT_EQ(DocumentOf<DialogInfo>(result).calls[0].state, CallState::kTrying);
}

TEST(DialogInfoTest, WrongRootStateOrTypeIsAnError) {
  Merging merging(FindPackage("dialog"), kType);
  for (const std::string& body :
       {std::string("<dialog-info version='0' state='full' entity='sip:a@b'/>"),
        std::string("<presence xmlns='urn:ietf:params:xml:ns:dialog-info'/>"), Info(0, "half", ""),
        std::string("<dialog-info"), std::string("junk")}) {
    EXPECT_EQ(merging.Feed(body).kind, MergeResult::Kind::kError) << body;
  }
  EXPECT_THAT(merging.FeedTyped("text/plain", Info(0, "full", "")).error, HasSubstr("text/plain"));
}

// ---- partial documents (RFC 4235 section 4.3)

TEST(DialogInfoTest, PartialDocumentReplacesOnlyTheCallsItNames) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", CallXml("a", "early") + CallXml("b", "early")));

  // when
  const MergeResult result =
      merging.Feed(Info(1, "partial", CallXml("c", "trying") + CallXml("a", "confirmed")));

  // then
  EXPECT_TRUE(result.body_is_partial);
  EXPECT_FALSE(result.resync);
  EXPECT_THAT(IdsOf(result), ElementsAre("a", "b", "c"));
  const auto& info = DocumentOf<DialogInfo>(result);
  EXPECT_EQ(info.entity, "sip:201@gw.example.net");
  EXPECT_EQ(info.version, 1U);
  EXPECT_EQ(info.calls[0].state, CallState::kConfirmed);
  EXPECT_EQ(info.calls[1].state, CallState::kEarly);
}

TEST(DialogInfoTest, FullDocumentReplacesAllCalls) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", CallXml("a", "early") + CallXml("b", "early")));
  EXPECT_THAT(IdsOf(merging.Feed(Info(1, "full", CallXml("c", "early")))), ElementsAre("c"));
  EXPECT_THAT(IdsOf(merging.Feed(Info(2, "full", ""))), IsEmpty());
}

TEST(DialogInfoTest, PartialDocumentLeavesUnsaidPartsOfACallAsTheyWere) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", kRich));

  // when: the peer's target changes, our cseq grows, the state's event is gone
  const MergeResult result = merging.Feed(
      Info(1, "partial",
           CallXml("d-88", "confirmed",
                   "<local><cseq>18</cseq></local><remote><target uri='sip:100@192.0.2.5'>"
                   "<param pname='x' pval='y'/></target></remote>")));

  // then
  const auto& info = DocumentOf<DialogInfo>(result);
  ASSERT_THAT(info.calls, SizeIs(1)) << result.error;
  const Call& call = info.calls[0];
  EXPECT_EQ(call.call_id, "c7@ua1");
  EXPECT_EQ(call.remote_tag, "r1");
  EXPECT_EQ(call.direction, CallDirection::kRecipient);
  EXPECT_EQ(call.event, CallEvent::kUnspecified);
  EXPECT_EQ(call.code, 0);
  EXPECT_EQ(call.duration, std::nullopt);
  EXPECT_THAT(call.route_set, SizeIs(2));
  EXPECT_EQ(call.referred_by_display_name, "Boss");
  EXPECT_EQ(call.local.identity, "sip:201@gw.example.net");
  EXPECT_EQ(call.local.target, "sip:201@192.0.2.9");
  EXPECT_EQ(call.local.session_description, "v=0\ns=-\n");
  EXPECT_EQ(call.local.cseq, 18U);
  EXPECT_EQ(call.remote.identity, "sip:100@gw.example.net");
  EXPECT_EQ(call.remote.target, "sip:100@192.0.2.5");
  EXPECT_EQ(call.remote.cseq, 4294967295U);
  EXPECT_THAT(call.remote.target_parameters, ElementsAre(Pair("x", "y")));
}

TEST(DialogInfoTest, PartialDocumentReplacesPartsThatAreThereThoughEmpty) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", kRich));

  // when
  const MergeResult result = merging.Feed(
      Info(1, "partial",
           CallXml("d-88", "confirmed",
                   "<local><identity/><target uri=''/><session-description/></local>")));

  // then
  const auto& info = DocumentOf<DialogInfo>(result);
  ASSERT_THAT(info.calls, SizeIs(1));
  EXPECT_EQ(info.calls[0].local.identity, "");
  EXPECT_EQ(info.calls[0].local.display_name, "");
  EXPECT_THAT(info.calls[0].local.target_parameters, IsEmpty());
  EXPECT_EQ(info.calls[0].local.session_description_type, "");
}

TEST(DialogInfoTest, FullDocumentInheritsNothing) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", kRich));
  const MergeResult result = merging.Feed(Info(1, "full", CallXml("d-88", "confirmed")));
  const auto& info = DocumentOf<DialogInfo>(result);
  ASSERT_THAT(info.calls, SizeIs(1));
  EXPECT_EQ(info.calls[0].call_id, "");
  EXPECT_EQ(info.calls[0].remote.identity, "");
}

TEST(DialogInfoTest, AnotherCallUnderTheSameIdInheritsNothing) {
  // given: PBXs use the extension as id
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", kRich));

  // when
  const MergeResult result = merging.Feed(
      Info(1, "partial", "<dialog id='d-88' call-id='new@ua1'><state>early</state></dialog>"));

  // then
  const auto& info = DocumentOf<DialogInfo>(result);
  ASSERT_THAT(info.calls, SizeIs(1));
  EXPECT_EQ(info.calls[0].remote.identity, "");
  EXPECT_EQ(info.calls[0].local_tag, "");
}

// ---- ended calls

TEST(DialogInfoTest, EndedCallIsShownOnce) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(0, "full", CallXml("a", "confirmed") + CallXml("b", "early")));

  // when
  const MergeResult ended = merging.Feed(Info(1, "partial", CallXml("a", "terminated")));

  // then
  ASSERT_THAT(IdsOf(ended), ElementsAre("a", "b"));
  EXPECT_EQ(DocumentOf<DialogInfo>(ended).calls[0].state, CallState::kTerminated);
  EXPECT_THAT(IdsOf(merging.Feed(Info(2, "partial", CallXml("b", "confirmed")))), ElementsAre("b"));
}

TEST(DialogInfoTest, EndedCallThatIsListedOnIsLeftOutUntilItLivesAgain) {
  // given: Asterisk, idle
  Merging merging(FindPackage("dialog"), kType);
  EXPECT_THAT(IdsOf(merging.Feed(Info(0, "full", CallXml("201", "terminated")))),
              ElementsAre("201"));

  // when, then
  EXPECT_THAT(IdsOf(merging.Feed(Info(1, "full", CallXml("201", "terminated")))), IsEmpty());
  EXPECT_THAT(IdsOf(merging.Feed(Info(2, "full", CallXml("201", "terminated")))), IsEmpty());
  EXPECT_THAT(IdsOf(merging.Feed(Info(3, "full", CallXml("201", "early")))), ElementsAre("201"));
  EXPECT_THAT(IdsOf(merging.Feed(Info(4, "full", CallXml("201", "terminated")))),
              ElementsAre("201"));
  EXPECT_THAT(IdsOf(merging.Feed(Info(5, "partial", CallXml("201", "terminated")))), IsEmpty());
}

TEST(DialogInfoTest, NewCallUnderTheIdOfAnEndedOneStartsAfresh) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info(
      0, "full",
      CallXml("201", "terminated", "<remote><identity>sip:old@example.com</identity></remote>")));
  const MergeResult result = merging.Feed(Info(1, "partial", CallXml("201", "early")));
  ASSERT_THAT(IdsOf(result), ElementsAre("201"));
  EXPECT_EQ(DocumentOf<DialogInfo>(result).calls[0].remote.identity, "");
}

// ---- bounds and odd documents

TEST(DialogInfoTest, TheSameIdTwiceCountsOnce) {
  Merging merging(FindPackage("dialog"), kType);
  const MergeResult result =
      merging.Feed(Info(0, "full", CallXml("a", "early") + CallXml("a", "confirmed")));
  ASSERT_THAT(IdsOf(result), ElementsAre("a"));
  EXPECT_EQ(DocumentOf<DialogInfo>(result).calls[0].state, CallState::kConfirmed);
}

TEST(DialogInfoTest, CallWithoutIdIsKnownByItsCallIdOrLeftOut) {
  // given
  const std::string body = Info(0, "full",
                                "<dialog call-id='c1'><state>early</state></dialog>"
                                "<dialog><state>early</state></dialog>");
  Merging lenient(FindPackage("dialog"), kType);
  Merging strict(FindPackage("dialog"), kType, /*lenient=*/false);

  // when, then
  EXPECT_THAT(IdsOf(lenient.Feed(body)), ElementsAre("c1"));
  EXPECT_EQ(strict.Feed(body).kind, MergeResult::Kind::kError);
}

TEST(DialogInfoTest, CallsAreBoundedAndTheTableStaysAsItWas) {
  // given
  const auto calls = [](size_t first, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += CallXml(std::to_string(first + i), "early");
    return text;
  };
  Merging merging(FindPackage("dialog"), kType);
  ASSERT_THAT(IdsOf(merging.Feed(Info(0, "full", calls(0, kMaxCalls)))), SizeIs(kMaxCalls));

  // when
  const MergeResult one_more = merging.Feed(Info(1, "partial", CallXml("x", "early")));
  const MergeResult too_many = merging.Feed(Info(1, "full", calls(0, kMaxCalls + 1)));

  // then
  EXPECT_THAT(one_more.error, HasSubstr("more than 1000 calls"));
  EXPECT_THAT(too_many.error, HasSubstr("more than 1000 calls"));
  const MergeResult after = merging.Feed(Info(1, "partial", CallXml("7", "terminated")));
  EXPECT_THAT(IdsOf(after), SizeIs(kMaxCalls));
  EXPECT_THAT(IdsOf(merging.Feed(Info(2, "partial", CallXml("x", "early")))), SizeIs(kMaxCalls));
}

TEST(DialogInfoTest, MemoryOfTheTableIsBounded) {
  // given: each document is small enough, together they are not
  Merging merging(FindPackage("dialog"), kType);
  const std::string big =
      "<local><session-description>" + std::string(900'000, 'x') + "</session-description></local>";
  merging.Feed(Info(0, "full", ""));
  for (int i = 1; i <= 4; ++i) {
    ASSERT_EQ(merging.Feed(Info(i, "partial", CallXml(std::to_string(i), "early", big))).kind,
              MergeResult::Kind::kDocument);
  }

  // when
  const MergeResult result = merging.Feed(Info(5, "partial", CallXml("5", "early", big)));

  // then
  EXPECT_EQ(result.kind, MergeResult::Kind::kError);
  EXPECT_THAT(result.error, HasSubstr("octets"));
}

TEST(DialogInfoTest, ForksAreBounded) {
  Merging merging(FindPackage("dialog"), kType);
  for (uint32_t fork = 0; fork < 64; ++fork) {
    ASSERT_EQ(merging.Feed(Info(0, "full", ""), fork).kind, MergeResult::Kind::kDocument);
  }
  EXPECT_THAT(merging.Feed(Info(0, "full", ""), 64).error, HasSubstr("forks"));
  merging.Drop(0);
  EXPECT_EQ(merging.Feed(Info(0, "full", ""), 64).kind, MergeResult::Kind::kDocument);
}

}  // namespace
}  // namespace sipevents::sip
