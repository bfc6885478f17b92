#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/gateway/publications/registry_fixture.h"

// Many callers, SIP threads and the executor's threads at once. Meant for ThreadSanitizer too:
// nothing here links gRPC.

namespace sipevents::gateway {
namespace {

using ::testing::IsEmpty;

constexpr int kCallers = 4;
constexpr int kRounds = 60;

class PublicationThreadsTest : public PublicationFixture {
 protected:
  PublicationThreadsTest() : busy_executor_(2) {}

  void SetUp() override {
    registry_ = std::make_shared<PublicationRegistry>(
        PublicationRegistry::Options{},
        PublicationRegistry::Parts{publisher_, server_, clock_, random_, busy_executor_, metrics_});
  }
  void TearDown() override {
    busy_executor_.Shutdown();
    registry_.reset();  // before the executor
  }

  // Waits for the answer; an error if none comes.
  absl::StatusOr<std::string> NameOf(const std::function<void(PublicationRegistry::Done)>& call) {
    struct Waiting {
      std::atomic<bool> done{false};
      absl::StatusOr<std::string> name = absl::UnknownError("no answer");
    };
    auto waiting = std::make_shared<Waiting>();
    call([waiting](const Answer& answer) {
      if (answer.ok()) {
        waiting->name = (*answer)->name();
      } else {
        waiting->name = answer.status();
      }
      waiting->done.store(true);
    });
    while (!waiting->done.load()) std::this_thread::yield();
    return waiting->name;
  }

  // Creates, changes and deletes.
  void LiveOn(int number) {
    const ResourceAsker asker = {
        .tenant = "acme", .caller = absl::StrCat("caller", number), .admin = false};
    for (int round = 0; round < kRounds; ++round) {
      const bool local = round % 2 == 0;
      const auto made = NameOf(
          [&](auto done) { registry_->Create(asker, Order("open", local), std::move(done)); });
      ASSERT_OK(made.status());
      ASSERT_OK(NameOf([&](auto done) {
                  registry_->Update(asker, *made, {.content = Content("closed")}, std::move(done));
                }).status());
      const auto found = registry_->Find(asker, *made);
      ASSERT_OK(found.status());
      EXPECT_EQ((*found)->Describe().body().data(), "closed");
      registry_->ListAfter("acme", "", 100);
      if (round % 4 == 3) continue;  // its time will be over
      ASSERT_OK(NameOf([&](auto done) {
                  registry_->Delete(asker, *made, "", std::move(done));
                }).status());
    }
  }

  FanoutExecutor busy_executor_;
};

TEST_F(PublicationThreadsTest, NothingIsLostAndNothingIsLeft) {
  std::atomic<int> heard{0};
  auto listener = registry_->feed()->Join({.tenant = "acme"},
                                          [&](const PublicationRegistry::Publication& publication) {
                                            publication->EncodeItem();
                                            ++heard;
                                          });
  std::atomic<bool> stopping{false};
  std::thread sip([&] {
    while (!stopping.load()) {
      const size_t count = publisher_.requests().size();
      for (size_t id = 1; id <= count; ++id) publisher_.TellActive(id, 1);
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) callers.emplace_back([this, i] { LiveOn(i); });
  for (std::thread& caller : callers) caller.join();
  stopping.store(true);
  sip.join();

  EXPECT_EQ(registry_->size(), static_cast<size_t>(kCallers * kRounds / 4));
  EXPECT_GT(heard.load(), 0);
  listener.reset();
  EXPECT_THAT(server_.states(), IsEmpty());  // all those that remain are REMOTE
}

}  // namespace
}  // namespace sipevents::gateway
