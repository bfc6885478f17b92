#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "gateway/watch/watch_reader.h"
#include "tests/gateway/watch/log_fixture.h"

// The promise of the resume token: wherever a stream is cut, what the client has got so far,
// together with what it gets after resuming there, is the truth.

namespace sipevents::gateway {
namespace {

// What is known of the resource: the value that each dialog shows, and the last status.
struct State {
  std::map<std::string, std::string> dialogs;
  std::string status;

  bool operator==(const State&) const = default;
  std::string ToString() const {
    std::string text = absl::StrCat("status ", status);
    for (const auto& [dialog, value] : dialogs) absl::StrAppend(&text, ", ", dialog, "=", value);
    return text;
  }
};

// A client, which believes what api.md tells it to believe.
struct Client {
  State state;
  v1::WatchItem last;

  void Take(const v1::WatchItem& item) {
    last = item;
    if (item.has_gap()) state = State();
    if (item.has_event()) state.dialogs[item.event().dialog()] = item.event().body().data();
    if (item.has_dialog_ended()) state.dialogs.erase(item.dialog_ended().dialog());
    if (item.has_status()) state.status = v1::Subscription::State_Name(item.status().state());
  }
};

class WatchPropertyTest : public LogFixture, public ::testing::WithParamInterface<bool> {
 protected:
  int Random(int below) { return std::uniform_int_distribution<>(0, below - 1)(random_); }

  void AppendSomething() {
    const int choice = Random(10);
    if (choice == 0) {
      const auto state = static_cast<v1::Subscription::State>(1 + Random(4));
      Status(state);
      truth_.status = v1::Subscription::State_Name(state);
    } else if (choice == 1 && !living_.empty()) {
      const EntryKey key = RandomDialog();
      Ended(key);
      living_.erase(key);
      truth_.dialogs.erase(absl::StrCat("dialog-", key));
    } else {
      if (living_.empty() || (choice == 2 && living_.size() < 5)) living_.insert(++last_key_);
      const EntryKey key = RandomDialog();
      const std::string value = absl::StrCat(++events_);
      Event(key, value);
      truth_.dialogs[absl::StrCat("dialog-", key)] = value;
    }
  }

  EntryKey RandomDialog() {
    auto it = living_.begin();
    std::advance(it, Random(static_cast<int>(living_.size())));
    return *it;
  }

  // As happens when other logs need the memory.
  void TrimHistory() {
    budget_.SetMaxBytes(LogEntry::LiveBytes() - Random(500));
    budget_.Enforce();
    budget_.SetMaxBytes(HistoryBudget::kDefaultBytes);
  }

  WatchOptions RandomOptions() { return {.every = GetParam(), .max_items = 1 + Random(4)}; }

  // Everything that was published must reach a client that resumes where `client` stands.
  void ExpectTruthAfterResume(Client client) {
    const State before = client.state;
    const std::string cut = Brief(client.last);
    std::string path;
    for (const v1::WatchItem& item : ReadAll(*Resume(client.last, RandomOptions())).items) {
      client.Take(item);
      absl::StrAppend(&path, Brief(item), "; ");
    }
    ASSERT_EQ(client.state, truth_)
        << "had: " << before.ToString() << "\ncut after: " << cut << "\ngot: " << path
        << "\nhas: " << client.state.ToString() << "\ntruth: " << truth_.ToString();
  }

  // Reads on, and cuts after every item.
  void ReadAndCut(WatchReader& reader, Client& client, std::vector<Client>& cuts) {
    while (true) {
      const ReadItems read = ReadOnce(reader);
      if (read.result != ReadResult::kItems) break;
      for (const v1::WatchItem& item : read.items) {
        client.Take(item);
        ASSERT_NO_FATAL_FAILURE(ExpectTruthAfterResume(client));
        cuts.push_back(client);
      }
      if (Random(3) == 0) return;  // a slow reader
    }
  }

  void RunScenario() {
    log_ = MakeLog({.max_entries = static_cast<size_t>(1 + Random(30))});
    for (int i = Random(20); i > 0; --i) AppendSomething();
    log_->Settle();
    Publish();
    auto reader = Watch(RandomOptions());
    Client client;
    std::vector<Client> cuts;
    for (int step = 0; step < 40; ++step) {
      for (int i = Random(6); i > 0; --i) AppendSomething();
      Publish();
      if (Random(5) == 0) TrimHistory();
      ASSERT_NO_FATAL_FAILURE(ReadAndCut(*reader, client, cuts));
    }
    for (const v1::WatchItem& item : ReadAll(*reader).items) client.Take(item);
    ASSERT_EQ(client.state, truth_) << "without a cut";
    for (const Client& cut : cuts) ASSERT_NO_FATAL_FAILURE(ExpectTruthAfterResume(cut));
  }

  std::mt19937 random_;
  State truth_;
  std::set<EntryKey> living_;
  EntryKey last_key_ = 0;
  int events_ = 0;
};

TEST_P(WatchPropertyTest, CutAfterAnyItemResumeGivesTruth) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    random_.seed(seed);
    truth_ = State();
    living_.clear();

    ASSERT_NO_FATAL_FAILURE(RunScenario());
  }
}

TEST_P(WatchPropertyTest, EveryEventIsDeliveredOrCountedOnceInOrder) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    random_.seed(seed);
    living_.clear();
    log_ = MakeLog();  // large enough to lose nothing
    for (int i = Random(20); i > 0; --i) AppendSomething();
    if (Random(2) == 0) log_->Settle();
    Publish();
    WatchOptions options = RandomOptions();
    options.event_package = Random(2) == 0;
    auto reader = Watch(options);
    const int before = events_;
    uint64_t told = 0;
    uint64_t last_sequence = 0;

    for (int step = 0; step < 30; ++step) {
      for (int i = Random(8); i > 0; --i) AppendSomething();
      if (step == 20) log_->Settle();
      Publish();
      const bool last_step = step == 29;
      WatchBatch batch;
      while ((last_step || Random(3) > 0) && reader->ReadBatch(batch) == ReadResult::kItems) {
        told += batch.live_event_times.size() + batch.superseded;
        for (const v1::WatchItem& item : ParseItems(batch)) {
          const uint64_t sequence = ResumeToken::Decode(item.resume_token())->sequence();
          ASSERT_TRUE(sequence > last_sequence ||
                      (item.has_bookmark() && sequence == last_sequence))
              << Brief(item);
          last_sequence = sequence;
        }
      }
    }

    EXPECT_EQ(told, events_ - before);
  }
}

INSTANTIATE_TEST_SUITE_P(Deliveries, WatchPropertyTest, ::testing::Bool(),
                         [](const auto& delivery) { return delivery.param ? "Every" : "Latest"; });

}  // namespace
}  // namespace sipevents::gateway
