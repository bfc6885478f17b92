#include "sip/notifier/list_view.h"

#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/bound_error.h"
#include "sip/compose/resource_list_writer.h"

namespace sipevents::sip {
namespace {

// Each member has one state at a time here.
constexpr char kInstance[] = "1";
// Octets of a row without URI and name.
constexpr size_t kRowOctets = 64;

}  // namespace

// One member; in the audience of its state where that is served here.
class ListView::Member {
 public:
  Member(ListView& view, const ServedList::Member& listed)
      : view_(view), listed_(listed), audience_(view.parts_.audience_of(listed.uri)) {
    if (audience_ != nullptr) link_ = std::make_unique<Link>(*audience_, *this);
  }
  ~Member() {
    link_.reset();
    if (audience_ != nullptr) view_.parts_.on_left(*audience_);
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  bool changed() const { return changed_; }
  // What it takes to say that it is there, about.
  size_t row_octets() const { return listed_.uri.size() + listed_.name.size() + kRowOctets; }

  // `bare`: only that it is there.
  void Write(ResourceListWriter& writer, bool bare) {
    changed_ = bare;  // told again by the next document, also where it was told before
    if (bare) {
      writer.Add({.uri = listed_.uri, .name = listed_.name});
      return;
    }
    Look look = See();
    told_ = look.mark;
    if (look.state != nullptr) {
      look.row.body = &look.state->full;
      look.row.version = version_++;
    }
    writer.Add(look.row);
  }

  // Stands for what is to be seen now, and for what was told last (0: nothing).
  uint64_t mark() const { return See().mark; }
  uint64_t told() const { return told_; }

 private:
  class Link final : public AudienceMember {
   public:
    Link(Audience& audience, Member& member) : AudienceMember(audience), member_(member) {}
    ~Link() override = default;
    bool IsOf(const std::string& watcher_uri) const override {
      return member_.view_.parts_.watcher_uri == watcher_uri;
    }
    void OnStateChanged() override {
      // Who is politely blocked must not see that something changes (NOT-07).
      if (member_.view_.parts_.decide(audience().resource()) != WatcherDecision::kAllow) return;
      OnDecided();
    }
    void OnDecided() override {
      member_.changed_ = true;
      member_.view_.parts_.on_changed();
    }

   private:
    Member& member_;
  };

  struct Look {
    ListedResource row;
    ComposedStatePtr state;  // null: none to be shown
    uint64_t mark = 0;
  };

  Look See() const {
    Look look{.row = {.uri = listed_.uri, .name = listed_.name, .instance = kInstance}};
    const WatcherDecision decision =
        audience_ == nullptr ? WatcherDecision::kDeny : view_.parts_.decide(audience_->resource());
    switch (decision) {
      case WatcherDecision::kAllow:
        look.state = view_.parts_.states.Current(audience_->resource(), view_.event_package_);
        break;
      case WatcherDecision::kPoliteBlock:
        look.state = view_.parts_.states.Neutral(audience_->resource(), view_.event_package_);
        break;
      case WatcherDecision::kPending:
        look.row.state = ListedResource::State::kPending;
        break;
      case WatcherDecision::kDeny:
        look.row.state = ListedResource::State::kTerminated;
        look.row.reason = audience_ == nullptr ? "noresource" : "rejected";
        break;
    }
    std::string_view tag;
    if (look.state != nullptr) tag = look.state->entity_tag;
    look.mark = absl::HashOf(listed_.uri, listed_.name, decision, audience_ == nullptr, tag);
    return look;
  }

  ListView& view_;
  const ServedList::Member& listed_;  // of the view's list
  Audience* audience_;                // null: it is not served here
  std::unique_ptr<Link> link_;
  uint32_t version_ = 0;  // of its next document (PKG-16)
  uint64_t told_ = 0;
  bool changed_ = true;
};

ListView::ListView(std::shared_ptr<const ServedList> list, std::string event_package, Parts parts)
    : event_package_(std::move(event_package)), parts_(std::move(parts)), list_(std::move(list)) {
  Follow();
}

ListView::~ListView() { members_.clear(); }

void ListView::Follow() {
  members_.reserve(list_->members.size());
  for (const ServedList::Member& listed : list_->members) {
    members_.push_back(std::make_unique<Member>(*this, listed));
  }
}

void ListView::Replace(std::shared_ptr<const ServedList> list) {
  members_.clear();
  list_ = std::move(list);
  Follow();
  replaced_ = true;
  parts_.on_changed();
}

ListView::Written ListView::Write(bool full) {
  full = std::exchange(replaced_, false) || full || version_ == 0;
  ResourceListWriter writer(list_->uri, full);
  Written written;
  size_t rows = 0;  // octets of those that a full document names at least
  if (full) {
    for (const auto& member : members_) rows += member->row_octets();
  }
  for (const auto& member : members_) {
    if (!full && !member->changed()) continue;
    if (full) rows -= member->row_octets();
    const bool fits = writer.size() + rows < kMaxOctets;
    written.more |= !fits;
    if (fits || full) member->Write(writer, !fits);
  }
  written.body = writer.Take();
  written.version = version_++;
  if (!written.more) {
    uint64_t sum = 0;
    for (const auto& member : members_) sum += member->told();
    written.entity_tag = TagOf(sum);
  }
  return written;
}

std::string ListView::EntityTag() const {
  uint64_t sum = 0;
  for (const auto& member : members_) sum += member->mark();
  return TagOf(sum);
}

std::string ListView::TagOf(uint64_t sum) const {
  return absl::StrCat("l", absl::Hex(absl::HashOf(list_->uri, members_.size(), sum)));
}

absl::Status ListTable::Set(const ServedList& list) {
  if (list.members.size() > kMaxMembers) {
    return BoundError("list_members", absl::StrCat("a list of ", list.members.size(),
                                                   " members: expected at most ", kMaxMembers));
  }
  if (lists_.size() >= kMaxLists && !lists_.contains(list.uri)) {
    return BoundError("lists",
                      absl::StrCat("there are ", kMaxLists, " lists already, which is the most"));
  }
  lists_[list.uri] = std::make_shared<const ServedList>(list);
  return absl::OkStatus();
}

std::shared_ptr<const ServedList> ListTable::Find(std::string_view uri) const {
  const auto it = lists_.find(AbslView(uri));
  return it == lists_.end() ? nullptr : it->second;
}

}  // namespace sipevents::sip
