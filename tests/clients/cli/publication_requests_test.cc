#include "clients/cli/publication_requests.h"

#include <string>
#include <vector>

#include "clients/cli/command_table.h"
#include "gmock/gmock.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/temp_file.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using testing::TempFile;

absl::StatusOr<v1::CreatePublicationRequest> Create(const std::vector<std::string>& args) {
  const absl::StatusOr<Arguments> arguments = Arguments::Parse(SipeventsGrammar(), args);
  if (!arguments.ok()) return arguments.status();
  return CreatePublicationFrom(*arguments);
}

absl::StatusOr<v1::UpdatePublicationRequest> Update(const std::vector<std::string>& args) {
  const absl::StatusOr<Arguments> arguments = Arguments::Parse(SipeventsGrammar(), args);
  if (!arguments.ok()) return arguments.status();
  return UpdatePublicationFrom(*arguments);
}

TEST(PublicationRequestsTest, BodyComesFromAFileAsItIs) {
  const std::string file = TempFile("body.xml", "<presence/>\n");

  ASSERT_OK_AND_ASSIGN(
      const auto request,
      Create({"publish", "sip:a@b", "--event=presence", "--content_type=application/pidf+xml",
              "--body=" + file, "--ttl=90s", "--route=local", "--as=sip:g@b", "--request_id=r1"}));

  const v1::Publication& publication = request.publication();
  EXPECT_EQ(publication.target_uri(), "sip:a@b");
  EXPECT_EQ(publication.event_package(), "presence");
  EXPECT_EQ(publication.body().content_type(), "application/pidf+xml");
  EXPECT_EQ(publication.body().data(), "<presence/>\n");
  EXPECT_EQ(publication.ttl().seconds(), 90);
  EXPECT_EQ(publication.route(), v1::Publication::LOCAL);
  EXPECT_EQ(publication.identity(), "sip:g@b");
  EXPECT_EQ(request.request_id(), "r1");
}

// One byte more than is read is too many, and a file without an end is not waited for.
TEST(PublicationRequestsTest, BodyIsReadUpToABound) {
  const std::vector<std::string> args = {"publish", "sip:a@b", "--event=presence",
                                         "--content_type=text/plain"};
  const auto create = [&args](const std::string& body) {
    std::vector<std::string> all = args;
    all.push_back("--body=" + body);
    return Create(all);
  };
  constexpr size_t kMost = size_t{2} << 20;

  ASSERT_OK_AND_ASSIGN(const auto whole, create(TempFile("whole", std::string(kMost, 'x'))));
  EXPECT_EQ(whole.publication().body().data().size(), kMost);
  EXPECT_THAT(create(TempFile("long", std::string(kMost + 1, 'x'))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 2097152 octets")));
  EXPECT_THAT(create("/dev/zero"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 2097152 octets")));
  EXPECT_THAT(create("/"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cannot be read")));
}

TEST(PublicationRequestsTest, PresenceInAFewWords) {
  ASSERT_OK_AND_ASSIGN(const auto request,
                       Create({"publish", "sip:a@b", "--basic=open", "--note=back at noon",
                               "--activity=meeting", "--activity=on-the-phone"}));

  const v1::Publication& publication = request.publication();
  EXPECT_EQ(publication.event_package(), "presence");
  ASSERT_EQ(publication.presence().tuples_size(), 1);
  EXPECT_FALSE(publication.presence().tuples(0).id().empty());
  EXPECT_EQ(publication.presence().tuples(0).basic(), v1::OPEN);
  EXPECT_EQ(publication.presence().tuples(0).notes(0).text(), "back at noon");
  EXPECT_EQ(publication.presence().persons(0).rich().activities().values_size(), 2);
  EXPECT_EQ(publication.expiration_case(), v1::Publication::EXPIRATION_NOT_SET);
  EXPECT_EQ(publication.route(), v1::Publication::ROUTE_UNSPECIFIED);
}

TEST(PublicationRequestsTest, CallInAFewWords) {
  ASSERT_OK_AND_ASSIGN(const auto busy,
                       Create({"publish", "sip:a@b", "--call=confirmed", "--direction=recipient",
                               "--party=sip:bob@b", "--route=remote"}));
  ASSERT_OK_AND_ASSIGN(const auto idle, Create({"publish", "sip:a@b", "--call=idle"}));

  const v1::DialogInfoDialog& dialog = busy.publication().dialog_info().dialogs(0);
  EXPECT_EQ(busy.publication().event_package(), "dialog");
  EXPECT_EQ(busy.publication().route(), v1::Publication::REMOTE);
  EXPECT_EQ(dialog.state(), v1::CONFIRMED);
  EXPECT_EQ(dialog.direction(), v1::RECIPIENT);
  EXPECT_EQ(dialog.remote().identity(), "sip:bob@b");
  EXPECT_TRUE(idle.publication().has_dialog_info());
  EXPECT_EQ(idle.publication().dialog_info().dialogs_size(), 0);
}

TEST(PublicationRequestsTest, MailboxInAFewWords) {
  ASSERT_OK_AND_ASSIGN(const auto request,
                       Create({"publish", "sip:a@b", "--waiting=yes", "--voice=2/5"}));

  const v1::MessageSummary& summary = request.publication().message_summary();
  EXPECT_EQ(request.publication().event_package(), "message-summary");
  EXPECT_TRUE(summary.messages_waiting());
  EXPECT_EQ(summary.counts(0).class_(), v1::VOICE_MESSAGE);
  EXPECT_EQ(summary.counts(0).new_count(), 2u);
  EXPECT_EQ(summary.counts(0).old_count(), 5u);
}

TEST(PublicationRequestsTest, WhatDoesNotGoTogetherIsSaid) {
  const auto refused = [](const std::vector<std::string>& more, const std::string& why) {
    std::vector<std::string> args = {"publish", "sip:a@b"};
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_THAT(Create(args), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  };
  refused({}, "needs --body=FILE");
  refused({"--basic=open", "--call=early"}, "--basic and --call do not go together");
  refused({"--call=early", "--note=x"}, "--note goes with --basic");
  refused({"--call=idle", "--party=sip:bob@b"}, "--party goes with a call");
  refused({"--call=idle", "--direction=initiator"}, "--direction goes with a call");
  refused({"--basic=open", "--content_type=text/plain"}, "--content_type goes with --body");
  refused({"--body=/nonexistent", "--content_type=a/b", "--event=x"}, "cannot be read");
  refused({"--body=-", "--event=x"}, "--body needs --content_type");
  refused({"--body=-", "--content_type=a/b"}, "--body needs --event");
  refused({"--waiting=yes", "--voice=two"}, "expected NEW/OLD");
  refused({"--basic=maybe"}, "expected open or closed");
}

TEST(PublicationRequestsTest, UpdateSaysWhatChanges) {
  ASSERT_OK_AND_ASSIGN(const auto state, Update({"publications", "update", "publications/1",
                                                 "--basic=closed", "--etag=e1"}));
  ASSERT_OK_AND_ASSIGN(const auto time,
                       Update({"publications", "update", "publications/1", "--ttl=2h"}));

  EXPECT_EQ(state.publication().name(), "publications/1");
  EXPECT_EQ(state.publication().etag(), "e1");
  EXPECT_EQ(state.publication().presence().tuples(0).basic(), v1::CLOSED);
  EXPECT_FALSE(state.publication().has_ttl());
  EXPECT_EQ(time.publication().ttl().seconds(), 7200);
  EXPECT_EQ(time.publication().content_case(), v1::Publication::CONTENT_NOT_SET);
  EXPECT_THAT(Update({"publications", "update", "publications/1"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("needs --body=FILE")));
}

}  // namespace
}  // namespace sipevents::client
