#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sip/compose/composition.h"
#include "tests/sip/compositor/compositor_fixture.h"

// The compositor beside a model that is as simple as can be, over random sequences of what phones,
// callers and time do.

namespace sipevents::sip {
namespace {

constexpr PublicationLimits kLimits = {
    .publications = 20, .octets = 3600, .per_resource = 6, .per_publisher = 3};

struct ModelPublication {
  std::string source;
  std::string tag;  // empty: of a caller
  uint64_t local_id = 0;
  int publisher = -1;  // -1: of a caller
  std::string body;
  uint64_t published = 0;  // how many changes there were before
  uint64_t renewed = 0;    // how many successes there were before
  absl::Time expire_time;
};
using Key = std::pair<std::string, std::string>;  // resource and package

class CompositorModelTest : public CompositorTest, public ::testing::WithParamInterface<int> {
 protected:
  CompositorModelTest() : CompositorTest(kLimits), dice_(static_cast<uint64_t>(GetParam())) {}

  size_t Roll(size_t sides) { return dice_.Next() % sides; }

  Key AnyKey() {
    return {absl::StrCat("sip:u", Roll(3), "@example.com"), Roll(4) == 0 ? "dialog" : "presence"};
  }

  // No two have a tuple or dialog in common, and some say the same.
  std::string AnyBody(const Key& key) {
    const size_t id = Roll(6) == 0 ? 1 : ++last_tuple_;
    if (key.second == "presence") return PresenceBody(absl::StrCat("t", id), "open");
    return absl::StrCat(
        "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" "
        "entity=\"",
        key.first, "\"><dialog id=\"d", id, "\"><state>early</state></dialog></dialog-info>");
  }

  IncomingRequest To(IncomingRequest request, const Key& key, int publisher) {
    keep_.push_back(std::make_unique<Key>(key.second, absl::StrCat("phone", publisher)));
    request.request_uri = key.first;
    request.event_type = keep_.back()->first;
    request.source.via_host = keep_.back()->second;
    if (!request.body.empty()) {
      request.content_type = key.second == "presence" ? kPidf : "application/dialog-info+xml";
    }
    if (!request.expires.has_value()) request.expires = 60 + static_cast<uint32_t>(Roll(200));
    return request;
  }

  size_t CountAll() const {
    size_t all = 0;
    for (const auto& [key, publications] : model_) all += publications.size();
    return all;
  }
  size_t OctetsOfAll() const {
    size_t all = 0;
    for (const auto& [key, publications] : model_) {
      for (const auto& publication : publications) all += publication.body.size();
    }
    return all;
  }

  // Whether one more has room; which one has to go.
  bool HasRoom(const Key& key, int publisher, size_t octets, std::string* evicted) {
    auto& all = model_[key];
    std::vector<ModelPublication> own;
    for (const auto& each : all) {
      if (publisher >= 0 && each.publisher == publisher) own.push_back(each);
    }
    size_t count = CountAll() + 1;
    size_t sum = OctetsOfAll() + octets;
    if (own.size() >= kLimits.per_publisher || all.size() >= kLimits.per_resource) {
      if (own.empty()) return false;
      const auto oldest = *std::min_element(own.begin(), own.end(),
                                            [](auto& a, auto& b) { return a.renewed < b.renewed; });
      *evicted = oldest.tag;
      --count;
      sum -= oldest.body.size();
    }
    return count <= kLimits.publications && sum <= kLimits.octets;
  }

  // `tag` by value: it may be that of what is erased.
  void Erase(const Key& key, std::string tag) {
    std::erase_if(model_[key], [&](const auto& each) { return each.tag == tag && !tag.empty(); });
    dead_tags_.push_back({key, tag});
  }

  ModelPublication* AnyTagged(const Key& key) {
    std::vector<ModelPublication*> tagged;
    for (auto& each : model_[key]) {
      if (!each.tag.empty()) tagged.push_back(&each);
    }
    return tagged.empty() ? nullptr : tagged[Roll(tagged.size())];
  }

  void TakeTag(ModelPublication& publication, const RequestAnswer& answer,
               const IncomingRequest& request) {
    const std::string tag = TagOf(answer);
    ASSERT_TRUE(tags_.insert(tag).second) << tag;
    publication.tag = tag;
    publication.renewed = ++successes_;
    publication.expire_time = clock_.Now() + absl::Seconds(*request.expires);
  }

  void Create() {
    const Key key = AnyKey();
    const int publisher = static_cast<int>(Roll(4));
    const std::string body = AnyBody(key);
    const IncomingRequest request = To(Initial(body), key, publisher);
    std::string evicted;
    const bool room = HasRoom(key, publisher, body.size(), &evicted);
    const RequestAnswer answer = Send(request);
    ASSERT_EQ(answer.status, room ? 200 : 503);
    if (!room) return;
    if (!evicted.empty()) Erase(key, evicted);
    auto& added = model_[key].emplace_back();
    added.source = absl::StrCat("m", changes_);
    added.publisher = publisher;
    added.body = body;
    added.published = ++changes_;
    TakeTag(added, answer, request);
  }

  void RefreshOne() {
    const Key key = AnyKey();
    ModelPublication* publication = AnyTagged(key);
    if (publication == nullptr) return;
    const IncomingRequest request = To(Refresh(publication->tag), key, publication->publisher);
    const RequestAnswer answer = Send(request);
    ASSERT_EQ(answer.status, 200);
    dead_tags_.push_back({key, publication->tag});
    TakeTag(*publication, answer, request);
  }

  void ModifyOne() {
    const Key key = AnyKey();
    ModelPublication* publication = AnyTagged(key);
    if (publication == nullptr) return;
    const std::string body = AnyBody(key);
    const IncomingRequest request = To(Modify(publication->tag, body), key, publication->publisher);
    const bool room = body.size() <= publication->body.size() ||
                      OctetsOfAll() - publication->body.size() + body.size() <= kLimits.octets;
    const RequestAnswer answer = Send(request);
    ASSERT_EQ(answer.status, room ? 200 : 503);
    if (!room) return;
    dead_tags_.push_back({key, publication->tag});
    publication->body = body;
    publication->published = ++changes_;
    TakeTag(*publication, answer, request);
  }

  void RemoveOne() {
    const Key key = AnyKey();
    ModelPublication* publication = AnyTagged(key);
    if (publication == nullptr) return;
    ASSERT_EQ(Send(To(Removal(publication->tag), key, publication->publisher)).status, 200);
    Erase(key, publication->tag);
  }

  void UseDeadTag() {
    if (dead_tags_.empty()) return;
    const auto& [key, tag] = dead_tags_[Roll(dead_tags_.size())];
    ASSERT_EQ(Send(To(Refresh(tag), key, 0)).status, 412) << tag;
    ASSERT_EQ(Send(To(Modify(tag, AnyBody(key)), key, 0)).status, 412) << tag;
  }

  void EraseLocal(uint64_t id) {
    for (auto& [key, publications] : model_) {
      std::erase_if(publications,
                    [&](const auto& each) { return each.tag.empty() && each.local_id == id; });
    }
  }

  ModelPublication* FindLocal(const Key& key, uint64_t id) {
    for (auto& each : model_[key]) {
      if (each.tag.empty() && each.local_id == id) return &each;
    }
    return nullptr;
  }

  void SetLocal() {
    const Key key = AnyKey();
    LocalPublication local = Local(Roll(4), AnyBody(key));
    local.resource_uri = key.first;
    local.event_package = key.second;
    local.content_type = key.second == "presence" ? kPidf : "application/dialog-info+xml";
    if (Roll(2) == 0) local.expire_time = clock_.Now() + absl::Seconds(1 + Roll(200));
    ModelPublication* before = FindLocal(key, local.id);
    std::string none;
    const bool room =
        before != nullptr
            ? local.body.size() <= before->body.size() ||
                  OctetsOfAll() - before->body.size() + local.body.size() <= kLimits.octets
            : HasRoom(key, -1, local.body.size(), &none);
    ASSERT_EQ(compositor_.SetState(local).ok(), room);
    if (!room) return;
    if (before == nullptr) {
      EraseLocal(local.id);
      before = &model_[key].emplace_back();
      before->source = absl::StrCat("m", changes_);
    }
    before->local_id = local.id;
    before->body = local.body;
    before->published = ++changes_;
    before->expire_time = local.expire_time;
  }

  void RemoveLocal() {
    const uint64_t id = Roll(4);
    compositor_.RemoveState(id);
    EraseLocal(id);
  }

  void Wait() {
    clock_.Advance(absl::Seconds(Roll(60)));
    for (auto& [key, publications] : model_) {
      for (const auto& each : publications) {
        if (each.expire_time <= clock_.Now() && !each.tag.empty()) {
          dead_tags_.push_back({key, each.tag});
        }
      }
      std::erase_if(publications,
                    [&](const auto& each) { return each.expire_time <= clock_.Now(); });
    }
  }

  void Step() {
    switch (Roll(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return Create();
      case 5:
      case 6:
        return RefreshOne();
      case 7:
      case 8:
      case 9:
        return ModifyOne();
      case 10:
        return RemoveOne();
      case 11:
        return UseDeadTag();
      case 12:
      case 13:
        return SetLocal();
      case 14:
        return RemoveLocal();
      default:
        return Wait();
    }
  }

  // Composed once for each change, as ids depend on what was shown before.
  struct Shown {
    std::string change;  // what it was composed of
    ComposedBody body;
    ShownIds ids;
  };

  ComposedBody Expected(const Key& key) {
    std::vector<PublishedState> states;
    std::string change = "of";
    for (const auto& each : model_[key]) {
      absl::StrAppend(&change, " ", each.source, ":", each.published);
      states.push_back({each.source,
                        key.second == "presence" ? kPidf : "application/dialog-info+xml", each.body,
                        absl::UnixEpoch() + absl::Seconds(static_cast<int64_t>(each.published))});
    }
    Shown& shown = shown_[key];
    if (shown.change == change) return shown.body;
    shown.change = change;
    if (states.empty()) shown.ids.clear();
    shown.body = Compose(key.second, key.first, states, &shown.ids);
    return shown.body;
  }

  // Of publications that say the same, which one's id changes depends on their names, which a model
  // cannot know.
  static std::string WithoutSources(std::string body) {
    for (size_t at = 0; (at = body.find("id=\"", at)) != std::string::npos;) {
      at += 4;
      const size_t dot = body.find_first_of(".\"", at);
      if (body[dot] == '.') body.erase(at, dot + 1 - at);
    }
    return body;
  }

  void Compare() {
    size_t resources = 0;
    for (auto& [key, publications] : model_) {
      SCOPED_TRACE(absl::StrCat(key.second, " of ", key.first));
      const ComposedStatePtr state = compositor_.Current(key.first, key.second);
      const ComposedBody expected = Expected(key);
      ASSERT_EQ(WithoutSources(state->full.body), WithoutSources(expected.body));
      ASSERT_EQ(state->full.content_type, expected.content_type);
      resources += publications.empty() ? 0 : 1;
    }
    ASSERT_EQ(compositor_.publications().size(), CountAll());
    ASSERT_EQ(compositor_.publications().octets(), OctetsOfAll());
    ASSERT_EQ(compositor_.publications().resource_count(), resources);
    const int counted = metrics_.publications["presence"] + metrics_.publications["dialog"];
    ASSERT_EQ(static_cast<size_t>(counted), CountAll());
    CompareTold();
  }

  // The last state told of each resource is what it shows, and none was told twice in a row.
  void CompareTold() {
    for (const auto& change : heard_.changes) {
      std::string& last = told_[{change.resource, change.package}];
      ASSERT_NE(change.state->entity_tag, last);
      last = change.state->entity_tag;
    }
    heard_.changes.clear();
    for (const auto& [key, tag] : told_) {
      ASSERT_EQ(compositor_.Current(key.first, key.second)->entity_tag, tag);
    }
    for (const auto& [key, publications] : model_) {
      ASSERT_TRUE(publications.empty() || told_.contains(key));
    }
  }

  FakeRandom dice_;
  std::map<Key, std::vector<ModelPublication>> model_;
  std::map<Key, Shown> shown_;
  std::map<Key, std::string> told_;
  std::set<std::string> tags_;
  std::vector<std::pair<Key, std::string>> dead_tags_;
  std::vector<std::unique_ptr<Key>> keep_;
  size_t last_tuple_ = 1;
  uint64_t changes_ = 0;
  uint64_t successes_ = 0;
};

TEST_P(CompositorModelTest, IsWhatTheModelSays) {
  for (int i = 0; i < 1500; ++i) {
    SCOPED_TRACE(absl::StrCat("step ", i));
    Step();
    Compare();
    if (HasFatalFailure()) return;
  }
  // All of it came about.
  EXPECT_GT(metrics_.bounds["publications_per_publisher"], 0);
  EXPECT_GT(metrics_.bounds["publications_per_resource"], 0);
  EXPECT_GT(metrics_.bounds["publications"] + metrics_.bounds["publication_octets"], 0);
  EXPECT_GT(dead_tags_.size(), 100u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CompositorModelTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace sipevents::sip
