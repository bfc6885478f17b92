#include "gateway/rpc/publication_service.h"

#include <memory>
#include <string>
#include <vector>

#include "gateway/rpc/timestamps.h"
#include "gmock/gmock.h"
#include "tests/fakes/fake_publisher.h"
#include "tests/gateway/rpc/serving_fixture.h"

// Publications, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::Publications::Stub;

constexpr char kDesk[] = "sip:desk@example.com";

class PublicationServiceTest : public ServingFixture {
 protected:
  void SetUp() override {
    registry_ = std::make_shared<PublicationRegistry>(
        PublicationRegistry::Options{.max_publications = 3},
        PublicationRegistry::Parts{publisher_, event_server_, clock_, random_, executor_,
                                   metrics_});
    service_ = std::make_unique<PublicationService>(
        PublicationService::Options{.own_identity = "sip:gateway@example.com"},
        PublicationService::Parts{*registry_, event_server_, *authenticator_, authorizer_, clock_,
                                  executor_, metrics_});
    stub_ = v1::Publications::NewStub(Serve(*service_));
  }
  void TearDown() override { Stop(); }

  static v1::CreatePublicationRequest OpenDesk(const std::string& target = kDesk) {
    v1::CreatePublicationRequest request;
    v1::Publication& publication = *request.mutable_publication();
    publication.set_target_uri(target);
    publication.set_event_package("presence");
    v1::PresenceTuple& tuple = *publication.mutable_presence()->add_tuples();
    tuple.set_id("desk");
    tuple.set_basic(v1::OPEN);
    return request;
  }

  absl::StatusOr<v1::Publication> Create(const v1::CreatePublicationRequest& request,
                                         const std::string& caller = "alice") {
    v1::Publication made;
    const absl::Status status = Call(*stub_, &Stub::CreatePublication, request, made, caller);
    if (!status.ok()) return status;
    return made;
  }
  absl::StatusOr<v1::Publication> Get(const std::string& name,
                                      const std::string& caller = "alice") {
    v1::GetPublicationRequest request;
    request.set_name(name);
    v1::Publication found;
    const absl::Status status = Call(*stub_, &Stub::GetPublication, request, found, caller);
    if (!status.ok()) return status;
    return found;
  }
  absl::StatusOr<v1::Publication> Update(const v1::UpdatePublicationRequest& request,
                                         const std::string& caller = "alice") {
    v1::Publication changed;
    const absl::Status status = Call(*stub_, &Stub::UpdatePublication, request, changed, caller);
    if (!status.ok()) return status;
    return changed;
  }
  absl::Status Delete(const std::string& name, const std::string& etag = "",
                      const std::string& caller = "alice") {
    v1::DeletePublicationRequest request;
    request.set_name(name);
    request.set_etag(etag);
    google::protobuf::Empty empty;
    return Call(*stub_, &Stub::DeletePublication, request, empty, caller);
  }
  std::vector<std::string> List(v1::ListPublicationsRequest request,
                                const std::string& caller = "alice") {
    std::vector<std::string> names;
    do {
      v1::ListPublicationsResponse page;
      EXPECT_OK(Call(*stub_, &Stub::ListPublications, request, page, caller));
      for (const v1::Publication& publication : page.publications()) {
        names.push_back(publication.name());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  sip::FakePublisher publisher_;
  std::shared_ptr<PublicationRegistry> registry_;
  std::unique_ptr<PublicationService> service_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(PublicationServiceTest, ServedDomainIsPublishedHereAndAnyOtherElsewhere) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication here, Create(OpenDesk()));
  ASSERT_OK_AND_ASSIGN(const v1::Publication there, Create(OpenDesk("sip:Desk@EXAMPLE.org")));

  EXPECT_EQ(here.route(), v1::Publication::LOCAL);
  EXPECT_EQ(here.state(), v1::Publication::ACTIVE);
  EXPECT_EQ(here.expire_time().seconds(), absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
  EXPECT_THAT(event_server_.states().begin()->second.body, HasSubstr("open"));
  EXPECT_EQ(there.route(), v1::Publication::REMOTE);
  EXPECT_EQ(there.state(), v1::Publication::PUBLISHING);
  EXPECT_EQ(there.target_uri(), "sip:Desk@example.org");
  ASSERT_THAT(publisher_.requests(), SizeIs(1));
  EXPECT_EQ(publisher_.requests()[0].target_uri, "sip:Desk@example.org");
  EXPECT_EQ(publisher_.requests()[0].content_type, "application/pidf+xml");
}

TEST_F(PublicationServiceTest, FieldsThatCannotBeUsedAreNamed) {
  struct Case {
    const char* field;
    std::function<void(v1::CreatePublicationRequest&)> spoil;
  };
  const Case cases[] = {
      {"publication.target_uri", [](auto& r) { r.mutable_publication()->clear_target_uri(); }},
      {"publication.event_package",
       [](auto& r) { r.mutable_publication()->set_event_package("pre sence"); }},
      {"publication.event_package",
       [](auto& r) { r.mutable_publication()->set_event_package("presence.winfo"); }},
      {"publication.event_package",
       [](auto& r) { r.mutable_publication()->set_event_package("reg"); }},
      {"publication.body.content_type",
       [](auto& r) {
         r.mutable_publication()->set_event_package("x-mine");
         r.mutable_publication()->mutable_body()->set_content_type("text/plain\r\nX: y");
       }},
      {"publication.content", [](auto& r) { r.mutable_publication()->clear_content(); }},
      {"publication.presence.tuples[0].id",
       [](auto& r) { r.mutable_publication()->mutable_presence()->mutable_tuples(0)->clear_id(); }},
      {"publication.target_uri",
       [](auto& r) {
         r.mutable_publication()->set_target_uri("sip:desk@example.org");
         r.mutable_publication()->set_route(v1::Publication::LOCAL);
       }},
      {"publication.ttl",
       [](auto& r) { r.mutable_publication()->mutable_ttl()->set_nanos(999'000'000); }},
      {"publication.ttl",
       [](auto& r) { r.mutable_publication()->mutable_ttl()->set_seconds(30 * 86'400 + 1); }},
      {"publication.expire_time",
       [](auto& r) { r.mutable_publication()->mutable_expire_time()->set_seconds(1); }},
      {"publication.expire_time",
       [&](auto& r) {
         SetTime(clock_.Now() + absl::Hours(1), r.mutable_publication()->mutable_expire_time());
         r.mutable_publication()->mutable_expire_time()->set_nanos(1'000'000'000);
       }},
      {"publication.identity",
       [](auto& r) { r.mutable_publication()->set_identity("mailto:a@b"); }},
      {"request_id", [](auto& r) { r.set_request_id("one two"); }},
  };
  for (const Case& c : cases) {
    v1::CreatePublicationRequest request = OpenDesk();
    c.spoil(request);

    const absl::Status status = Create(request).status();

    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.field)));
    EXPECT_EQ(ErrorReasonOf(status), "INVALID_FIELD");
  }
  EXPECT_THAT(event_server_.states(), IsEmpty());
}

TEST_F(PublicationServiceTest, PackageThatIsNotServedIsRefusedHereAndSentElsewhere) {
  for (const char* package : {"reg", "x-mine"}) {
    v1::CreatePublicationRequest request = OpenDesk();
    request.mutable_publication()->set_event_package(package);
    request.mutable_publication()->mutable_body()->set_content_type("text/plain");
    request.mutable_publication()->mutable_body()->set_data("anything");
    v1::CreatePublicationRequest elsewhere = request;
    elsewhere.mutable_publication()->set_target_uri("sip:desk@example.org");

    const absl::Status status = Create(request).status();

    EXPECT_EQ(ErrorReasonOf(status), "INVALID_FIELD");
    EXPECT_EQ(status.message(),
              "publication.event_package is \"" + std::string(package) +
                  "\": expected presence, dialog, message-summary, vq-rtcpxr, the packages that "
                  "are served here, since the route is LOCAL");
    EXPECT_OK(Create(elsewhere).status());
  }
}

TEST_F(PublicationServiceTest, CallerPublishesWhatHeMay) {
  EXPECT_OK(Create(OpenDesk("sip:phone7@example.com"), "phones").status());
  EXPECT_THAT(Create(OpenDesk(), "phones"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("publish=sip:desk")));
  v1::CreatePublicationRequest mailbox = OpenDesk("sip:phone7@example.com");
  mailbox.mutable_publication()->set_event_package("message-summary");
  mailbox.mutable_publication()->mutable_message_summary()->set_messages_waiting(true);
  EXPECT_THAT(Create(mailbox, "phones"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("package=message-summary")));
  v1::CreatePublicationRequest as_other = OpenDesk();
  as_other.mutable_publication()->set_identity("sip:boss@example.com");
  EXPECT_THAT(Create(as_other, "bob"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("identity=")));
  EXPECT_THAT(Create(OpenDesk(), "nobody"), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(PublicationServiceTest, OthersDoNotSeeItAndAdminsOfTheTenantDo) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Create(OpenDesk()));

  for (const char* caller : {"bob", "other"}) {
    EXPECT_THAT(Get(made.name(), caller), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(Delete(made.name(), "", caller), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(List({}, caller), IsEmpty());
  }
  EXPECT_OK(Get(made.name(), "admin").status());
  EXPECT_THAT(List({}, "admin"), ElementsAre(made.name()));
  EXPECT_THAT(Get("publications/", "alice"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PublicationServiceTest, UpdateByMaskAndWithoutOne) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Create(OpenDesk()));
  v1::UpdatePublicationRequest request;
  *request.mutable_publication() = made;  // as it was read
  request.mutable_publication()->mutable_presence()->mutable_tuples(0)->set_basic(v1::CLOSED);

  ASSERT_OK_AND_ASSIGN(const v1::Publication closed, Update(request));

  EXPECT_THAT(event_server_.states().begin()->second.body, HasSubstr("closed"));
  EXPECT_NE(closed.etag(), made.etag());
  // The etag is stale by now.
  EXPECT_THAT(Update(request), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Delete(made.name(), made.etag()), StatusIs(absl::StatusCode::kAborted));

  v1::UpdatePublicationRequest longer;
  longer.mutable_publication()->set_name(made.name());
  longer.mutable_publication()->mutable_ttl()->set_seconds(7200);
  longer.mutable_update_mask()->add_paths("ttl");
  ASSERT_OK_AND_ASSIGN(const v1::Publication kept, Update(longer));
  EXPECT_EQ(kept.expire_time().seconds(), absl::ToUnixSeconds(clock_.Now() + absl::Hours(2)));
  EXPECT_THAT(event_server_.states().begin()->second.body, HasSubstr("closed"));

  v1::UpdatePublicationRequest all = longer;
  all.mutable_update_mask()->set_paths(0, "*");
  EXPECT_THAT(Update(all),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("publication.content")));
}

TEST_F(PublicationServiceTest, UpdateOfWhatDoesNotChangeIsRefused) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Create(OpenDesk()));
  const auto update = [&](const std::function<void(v1::UpdatePublicationRequest&)>& change) {
    v1::UpdatePublicationRequest request;
    *request.mutable_publication() = made;
    change(request);
    return Update(request).status();
  };

  EXPECT_THAT(update([](auto& r) { r.mutable_publication()->set_target_uri("sip:a@example.com"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("publication.target_uri")));
  EXPECT_THAT(update([](auto& r) { r.mutable_publication()->set_route(v1::Publication::REMOTE); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("publication.route")));
  EXPECT_THAT(update([](auto& r) { r.mutable_update_mask()->add_paths("presence.tuples"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("update_mask")));
  EXPECT_THAT(update([](auto& r) { r.mutable_update_mask()->add_paths("body"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("publication.body")));
  EXPECT_OK(update([](auto& r) {
    r.mutable_publication()->set_target_uri("sip:desk@EXAMPLE.com");
    r.mutable_update_mask()->add_paths("target_uri");
    r.mutable_update_mask()->add_paths("state");
  }));
}

TEST_F(PublicationServiceTest, RepeatedRequestGivesTheSamePublication) {
  v1::CreatePublicationRequest request = OpenDesk();
  request.set_request_id("0b9c2d5e-0001");
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Create(request));

  ASSERT_OK_AND_ASSIGN(const v1::Publication again, Create(request));
  request.mutable_publication()->mutable_presence()->mutable_tuples(0)->set_basic(v1::CLOSED);
  const absl::Status other = Create(request).status();

  EXPECT_EQ(again.SerializeAsString(), made.SerializeAsString());
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("request_id")));
  EXPECT_THAT(event_server_.states(), SizeIs(1));
}

TEST_F(PublicationServiceTest, BoundIsNamedAndCounted) {
  for (int i = 0; i < 3; ++i) ASSERT_OK(Create(OpenDesk()).status());

  EXPECT_THAT(Create(OpenDesk()),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_publications")));

  EXPECT_THAT(metrics_.Text(),
              HasSubstr("sipevents_bound_reached_total{bound=\"max_publications\"} 1"));
}

TEST_F(PublicationServiceTest, ListGoesByPagesAndByTarget) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication desk, Create(OpenDesk()));
  ASSERT_OK(Create(OpenDesk("sip:lobby@example.com")).status());
  v1::ListPublicationsRequest pages;
  pages.set_page_size(1);
  v1::ListPublicationsRequest of_desk;
  of_desk.set_target_uri("sip:desk@EXAMPLE.com");

  EXPECT_THAT(List(pages), SizeIs(2));
  EXPECT_THAT(List(of_desk), ElementsAre(desk.name()));

  v1::ListPublicationsResponse page;
  ASSERT_OK(Call(*stub_, &Stub::ListPublications, pages, page, "alice"));
  pages.set_page_token(page.next_page_token());
  EXPECT_THAT(Call(*stub_, &Stub::ListPublications, pages, page, "bob"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_token")));
}

// A client's WatchPublications.
class WatchCall {
 public:
  WatchCall(Stub& stub, std::unique_ptr<grpc::ClientContext> context)
      : context_(std::move(context)), reader_(stub.WatchPublications(context_.get(), {})) {}
  ~WatchCall() { context_->TryCancel(); }

  // The next item in a few words.
  std::string Next() {
    if (next_ == response_.items_size()) {
      next_ = 0;
      if (!reader_->Read(&response_)) return "end";
    }
    const v1::PublicationItem& item = response_.items(next_++);
    if (item.has_bookmark()) return v1::Bookmark::Kind_Name(item.bookmark().kind());
    return item.publication().target_uri() + " " +
           v1::Publication::State_Name(item.publication().state()) + " " +
           item.publication().reason();
  }
  absl::Status Finish() { return FromGrpcStatus(reader_->Finish()); }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchPublicationsResponse>> reader_;
  v1::WatchPublicationsResponse response_;
  int next_ = 0;
};

TEST_F(PublicationServiceTest, WatchShowsWhatThereIsAndThenEachChange) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Create(OpenDesk("sip:desk@example.org")));
  ASSERT_OK(Create(OpenDesk(), "bob").status());
  WatchCall watch(*stub_, As("alice"));
  ASSERT_EQ(watch.Next(), "sip:desk@example.org PUBLISHING ");
  ASSERT_EQ(watch.Next(), "INITIAL_STATE_COMPLETE");

  publisher_.TellActive(1, 1);
  EXPECT_EQ(watch.Next(), "sip:desk@example.org ACTIVE ");
  publisher_.TellEnded(1, "response", 403);
  EXPECT_EQ(watch.Next(), "sip:desk@example.org ENDED response");
  ASSERT_OK(Delete(made.name()));
  EXPECT_EQ(watch.Next(), "sip:desk@example.org ENDED deleted");
}

TEST_F(PublicationServiceTest, DrainEndsStreamsAndRefusesCalls) {
  WatchCall watch(*stub_, As("alice"));
  ASSERT_EQ(watch.Next(), "INITIAL_STATE_COMPLETE");

  service_->BeginDrain();

  EXPECT_EQ(watch.Next(), "DRAIN");
  EXPECT_EQ(watch.Next(), "end");
  EXPECT_THAT(watch.Finish(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Create(OpenDesk()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(service_->AwaitDrained(absl::Now() + kPatience));
}

TEST_F(PublicationServiceTest, SilentStreamHasHeartbeats) {
  v1::WatchPublicationsRequest request;
  request.mutable_heartbeat_interval()->set_nanos(1);
  const auto refused = As("alice");
  v1::WatchPublicationsResponse response;
  const auto none = stub_->WatchPublications(refused.get(), request);
  EXPECT_FALSE(none->Read(&response));
  EXPECT_THAT(FromGrpcStatus(none->Finish()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("heartbeat_interval")));

  request.mutable_heartbeat_interval()->set_seconds(1);
  request.mutable_heartbeat_interval()->set_nanos(0);
  const auto context = As("alice");
  const auto reader = stub_->WatchPublications(context.get(), request);
  ASSERT_TRUE(reader->Read(&response));
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.items(0).bookmark().kind(), v1::Bookmark::HEARTBEAT);
  context->TryCancel();
}

TEST_F(PublicationServiceTest, AgentThatGoesAwayEndsTheCall) {
  event_server_.HoldAnswers();
  absl::Status status;
  std::thread call([&] { status = Create(OpenDesk()).status(); });
  ASSERT_TRUE(Await([&] { return event_server_.held() == 1; }));

  event_server_.DropHeld();
  call.join();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(PublicationServiceTest, CallerWhoLeavesDoesNotMatter) {
  event_server_.HoldAnswers();
  const auto context = As("alice");
  absl::Status status;
  std::thread call([&] {
    v1::Publication made;
    status = FromGrpcStatus(stub_->CreatePublication(context.get(), OpenDesk(), &made));
  });
  ASSERT_TRUE(Await([&] { return event_server_.held() == 1; }));

  context->TryCancel();
  call.join();
  event_server_.AnswerHeld();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
  // He may ask for it by its request_id, or list it.
  EXPECT_TRUE(Await([&] { return List({}).size() == 1; }));
}

}  // namespace
}  // namespace sipevents::gateway
