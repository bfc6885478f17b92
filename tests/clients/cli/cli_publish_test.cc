#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "sipevents/v1/publications.grpc.pb.h"
#include "sipevents/v1/resource_lists.grpc.pb.h"
#include "sipevents/v1/watchers.grpc.pb.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/cli/cli_process.h"
#include "tests/clients/fake_gateway.h"

// The real program: what publishes, decides about watchers, and keeps lists.

namespace sipevents::client {
namespace {

using ::sipevents::testing::IsOkAndHolds;
using testing::CliProcess;
using ::testing::ElementsAre;
using testing::GatewayError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A gateway that keeps one Publication, and notes what is asked of it.
class FakePublications : public v1::Publications::Service {
 public:
  grpc::Status CreatePublication(grpc::ServerContext* /*context*/,
                                 const v1::CreatePublicationRequest* request,
                                 v1::Publication* response) override {
    if (request->publication().target_uri() == "sip:refused@b") {
      return GatewayError(grpc::StatusCode::ABORTED, "no", "ETAG_MISMATCH");
    }
    const std::scoped_lock lock(mutex_);
    creates_.push_back(*request);
    *response = request->publication();
    response->set_name("publications/" + std::to_string(creates_.size()));
    return grpc::Status::OK;
  }
  grpc::Status UpdatePublication(grpc::ServerContext* /*context*/,
                                 const v1::UpdatePublicationRequest* request,
                                 v1::Publication* response) override {
    const std::scoped_lock lock(mutex_);
    updates_.push_back(*request);
    if (request->publication().name() == forgotten_) {
      return GatewayError(grpc::StatusCode::NOT_FOUND, "gone", "PUBLICATION_NOT_FOUND");
    }
    if (refuses_) return GatewayError(grpc::StatusCode::PERMISSION_DENIED, "no", "NO");
    *response = request->publication();
    return grpc::Status::OK;
  }
  grpc::Status DeletePublication(grpc::ServerContext* /*context*/,
                                 const v1::DeletePublicationRequest* request,
                                 google::protobuf::Empty* /*response*/) override {
    const std::scoped_lock lock(mutex_);
    deleted_.push_back(request->name() + " " + request->etag());
    return grpc::Status::OK;
  }
  grpc::Status ListPublications(grpc::ServerContext* /*context*/,
                                const v1::ListPublicationsRequest* request,
                                v1::ListPublicationsResponse* response) override {
    const bool first = request->page_token().empty();
    response->add_publications()->set_name(first ? "publications/1" : request->target_uri());
    if (first) response->set_next_page_token("more");
    return grpc::Status::OK;
  }
  grpc::Status WatchPublications(
      grpc::ServerContext* context, const v1::WatchPublicationsRequest* /*request*/,
      grpc::ServerWriter<v1::WatchPublicationsResponse>* writer) override {
    v1::WatchPublicationsResponse response;
    response.add_items()->mutable_publication()->set_name("publications/1");
    const bool leaves = leaves_.exchange(false);
    response.add_items()->mutable_bookmark()->set_kind(
        leaves ? v1::Bookmark::DRAIN : v1::Bookmark::INITIAL_STATE_COMPLETE);
    writer->Write(response);
    while (!context->IsCancelled()) usleep(1000);
    return grpc::Status::OK;
  }

  // The next stream is told that the gateway is leaving.
  void Leave() { leaves_.store(true); }

  // This Publication is over, as after a restart.
  void Forget(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    forgotten_ = name;
  }
  // No update is allowed from now on.
  void Refuse() {
    const std::scoped_lock lock(mutex_);
    refuses_ = true;
  }

  std::vector<v1::CreatePublicationRequest> creates() const {
    const std::scoped_lock lock(mutex_);
    return creates_;
  }
  std::vector<v1::UpdatePublicationRequest> updates() const {
    const std::scoped_lock lock(mutex_);
    return updates_;
  }
  std::vector<std::string> deleted() const {
    const std::scoped_lock lock(mutex_);
    return deleted_;
  }

 private:
  std::atomic<bool> leaves_{false};
  mutable std::mutex mutex_;
  std::string forgotten_;
  bool refuses_ = false;
  std::vector<v1::CreatePublicationRequest> creates_;
  std::vector<v1::UpdatePublicationRequest> updates_;
  std::vector<std::string> deleted_;
};

class FakeWatchers : public v1::Watchers::Service {
 public:
  grpc::Status AuthorizeWatcher(grpc::ServerContext* /*context*/,
                                const v1::AuthorizeWatcherRequest* request,
                                v1::WatcherRule* response) override {
    response->set_name(request->name());
    response->set_target_uri(request->target_uri());
    response->set_watcher_uri(request->watcher_uri());
    response->set_decision(request->decision());
    return grpc::Status::OK;
  }
};

class FakeLists : public v1::ResourceLists::Service {
 public:
  grpc::Status CreateResourceList(grpc::ServerContext* /*context*/,
                                  const v1::CreateResourceListRequest* request,
                                  v1::ResourceList* response) override {
    *response = request->resource_list();
    return grpc::Status::OK;
  }
};

class CliPublishTest : public ::testing::Test {
 protected:
  CliPublishTest() {
    Listen();
    gateway_ = "--gateway=127.0.0.1:" + std::to_string(port_);
  }

  // At the port it had before, if it had one.
  void Listen() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_),
                             grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&publications_);
    builder.RegisterService(&watchers_);
    builder.RegisterService(&lists_);
    server_ = builder.BuildAndStart();
  }
  // Ends all streams, and listens no more.
  void Crash() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }

  // What one run prints as JSON.
  std::string Out(std::vector<std::string> args) {
    args.insert(args.end(), {gateway_, "--format=json"});
    CliProcess cli(args);
    EXPECT_THAT(cli.Wait(), IsOkAndHolds(0)) << cli.err();
    return cli.out();
  }

  FakePublications publications_;
  FakeWatchers watchers_;
  FakeLists lists_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::string gateway_;
};

TEST_F(CliPublishTest, PublishPrintsThePublicationAsOneLine) {
  EXPECT_EQ(Out({"publish", "sip:a@b", "--basic=open"}),
            R"({"name":"publications/1","targetUri":"sip:a@b","eventPackage":"presence",)"
            R"("presence":{"tuples":[{"id":"sipevents","basic":"OPEN"}]}})"
            "\n");
}

TEST_F(CliPublishTest, ErrorOfTheGatewayExitsWithTwo) {
  CliProcess cli({"publish", "sip:refused@b", "--basic=open", gateway_, "--format=json"});

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(2));
  EXPECT_THAT(cli.out(), HasSubstr(R"({"error":{"code":"ABORTED")"));
}

TEST_F(CliPublishTest, KeptOneIsRenewedUntilASignalAndThenWithdrawn) {
  CliProcess cli(
      {"publish", "sip:a@b", "--basic=open", "--keep", "--ttl=300ms", gateway_, "--format=json"});
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr(R"("ttl":"0.300s")")));
  while (publications_.updates().size() < 2) usleep(1000);
  EXPECT_THAT(publications_.deleted(), IsEmpty());

  cli.Signal(SIGTERM);

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(publications_.deleted(), ElementsAre("publications/1 "));
  const v1::Publication renewed = publications_.updates()[0].publication();
  EXPECT_EQ(renewed.name(), "publications/1");
  EXPECT_EQ(renewed.content_case(), v1::Publication::CONTENT_NOT_SET);
}

TEST_F(CliPublishTest, KeptOneThatARestartedGatewayForgotIsPublishedAnew) {
  CliProcess cli({"publish", "sip:a@b", "--basic=open", "--keep", "--ttl=300ms",
                  "--request_id=first", gateway_, "--format=json"});
  EXPECT_OK(cli.NextLine());

  Crash();
  EXPECT_OK(cli.WaitForRemark("trying again"));
  publications_.Forget("publications/1");
  Listen();

  EXPECT_OK(
      cli.WaitForRemark("does not know publications/1 any more; published anew as "
                        "publications/2"));
  EXPECT_OK(cli.WaitForRemark("connected to 127.0.0.1:" + std::to_string(port_)));
  const std::vector<v1::CreatePublicationRequest> creates = publications_.creates();
  ASSERT_THAT(creates, SizeIs(2));
  EXPECT_EQ(creates[1].publication().SerializeAsString(),
            creates[0].publication().SerializeAsString());
  EXPECT_NE(creates[1].request_id(), "first");
  const size_t before = publications_.updates().size();
  while (publications_.updates().size() == before) usleep(1000);
  EXPECT_EQ(publications_.updates().back().publication().name(), "publications/2");
  cli.Signal(SIGTERM);
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(publications_.deleted(), ElementsAre("publications/2 "));
}

TEST_F(CliPublishTest, KeptOneThatWaitsForTheGatewayEndsAtASignal) {
  CliProcess cli({"publish", "sip:a@b", "--basic=open", "--keep", "--ttl=300ms", gateway_});
  EXPECT_OK(cli.NextLine());
  Crash();
  EXPECT_OK(cli.WaitForRemark("trying again"));

  cli.Signal(SIGTERM);

  // It could not be withdrawn.
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(3));
}

TEST_F(CliPublishTest, KeptOneThatIsRefusedForGoodEnds) {
  CliProcess cli({"publish", "sip:a@b", "--basic=open", "--keep", "--ttl=300ms", gateway_});
  EXPECT_OK(cli.NextLine());

  publications_.Refuse();

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(2));
}

TEST_F(CliPublishTest, PublicationsAreListedChangedAndDeleted) {
  EXPECT_EQ(Out({"publications", "list", "sip:a@b"}),
            "{\"name\":\"publications/1\"}\n{\"name\":\"sip:a@b\"}\n");
  EXPECT_THAT(Out({"publications", "update", "publications/1", "--call=idle", "--etag=e"}),
              HasSubstr(R"("dialogInfo":{})"));
  EXPECT_THAT(publications_.updates(), SizeIs(1));
  EXPECT_EQ(Out({"publications", "delete", "publications/1", "--etag=e"}), "");
  EXPECT_THAT(publications_.deleted(), ElementsAre("publications/1 e"));
}

TEST_F(CliPublishTest, WatchPrintsItemsUntilASignal) {
  CliProcess cli({"publications", "watch", gateway_, "--format=json"});

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(R"({"publication":{"name":"publications/1"}})"));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(R"({"bookmark":{"kind":"INITIAL_STATE_COMPLETE"}})"));
  cli.Signal(SIGINT);
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
}

TEST_F(CliPublishTest, WatchEndsAfterItsCount) {
  EXPECT_EQ(Out({"publications", "watch", "--count=1"}),
            "{\"publication\":{\"name\":\"publications/1\"}}\n");
}

TEST_F(CliPublishTest, WatchThatBreaksBeginsAgainAndSaysSo) {
  CliProcess cli({"publications", "watch", gateway_, "--format=json", "--count=2"});
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("publications/1")));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("INITIAL_STATE_COMPLETE")));

  Crash();
  EXPECT_OK(cli.WaitForRemark("trying again"));
  Listen();

  EXPECT_OK(cli.WaitForRemark("connected to 127.0.0.1:" + std::to_string(port_)));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("publications/1")));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
}

TEST_F(CliPublishTest, WatchLeavesAGatewayThatIsLeaving) {
  publications_.Leave();
  CliProcess cli({"publications", "watch", gateway_, "--format=json", "--count=2"});

  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("publications/1")));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("DRAIN")));
  EXPECT_OK(cli.WaitForRemark("the gateway is leaving"));
  EXPECT_THAT(cli.NextLine(), IsOkAndHolds(HasSubstr("publications/1")));
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
}

TEST_F(CliPublishTest, WatchThatWaitsForTheGatewayEndsAtASignal) {
  CliProcess cli({"publications", "watch", gateway_, "--format=json"});
  EXPECT_OK(cli.NextLine());
  Crash();
  EXPECT_OK(cli.WaitForRemark("trying again"));

  cli.Signal(SIGTERM);

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));
}

TEST_F(CliPublishTest, WatchThatCannotEverBeIsAnError) {
  CliProcess refused({"watchers", "watch", gateway_, "--format=json"});
  EXPECT_THAT(refused.Wait(), IsOkAndHolds(2));
  EXPECT_THAT(refused.out(), HasSubstr("UNIMPLEMENTED"));

  Crash();
  CliProcess nobody({"watchers", "watch", gateway_, "--connect_timeout=0s"});
  EXPECT_THAT(nobody.Wait(), IsOkAndHolds(3));
  EXPECT_THAT(nobody.err(), HasSubstr("cannot reach"));
}

TEST_F(CliPublishTest, DecisionIsByNameOrByWhoIsMeant) {
  EXPECT_EQ(Out({"watchers", "authorize", "watchers/w1", "--decision=allow"}),
            "{\"name\":\"watchers/w1\",\"decision\":\"ALLOW\"}\n");
  EXPECT_EQ(Out({"watchers", "authorize", "sip:a@b", "--event=presence", "--watcher=sip:bob@b",
                 "--decision=polite_block"}),
            "{\"targetUri\":\"sip:a@b\",\"watcherUri\":\"sip:bob@b\",\"decision\":\"POLITE_BLOCK\"}"
            "\n");
  CliProcess undecided({"watchers", "authorize", "watchers/w1", gateway_});
  EXPECT_THAT(undecided.Wait(), IsOkAndHolds(1));
  CliProcess nobody({"watchers", "authorize", "sip:a@b", "--decision=deny", gateway_});
  EXPECT_THAT(nobody.Wait(), IsOkAndHolds(1));
  EXPECT_THAT(nobody.err(), HasSubstr("--event and --watcher"));
}

TEST_F(CliPublishTest, ListHasMembersAndTheirNames) {
  EXPECT_EQ(
      Out({"lists", "create", "sip:lamps@b", "--member=sip:1@b Front desk", "--member=sip:2@b"}),
      "{\"listUri\":\"sip:lamps@b\",\"members\":[{\"uri\":\"sip:1@b\",\"displayName\":"
      "\"Front desk\"},{\"uri\":\"sip:2@b\"}]}\n");
}

}  // namespace
}  // namespace sipevents::client
