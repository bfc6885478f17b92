#include "gateway/rpc/resource_list_service.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sip/base/bound_error.h"
#include "tests/gateway/rpc/serving_fixture.h"

// ResourceLists, over a real connection, and the table behind them.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::ResourceLists::Stub;

constexpr char kLamps[] = "sip:lamps@example.com";

class ResourceListServiceTest : public ServingFixture {
 protected:
  void SetUp() override {
    table_ = std::make_shared<ResourceListTable>(
        ResourceListTable::Options{.max_lists = 3, .max_members = 6},
        ResourceListTable::Parts{event_server_, clock_, random_, executor_});
    service_ = std::make_unique<ResourceListService>(
        "", ResourceListService::Parts{*table_, event_server_, *authenticator_, authorizer_,
                                       executor_, metrics_});
    stub_ = v1::ResourceLists::NewStub(Serve(*service_));
  }
  void TearDown() override { Stop(); }

  static v1::ResourceList Lamps(const std::vector<std::string>& members,
                                const std::string& uri = kLamps) {
    v1::ResourceList list;
    list.set_list_uri(uri);
    for (const std::string& member : members) list.add_members()->set_uri(member);
    return list;
  }

  absl::StatusOr<v1::ResourceList> Create(const v1::ResourceList& list,
                                          const std::string& caller = "alice") {
    v1::CreateResourceListRequest request;
    *request.mutable_resource_list() = list;
    v1::ResourceList made;
    const absl::Status status = Call(*stub_, &Stub::CreateResourceList, request, made, caller);
    if (!status.ok()) return status;
    return made;
  }
  absl::StatusOr<v1::ResourceList> Get(const std::string& name,
                                       const std::string& caller = "alice") {
    v1::GetResourceListRequest request;
    request.set_name(name);
    v1::ResourceList found;
    const absl::Status status = Call(*stub_, &Stub::GetResourceList, request, found, caller);
    if (!status.ok()) return status;
    return found;
  }
  absl::StatusOr<v1::ResourceList> Update(const v1::ResourceList& list,
                                          const std::string& caller = "alice") {
    v1::UpdateResourceListRequest request;
    *request.mutable_resource_list() = list;
    v1::ResourceList changed;
    const absl::Status status = Call(*stub_, &Stub::UpdateResourceList, request, changed, caller);
    if (!status.ok()) return status;
    return changed;
  }
  absl::Status Delete(const std::string& name, const std::string& etag = "",
                      const std::string& caller = "alice") {
    v1::DeleteResourceListRequest request;
    request.set_name(name);
    request.set_etag(etag);
    google::protobuf::Empty empty;
    return Call(*stub_, &Stub::DeleteResourceList, request, empty, caller);
  }
  std::vector<std::string> List(const std::string& caller = "alice") {
    std::vector<std::string> uris;
    v1::ListResourceListsRequest request;
    request.set_page_size(1);
    do {
      v1::ListResourceListsResponse page;
      EXPECT_OK(Call(*stub_, &Stub::ListResourceLists, request, page, caller));
      for (const v1::ResourceList& list : page.resource_lists()) uris.push_back(list.list_uri());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return uris;
  }

  std::shared_ptr<ResourceListTable> table_;
  std::unique_ptr<ResourceListService> service_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(ResourceListServiceTest, ListIsServedWhenTheCallReturns) {
  v1::ResourceList lamps = Lamps({"sip:201@EXAMPLE.com", "sip:202@example.com"});
  lamps.mutable_members(0)->set_display_name("Front desk");

  ASSERT_OK_AND_ASSIGN(const v1::ResourceList made, Create(lamps));

  EXPECT_EQ(made.members(0).uri(), "sip:201@example.com");
  ASSERT_THAT(event_server_.lists(), SizeIs(1));
  const sip::ServedList served = event_server_.lists().at(kLamps);
  EXPECT_THAT(served.members,
              ElementsAre(sip::ServedList::Member{"sip:201@example.com", "Front desk"},
                          sip::ServedList::Member{"sip:202@example.com", ""}));
  ASSERT_OK_AND_ASSIGN(const v1::ResourceList found, Get(made.name()));
  EXPECT_EQ(found.SerializeAsString(), made.SerializeAsString());
}

TEST_F(ResourceListServiceTest, FieldsThatCannotBeUsedAreNamed) {
  const auto refused = [&](const v1::ResourceList& list, const std::string& field) {
    EXPECT_THAT(Create(list), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  };
  refused(Lamps({"sip:201@example.com"}, "sip:lamps@example.org"), "resource_list.list_uri");
  refused(Lamps({"sip:201@example.com"}, "lamps"), "resource_list.list_uri");
  refused(Lamps({}), "resource_list.members");
  refused(Lamps(std::vector<std::string>(1001, "sip:201@example.com")), "resource_list.members");
  refused(Lamps({"sip:201@example.com", "sip:201@EXAMPLE.com"}), "resource_list.members[1].uri");
  v1::ResourceList name = Lamps({"sip:201@example.com"});
  name.mutable_members(0)->set_display_name("two\nlines");
  refused(name, "resource_list.members[0].display_name");
  EXPECT_THAT(event_server_.lists(), IsEmpty());
}

TEST_F(ResourceListServiceTest, UriIsOfOneListAtATime) {
  ASSERT_OK_AND_ASSIGN(const v1::ResourceList made, Create(Lamps({"sip:201@example.com"})));

  EXPECT_THAT(Create(Lamps({"sip:202@example.com"}), "bob"),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(Create(Lamps({"sip:202@example.com"}, "sips:lamps@example.com"), "bob"),
              StatusIs(absl::StatusCode::kAlreadyExists));

  ASSERT_OK(Delete(made.name()));
  EXPECT_OK(Create(Lamps({"sip:202@example.com"}), "bob").status());
}

TEST_F(ResourceListServiceTest, OthersDoNotSeeItAndPermissionIsNeeded) {
  ASSERT_OK_AND_ASSIGN(const v1::ResourceList made, Create(Lamps({"sip:201@example.com"})));

  EXPECT_THAT(Get(made.name(), "bob"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(made.name(), "", "other"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List("bob"), IsEmpty());
  EXPECT_THAT(List("admin"), ElementsAre(kLamps));
  EXPECT_THAT(Create(Lamps({"sip:201@example.com"}, "sip:all@example.com"), "phones"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(Create(Lamps({"sip:201@example.com"}, "sip:phones@example.com"), "phones").status());
}

TEST_F(ResourceListServiceTest, UpdateReplacesTheMembersAndTheEtag) {
  ASSERT_OK_AND_ASSIGN(v1::ResourceList list, Create(Lamps({"sip:201@example.com"})));
  const std::string stale = list.etag();
  list.mutable_members(0)->set_uri("sip:202@example.com");

  ASSERT_OK_AND_ASSIGN(const v1::ResourceList changed, Update(list));

  EXPECT_THAT(event_server_.lists().at(kLamps).members,
              ElementsAre(sip::ServedList::Member{"sip:202@example.com", ""}));
  EXPECT_NE(changed.etag(), stale);
  EXPECT_THAT(Update(list), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Delete(list.name(), stale), StatusIs(absl::StatusCode::kAborted));
  list.set_etag("");
  list.set_list_uri("sip:more@example.com");
  EXPECT_THAT(Update(list), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("list_uri")));
}

TEST_F(ResourceListServiceTest, ChangeThatIsRefusedLeavesWhatWasThere) {
  ASSERT_OK_AND_ASSIGN(v1::ResourceList list, Create(Lamps({"sip:201@example.com"})));
  event_server_.RefuseWith(sip::BoundError("list_members", "too many"));
  list.mutable_members(0)->set_uri("sip:202@example.com");

  EXPECT_THAT(Update(list), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Create(Lamps({"sip:201@example.com"}, "sip:more@example.com")),
              StatusIs(absl::StatusCode::kResourceExhausted));

  ASSERT_OK_AND_ASSIGN(const v1::ResourceList found, Get(list.name()));
  EXPECT_EQ(found.members(0).uri(), "sip:201@example.com");
  EXPECT_EQ(found.etag(), list.etag());
  EXPECT_THAT(List(), ElementsAre(kLamps));
}

TEST_F(ResourceListServiceTest, BoundsRefuseAndSayWhich) {
  ASSERT_OK_AND_ASSIGN(
      v1::ResourceList list,
      Create(Lamps({"sip:1@example.com", "sip:2@example.com", "sip:3@example.com"})));
  EXPECT_THAT(
      Create(Lamps(
          {"sip:1@example.com", "sip:2@example.com", "sip:3@example.com", "sip:4@example.com"},
          "sip:a@example.com")),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_resource_list_members")));
  for (const char* uri : {"sip:a@example.com", "sip:b@example.com"}) {
    ASSERT_OK(Create(Lamps({"sip:1@example.com"}, uri)).status());
  }
  EXPECT_THAT(Create(Lamps({"sip:1@example.com"}, "sip:c@example.com")),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_resource_lists")));
  EXPECT_THAT(metrics_.Text(), HasSubstr("bound=\"max_resource_lists\"} 1"));
}

TEST_F(ResourceListServiceTest, DeletedListIsServedNoMore) {
  ASSERT_OK_AND_ASSIGN(const v1::ResourceList made, Create(Lamps({"sip:201@example.com"})));

  ASSERT_OK(Delete(made.name(), made.etag()));

  EXPECT_THAT(event_server_.lists(), IsEmpty());
  EXPECT_THAT(Get(made.name()), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(ResourceListServiceTest, DrainRefusesCalls) {
  service_->BeginDrain();

  EXPECT_THAT(Create(Lamps({"sip:201@example.com"})), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(service_->AwaitDrained(absl::Now()));
}

}  // namespace
}  // namespace sipevents::gateway
