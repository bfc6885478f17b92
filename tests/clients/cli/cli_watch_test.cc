#include <csignal>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/cli/cli_process.h"
#include "tests/clients/fake_gateway.h"
#include "tests/clients/temp_file.h"

// `sipevents watch`, the real program.

namespace sipevents::client {
namespace {

using ::sipevents::testing::IsOkAndHolds;
using ::testing::AllOf;
using testing::BookmarkItem;
using testing::CliProcess;
using ::testing::EndsWith;
using testing::ErrorItem;
using testing::EventItem;
using testing::FakeGateway;
using testing::FieldError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ManyItemOf;
using ::testing::Not;
using testing::ReadFile;
using testing::RemovedItem;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::TempFile;
using testing::TempPath;
using testing::TerminatedItem;

class CliWatchTest : public ::testing::Test {
 protected:
  // `watch sip:alice@example.com --event=presence --format=json` and more.
  std::vector<std::string> Watch(const std::vector<std::string>& more) const {
    std::vector<std::string> args = {"watch",         "sip:alice@example.com",
                                     "--gateway",     gateway_.address(),
                                     "--format=json", "--event=presence"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  FakeGateway gateway_;
};

TEST_F(CliWatchTest, EachItemIsALineAndTheEndOfTheStreamIsTheEnd) {
  gateway_.Script(
      {{EventItem("t1"), BookmarkItem(v1::Bookmark::HEARTBEAT, "t2"), TerminatedItem("t3")},
       grpc::Status::OK});
  CliProcess cli(Watch({"--resume=t0"}));

  EXPECT_THAT(cli.NextLine(),
              IsOkAndHolds(AllOf(StartsWith(R"({"event":{)"), EndsWith(R"("resumeToken":"t1"})"))));
  EXPECT_THAT(cli.NextLine(),
              IsOkAndHolds(R"({"bookmark":{"kind":"HEARTBEAT"},"resumeToken":"t2"})"));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(StartsWith(R"({"status":{"state":"TERMINATED")")));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));

  EXPECT_THAT(cli.out(), IsEmpty());
  EXPECT_EQ(gateway_.watches().at(0).resume_token(), "t0");
}

TEST_F(CliWatchTest, SignalsEndItCleanly) {
  for (const int signal : {SIGINT, SIGTERM}) {
    gateway_.Script({{EventItem("t1")}, std::nullopt});
    CliProcess cli(Watch({}));
    ASSERT_OK(cli.NextLine());

    cli.Signal(signal);

    EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
    EXPECT_THAT(cli.err(), IsEmpty());
  }
}

TEST_F(CliWatchTest, SignalEndsItEvenWhereNobodyReadsTheOutput) {
  v1::WatchItem large = EventItem("t1");
  large.mutable_event()->mutable_body()->set_data(std::string(1 << 20, 'x'));
  gateway_.Script({{EventItem("t0"), large}, std::nullopt});
  CliProcess cli(Watch({}));
  ASSERT_OK(cli.WaitUntilOutputIsFull());  // the second line is more than a pipe holds

  cli.Signal(SIGTERM);

  EXPECT_THAT(cli.WaitUnread(), IsOkAndHolds(0));
}

TEST_F(CliWatchTest, ReaderThatLeavesEndsItQuietlyWithoutAnotherItem) {
  gateway_.Script({{EventItem("t1")}, std::nullopt});
  CliProcess cli(Watch({}));
  ASSERT_OK(cli.NextLine());

  cli.CloseOutput();

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(cli.err(), IsEmpty());
}

TEST_F(CliWatchTest, CountEndsItAfterSoManyEventsAndNotAfterOtherItems) {
  gateway_.Script({{BookmarkItem(v1::Bookmark::HEARTBEAT, "t1"), EventItem("t2"), EventItem("t3"),
                    EventItem("t4")},
                   std::nullopt});
  CliProcess cli(Watch({"--count=2"}));

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("bookmark")));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("t2")));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("t3")));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(cli.out(), IsEmpty());
}

TEST_F(CliWatchTest, GatewayThatIsLostIsReachedAgainWithTheToken) {
  gateway_.Script({{EventItem("t1")}, std::nullopt});
  gateway_.Script({{EventItem("t2")}, std::nullopt});
  CliProcess cli(Watch({"--connect_timeout=0s"}));  // bounds the first connection only
  ASSERT_OK(cli.NextLine());

  gateway_.Crash();
  EXPECT_OK(cli.WaitForRemark("lost the connection"));
  gateway_.Restart();

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("t2")));
  EXPECT_OK(cli.WaitForRemark("connected to"));
  EXPECT_EQ(gateway_.watches().at(1).resume_token(), "t1");
}

// In a process of its own: with a gRPC server in the same process, the server's threads would look
// after the client's connections too, and hide a watcher that does not.
TEST_F(CliWatchTest, GatewayThatStartsALittleLaterIsReached) {
  gateway_.Script({{EventItem("t1")}, std::nullopt});
  gateway_.Crash();
  CliProcess cli(Watch({}));
  EXPECT_OK(cli.WaitForRemark("cannot reach"));

  gateway_.Restart();

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("t1")));
}

TEST_F(CliWatchTest, FinalErrorIsALineAndExitsWithTwo) {
  gateway_.Script({{}, FieldError("spec.target_uri", "expected a URI")});
  CliProcess cli(Watch({}));

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(2));

  EXPECT_THAT(cli.out(), StartsWith(R"({"error":{"code":"INVALID_ARGUMENT")"));
}

TEST_F(CliWatchTest, SeveralTargetsAreToldApartAndTheirErrorsAreTheirOwn) {
  gateway_.Script({.after_watches = 2,
                   .items = {ErrorItem(2, FieldError("spec.target_uri", "expected a URI")),
                             ManyItemOf(0, BookmarkItem(v1::Bookmark::HEARTBEAT, "")),
                             ManyItemOf(1, EventItem("t1")), ManyItemOf(1, TerminatedItem("t2")),
                             RemovedItem(1)},
                   .end = std::nullopt});
  CliProcess cli(Watch({"sip:bob@example.com"}));

  EXPECT_THAT(cli.NextLine(),
              IsOkAndHolds(StartsWith(
                  R"({"target":"sip:bob@example.com","error":{"code":"INVALID_ARGUMENT")")));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(R"({"bookmark":{"kind":"HEARTBEAT"}})"));
  EXPECT_THAT(cli.NextLine(),
              IsOkAndHolds(StartsWith(R"({"target":"sip:alice@example.com","event":{)")));
  EXPECT_THAT(cli.NextLine(),
              IsOkAndHolds(StartsWith(R"({"target":"sip:alice@example.com","status":{)")));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(2));

  EXPECT_THAT(gateway_.watches(), IsEmpty()) << "one stream for all";
  EXPECT_THAT(gateway_.added(0), SizeIs(2));
}

TEST_F(CliWatchTest, StateFileKeepsTheTokensOfAllTargets) {
  const std::string file = TempPath("state.json");
  gateway_.Script({.after_watches = 2,
                   .items = {ManyItemOf(1, EventItem("t1")), ManyItemOf(2, EventItem("u1")),
                             RemovedItem(1), RemovedItem(2)},
                   .end = std::nullopt});
  CliProcess first(Watch({"sip:bob@example.com", "--state_file=" + file}));
  EXPECT_THAT(first.Wait(), IsOkAndHolds(0));

  gateway_.Script({.after_watches = 2, .items = {RemovedItem(1), RemovedItem(2)}, .end = {}});
  CliProcess second(Watch({"sip:bob@example.com", "--state_file=" + file}));
  EXPECT_THAT(second.Wait(), IsOkAndHolds(0));

  ASSERT_THAT(gateway_.added(1), SizeIs(2));
  EXPECT_EQ(gateway_.added(1)[0].resume_token(), "t1");
  EXPECT_EQ(gateway_.added(1)[1].resume_token(), "u1");
}

TEST_F(CliWatchTest, SeveralTargetsWithoutAGatewayAreOneRemarkAndExitWithThree) {
  gateway_.Crash();
  CliProcess cli(Watch({"sip:bob@example.com", "--connect_timeout=0s"}));

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(3));

  EXPECT_THAT(cli.out(), IsEmpty());
  EXPECT_THAT(cli.err(), HasSubstr("cannot reach"));
}

TEST_F(CliWatchTest, StateFileGoesOnWhereTheLastRunEnded) {
  const std::string file = TempPath("state.json");
  gateway_.Script({{EventItem("t1"), EventItem("t2")}, grpc::Status::OK});
  CliProcess first(Watch({"--state_file=" + file}));
  EXPECT_THAT(first.Wait(), IsOkAndHolds(0));
  EXPECT_EQ(ReadFile(file), "{\"sip:alice@example.com|presence\":\"t2\"}\n");

  gateway_.Script({{}, grpc::Status::OK});
  CliProcess second(Watch({"--state_file=" + file}));
  EXPECT_THAT(second.Wait(), IsOkAndHolds(0));

  EXPECT_EQ(gateway_.watches().at(1).resume_token(), "t2");
}

TEST_F(CliWatchTest, StateFileIsWrittenAtASignalAndCoversWhatWasPrinted) {
  const std::string file = TempPath("state.json");
  gateway_.Script({{EventItem("t1")}, std::nullopt});
  CliProcess cli(Watch({"--state_file=" + file}));
  ASSERT_OK(cli.NextLine());

  cli.Signal(SIGTERM);

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(ReadFile(file), HasSubstr("t1"));
}

TEST_F(CliWatchTest, TokenOfTheStateFileThatIsRefusedBecomesAGap) {
  const std::string file = TempFile("state", R"({"sip:alice@example.com|presence":"old"})");
  gateway_.Script({{}, FieldError("resume_token", "of another gateway")});
  gateway_.Script({{EventItem("u1"), TerminatedItem("u2")}, grpc::Status::OK});
  CliProcess cli(Watch({"--state_file", file}));

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(R"({"gap":{"reason":"LOG_REPLACED"}})"));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("u1")));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
}

TEST_F(CliWatchTest, CorruptStateFileIsAnErrorThatSaysSo) {
  const std::string file = TempFile("state", "{broken");
  CliProcess cli(Watch({"--state_file", file}));

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(1));

  EXPECT_THAT(cli.err(), AllOf(HasSubstr(file), HasSubstr("corrupt")));
  EXPECT_EQ(ReadFile(file), "{broken");
}

TEST_F(CliWatchTest, TextIsForPeopleAndWithoutColorOnAPipe) {
  gateway_.Script({{EventItem("t1")}, grpc::Status::OK});
  CliProcess cli(Watch({"--format=text"}));

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(AllOf(EndsWith("sip:alice@example.com  presence  open"),
                                                 Not(HasSubstr("\x1b")))));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
}

}  // namespace
}  // namespace sipevents::client
