#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/cli/cli_process.h"
#include "tests/clients/cli/virtual_terminal.h"
#include "tests/clients/fake_gateway.h"

// `sipevents watch --format=table`, the real program on a terminal, and elsewhere.

namespace sipevents::client {
namespace {

using ::sipevents::testing::IsOkAndHolds;
using ::testing::AllOf;
using testing::CliProcess;
using ::testing::ElementsAre;
using testing::ErrorItem;
using testing::EventItem;
using testing::FakeGateway;
using testing::FieldError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ManyItemOf;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::RemovedItem;
using testing::ScriptedMany;
using testing::TerminatedItem;
using testing::VirtualTerminal;

v1::WatchItem StatusItem(v1::Subscription::State state) {
  v1::WatchItem item;
  item.mutable_status()->set_state(state);
  return item;
}

// Of a call with this party.
v1::WatchItem CallItem(const std::string& party) {
  v1::WatchItem item = EventItem("t");
  v1::DialogInfoDialog& call = *item.mutable_event()->mutable_dialog_info()->add_dialogs();
  call.set_state(v1::CONFIRMED);
  call.mutable_remote()->set_display_name(party);
  return item;
}

class CliTableTest : public ::testing::Test {
 protected:
  static constexpr int kColumns = 80;
  static constexpr int kRows = 10;

  std::vector<std::string> Watch(int targets, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {"watch", "--gateway", gateway_.address(), "--format=table",
                                     "--event=dialog"};
    for (int i = 1; i <= targets; ++i) args.push_back(absl::StrCat("sip:", i, "@x"));
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  // Reads until the terminal shows what is wanted.
  absl::Status ReadUntil(CliProcess& cli, const std::function<bool()>& shown) {
    while (!shown()) {
      absl::StatusOr<std::string> octets = cli.TakeOutput();
      if (!octets.ok()) {
        return absl::Status(octets.status().code(),
                            absl::StrCat(std::string(octets.status().message()), "; on screen:\n",
                                         terminal_.Text()));
      }
      terminal_.Feed(*octets);
    }
    return absl::OkStatus();
  }
  absl::Status ReadUntilText(CliProcess& cli, const std::string& text) {
    return ReadUntil(cli, [&] { return terminal_.Text().find(text) != std::string::npos; });
  }
  // Reads to the end of the program: what it ended with.
  absl::StatusOr<int> ReadToEnd(CliProcess& cli) {
    absl::StatusOr<int> status = cli.Wait();
    terminal_.Feed(cli.out());
    return status;
  }

  FakeGateway gateway_;
  VirtualTerminal terminal_{kColumns, kRows};
};

TEST_F(CliTableTest, EachTargetHasARowThatIsKeptUpToDateInPlace) {
  gateway_.Script(ScriptedMany{
      .after_watches = 2,
      .items = {ManyItemOf(1, StatusItem(v1::Subscription::ACTIVE)), ManyItemOf(1, CallItem("Ann")),
                ManyItemOf(2, StatusItem(v1::Subscription::PENDING))},
      .end = {}});
  gateway_.Script(
      ScriptedMany{.after_watches = 2,
                   .items = {ManyItemOf(1, CallItem("Bea")), ManyItemOf(2, CallItem("Cy"))},
                   .end = {}});
  CliProcess cli(Watch(2), {.columns = kColumns, .rows = kRows});
  ASSERT_OK(ReadUntilText(cli, "pending"));
  EXPECT_THAT(terminal_.Lines(),
              ElementsAre(MatchesRegex("TARGET   STATE  +SINCE  +SUBSCRIPTION"),
                          MatchesRegex("sip:1@x  confirmed with Ann  .*[0-9] +active"),
                          MatchesRegex("sip:2@x  no state yet  +pending")));

  // The gateway is lost, and comes back with news.
  gateway_.Crash();
  ASSERT_OK(ReadUntilText(cli, "lost the connection to"));
  gateway_.Restart();
  ASSERT_OK(ReadUntilText(cli, "Cy"));

  EXPECT_THAT(terminal_.Lines(), ElementsAre(MatchesRegex("TARGET .*"),
                                             MatchesRegex("sip:1@x  confirmed with Bea .*active"),
                                             MatchesRegex("sip:2@x  confirmed with Cy .*pending")));
  EXPECT_EQ(terminal_.unknown(), "");
}

TEST_F(CliTableTest, SignalEndsItWithTheTableOnScreenAndTheCursorBack) {
  for (const int signal : {SIGINT, SIGTERM}) {
    terminal_ = VirtualTerminal(kColumns, kRows);
    gateway_.Script(
        ScriptedMany{.after_watches = 2, .items = {ManyItemOf(1, CallItem("Ann"))}, .end = {}});
    CliProcess cli(Watch(2), {.columns = kColumns, .rows = kRows});
    ASSERT_OK(ReadUntilText(cli, "Ann"));

    cli.Signal(signal);

    EXPECT_THAT(ReadToEnd(cli), IsOkAndHolds(0));
    EXPECT_THAT(terminal_.Text(), HasSubstr("confirmed with Ann"));
    EXPECT_TRUE(terminal_.cursor_visible());
    EXPECT_TRUE(terminal_.wraps());
    EXPECT_FALSE(terminal_.colored());
    EXPECT_EQ(terminal_.cursor_row(), 3) << "where the shell goes on";
    EXPECT_THAT(cli.err(), IsEmpty());
  }
}

TEST_F(CliTableTest, RowsThatDoNotFitAreCounted) {
  gateway_.Script(
      ScriptedMany{.after_watches = 50,
                   .items = {ManyItemOf(50, CallItem("Ann")), ManyItemOf(7, CallItem("Bea"))},
                   .end = {}});
  CliProcess cli(Watch(50), {.columns = kColumns, .rows = kRows});

  ASSERT_OK(ReadUntilText(cli, "Bea"));

  ASSERT_EQ(terminal_.Lines().size(), kRows - 1);
  EXPECT_THAT(terminal_.Lines()[7], HasSubstr("sip:7@x"));
  EXPECT_EQ(terminal_.Lines()[8], "… 43 more");
}

TEST_F(CliTableTest, TerminalThatBecomesLargerShowsMore) {
  CliProcess cli(Watch(50), {.columns = kColumns, .rows = kRows});
  ASSERT_OK(ReadUntilText(cli, "… 43 more"));

  terminal_.Resize(kColumns, 20);
  cli.ResizeTerminal(kColumns, 20);

  EXPECT_OK(ReadUntilText(cli, "… 33 more"));
  EXPECT_EQ(terminal_.Lines().size(), 19);
}

TEST_F(CliTableTest, ManyChangesAreDrawnTenTimesASecondAtTheMost) {
  ScriptedMany busy{.after_watches = 2, .items = {}, .end = {}};
  for (int i = 0; i < 20'000; ++i) {
    busy.items.push_back(ManyItemOf(1 + i % 2, CallItem(absl::StrCat("number ", i))));
  }
  gateway_.Script(busy);
  const absl::Time begin = absl::Now();
  CliProcess cli(Watch(2), {.columns = kColumns, .rows = kRows});

  ASSERT_OK(ReadUntilText(cli, "number 19999"));

  const absl::Duration elapsed = absl::Now() - begin;
  EXPECT_LE(terminal_.frames(), 2 + elapsed / absl::Milliseconds(100)) << elapsed;
}

TEST_F(CliTableTest, ForeignTextReachesNeitherTheTerminalNorTheColumns) {
  gateway_.Script(
      ScriptedMany{.after_watches = 2,
                   .items = {ManyItemOf(1, CallItem("\x1b[2J\x1b[Hgone\n\u202Eforged\u009B0m")),
                             ManyItemOf(2, CallItem("受付 📞"))},
                   .end = {}});
  CliProcess cli(Watch(2), {.columns = kColumns, .rows = kRows});

  ASSERT_OK(ReadUntilText(cli, "受付"));

  ASSERT_EQ(terminal_.Lines().size(), 3);
  EXPECT_THAT(terminal_.Lines()[1],
              MatchesRegex("sip:1@x  confirmed with .\\[2J.\\[Hgone .forged.0m  .*connecting"));
  EXPECT_THAT(terminal_.Lines()[2], MatchesRegex("sip:2@x  confirmed with 受付 📞  .*connecting"));
  EXPECT_EQ(terminal_.unknown(), "");
}

TEST_F(CliTableTest, ErrorIsInItsRowAndFollowsTheTable) {
  gateway_.Script(
      ScriptedMany{.after_watches = 2,
                   .items = {ErrorItem(2, FieldError("spec.target_uri", "expected a URI")),
                             ManyItemOf(1, TerminatedItem("t")), RemovedItem(1)},
                   .end = {}});
  CliProcess cli(Watch(2), {.columns = kColumns, .rows = kRows, .for_errors = true});

  EXPECT_THAT(ReadToEnd(cli), IsOkAndHolds(2));

  ASSERT_GE(terminal_.Lines().size(), 4) << terminal_.Text();
  EXPECT_THAT(terminal_.Lines()[1], MatchesRegex("sip:1@x .*terminated.*"));
  EXPECT_THAT(terminal_.Lines()[2], MatchesRegex("sip:2@x .*INVALID_ARGUMENT.*"));
  EXPECT_THAT(terminal_.Lines()[3], HasSubstr("sipevents: sip:2@x: INVALID_ARGUMENT"));
}

TEST_F(CliTableTest, ColorIsThereUnlessTheUserWantsNone) {
  for (const bool no_color : {false, true}) {
    gateway_.Script({{CallItem("Ann")}, grpc::Status::OK});
    CliProcess cli(Watch(1), {.columns = kColumns, .rows = kRows, .no_color = no_color});

    ASSERT_OK(cli.Wait());

    EXPECT_EQ(cli.out().find("\x1b[33mconfirmed with Ann\x1b[0m") == std::string::npos, no_color)
        << cli.out();
    EXPECT_THAT(cli.out(), HasSubstr("confirmed with Ann"));
  }
}

TEST_F(CliTableTest, ElsewhereThanOnATerminalTheWholeTableIsWrittenAtTheEnd) {
  gateway_.Script(
      ScriptedMany{.after_watches = 50,
                   .items = {ManyItemOf(50, CallItem("Ann")), ManyItemOf(50, CallItem("Bea")),
                             ManyItemOf(50, CallItem("Cy"))},
                   .end = {}});
  CliProcess cli(Watch(50, {"--count=2"}));

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds("TARGET    STATE               SINCE  "
                                           "       SUBSCRIPTION"));
  for (int i = 1; i < 50; ++i) {
    EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("no state yet")));
  }
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(AllOf(HasSubstr("sip:50@x  confirmed with Bea"),
                                                 Not(HasSubstr("\x1b")))));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(cli.out(), IsEmpty());
}

TEST_F(CliTableTest, SignalWritesTheTableToo) {
  gateway_.Crash();
  CliProcess cli(Watch(1, {"--timeout=1h", "--connect_timeout=1h"}));
  ASSERT_OK(cli.WaitForRemark("cannot reach"));

  cli.Signal(SIGTERM);

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(cli.out(), HasSubstr("sip:1@x"));
}

TEST_F(CliTableTest, SignalEndsItWhereNobodyReadsTheTable) {
  gateway_.Script(
      ScriptedMany{.after_watches = 2000, .items = {ManyItemOf(1, CallItem("Ann"))}, .end = {}});
  CliProcess cli(Watch(2000, {"--count=1"}));
  ASSERT_OK(cli.WaitUntilOutputIsFull());  // more than a pipe holds

  cli.Signal(SIGTERM);

  EXPECT_THAT(cli.WaitUnread(), IsOkAndHolds(0));
}

TEST_F(CliTableTest, TableThatWouldNeverBeWrittenIsAUsageErrorThatSaysWhatToDo) {
  CliProcess cli(Watch(2));

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(1));

  EXPECT_THAT(cli.err(), AllOf(HasSubstr("no terminal"), HasSubstr("--count or --timeout")));
}

// It would lack all that was told before.
TEST_F(CliTableTest, TableThatGoesOnFromATokenIsAUsageError) {
  CliProcess cli(Watch(1, {"--count=1", "--resume=t"}));

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(1));

  EXPECT_THAT(cli.err(), HasSubstr("--format=table and --resume do not go together"));
}

TEST_F(CliTableTest, TableOfACommandThatHasNoneIsAUsageError) {
  CliProcess cli({"fetch", "sip:1@x", "--event=dialog", "--format=table"});

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(1));

  EXPECT_THAT(cli.err(), HasSubstr("'fetch' has no --format=table"));
}

}  // namespace
}  // namespace sipevents::client
