#include "sip/packages/event_list.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/packages/instance_numbers.h"
#include "sip/packages/rlmi.h"
#include "sip/packages/version_chain.h"

namespace sipevents::sip {
namespace {

// Subscriptions of a list server to one member at most; as many as a Subscription has dialogs.
constexpr size_t kMaxInstances = 64;

// What OnMemberGone() says of a member that a full list does not name any longer.
constexpr std::string_view kNotListed = "not-listed";
// The same of one that turned out to be a list, or is none any longer.
constexpr std::string_view kReplaced = "replaced";

struct List;

// An instance of a member.
struct Row {
  std::string id;
  uint32_t number = 0;     // MemberNews::instance
  bool stands_in = false;  // for a member of which the list server names no instance
  bool over = false;       // told as gone
  bool announced = false;  // told of at all
  bool has_state = false;  // its package has seen a body
  uint64_t digest = 0;     // of that body
  size_t octets = 0;       // of the bodies that the state may be made of
  std::unique_ptr<StateMerger> merger;
  std::unique_ptr<List> nested;  // it is a list itself
};

struct Member {
  std::string name;
  std::vector<Row> rows;
  bool listed = false;  // by the full document that is being merged
};

struct List {
  VersionChain chain;
  // In an order of its own, so that what is told does not depend on chance.
  absl::btree_map<std::string, Member> members;
};

uint64_t DigestOf(const MultipartPart& part) {
  return absl::HashOf(AbslView(part.content_type), AbslView(part.body));
}

bool Names(const RlmiResource& resource, const Row& row) {
  return std::any_of(resource.instances.begin(), resource.instances.end(),
                     [&](const RlmiInstance& instance) { return instance.id == row.id; });
}

}  // namespace

class EventList::Table {
 public:
  explicit Table(const EventPackage& package) : package_(package) {}

  ListResult Merge(const MergeInput& input, DecodeScratch& scratch, MemberListener& listener);
  size_t size() const { return size_; }

 private:
  // One Merge() under way.
  struct Call {
    const MergeInput& input;
    DecodeScratch& scratch;
    MemberListener& listener;
    ListResult result{};
    std::vector<std::string> path{};  // URIs of the lists around
  };
  // A member as a document tells of it.
  struct Told {
    const std::string& uri;
    ListBody& body;
    bool partial;
  };

  absl::Status MergeList(Call& call, List& list, std::string_view content_type,
                         std::string_view text);
  void MergeMember(Call& call, List& list, const RlmiResource& resource, ListBody& body);
  void RemoveUnnamed(Call& call, const RlmiResource& resource, Member& member);
  static void Rename(const Call& call, const RlmiResource& resource, Member& member);
  Row* RowOf(Call& call, const std::string& uri, const std::string& id, Member& member);
  void MergeInstance(Call& call, const Told& told, const RlmiInstance& instance,
                     const Member& member, Row& row);
  void MergePart(Call& call, const std::string& uri, const MultipartPart& part,
                 const Member& member, Row& row);
  void MergeNested(Call& call, const std::string& uri, const MultipartPart& part,
                   const Member& member, Row& row);
  static void Announce(Call& call, const std::string& uri, const Member& member, Row& row,
                       std::string_view error = {});
  bool KeepsWithinBounds(Call& call, size_t octets, bool partial, Row& row);
  void Restart(Row& row);
  void End(Call& call, const std::string& uri, Row& row, std::string_view reason);
  void Remove(Call& call, const std::string& uri, Row& row);
  void RemoveAll(Call& call, List& list);
  void RemoveUnlisted(Call& call, const RlmiList& incoming, List& list);

  const EventPackage& package_;
  List root_;
  size_t size_ = 0;    // rows, over all lists
  size_t octets_ = 0;  // of all rows
  absl::flat_hash_map<std::string, InstanceNumbers> numbers_;
};

ListResult EventList::Table::Merge(const MergeInput& input, DecodeScratch& scratch,
                                   MemberListener& listener) {
  Call call{.input = input, .scratch = scratch, .listener = listener};
  absl::Status status = absl::OkStatus();
  if (input.body.size() > kMaxBodyOctets) {
    status = absl::ResourceExhaustedError(
        absl::StrCat("the body has ", input.body.size(), " octets, more than ", kMaxBodyOctets));
  } else {
    status = MergeList(call, root_, input.content_type, input.body);
  }
  if (!status.ok()) {
    call.result.error = std::string(status.message());
    call.result.resync |= root_.chain.AskOnce();
  } else if (call.result.members_left_out) {
    call.result.error = absl::StrCat("a list of more than ", kMaxListMembers, " members, or of ",
                                     kMaxInstances, " instances of one: the rest is left out");
  }
  return std::move(call.result);
}

// Applies a document to a list by ALG-D.
absl::Status EventList::Table::MergeList(Call& call, List& list, std::string_view content_type,
                                         std::string_view text) {
  SIPEVENTS_ASSIGN_OR_RETURN(ListBody body,
                             ListBody::Read(content_type, text, call.input.lenient, call.scratch));
  const RlmiList& incoming = body.list();
  // A list within itself would go on without end, if only from NOTIFY to NOTIFY (RLS-10).
  if (std::find(call.path.begin(), call.path.end(), incoming.uri) != call.path.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the list ", QuoteForMessage(incoming.uri), " is within itself"));
  }
  const VersionChain::Verdict verdict = list.chain.Judge(incoming.head, call.input);
  if (verdict == VersionChain::Verdict::kOld) return absl::OkStatus();
  if (verdict == VersionChain::Verdict::kUnusable) {
    return absl::InvalidArgumentError("a partial list without version");
  }
  call.path.push_back(incoming.uri);
  // First, so that there is room for others.
  if (!incoming.head.partial) RemoveUnlisted(call, incoming, list);
  for (const RlmiResource& resource : incoming.resources) MergeMember(call, list, resource, body);
  call.path.pop_back();
  list.chain.OnApplied(incoming.head);
  if (verdict == VersionChain::Verdict::kGap && list.chain.AskOnce()) call.result.resync = true;
  return absl::OkStatus();
}

void EventList::Table::MergeMember(Call& call, List& list, const RlmiResource& resource,
                                   ListBody& body) {
  const bool partial = body.list().head.partial;
  if (!list.members.contains(resource.uri) && size_ >= kMaxListMembers) {
    call.result.members_left_out = true;
    return;
  }
  Member& member = list.members[resource.uri];
  if (!resource.name.empty()) member.name = resource.name;
  if (resource.instances.empty()) {
    // A change that names none says nothing of them; a full list says that nothing is known.
    if (partial && !member.rows.empty()) return;
    if (!member.rows.empty() && member.rows.front().stands_in) return;
    for (Row& row : member.rows) Remove(call, resource.uri, row);
    member.rows.clear();
    if (Row* row = RowOf(call, resource.uri, "", member); row != nullptr) {
      row->stands_in = true;
      Announce(call, resource.uri, member, *row);
    }
    return;
  }
  Rename(call, resource, member);
  if (!partial) RemoveUnnamed(call, resource, member);
  for (const RlmiInstance& instance : resource.instances) {
    Row* row = RowOf(call, resource.uri, instance.id, member);
    if (row == nullptr) continue;
    MergeInstance(call, {.uri = resource.uri, .body = body, .partial = partial}, instance, member,
                  *row);
  }
}

// The first instance of a member takes the place that was kept for it. Some list servers name the
// only instance anew from time to time: it stays the same one.
void EventList::Table::Rename(const Call& call, const RlmiResource& resource, Member& member) {
  if (member.rows.size() != 1 || Names(resource, member.rows.front())) return;
  Row& row = member.rows.front();
  const bool is_only_one = call.input.lenient && resource.instances.size() == 1;
  if (!row.stands_in && !is_only_one) return;
  row.id = resource.instances.front().id;
  row.stands_in = false;
}

void EventList::Table::RemoveUnnamed(Call& call, const RlmiResource& resource, Member& member) {
  for (auto at = member.rows.begin(); at != member.rows.end();) {
    if (Names(resource, *at)) {
      ++at;
      continue;
    }
    Remove(call, resource.uri, *at);
    at = member.rows.erase(at);
  }
}

// The row of an instance, made if it is not there; null: there are too many.
Row* EventList::Table::RowOf(Call& call, const std::string& uri, const std::string& id,
                             Member& member) {
  for (Row& row : member.rows) {
    if (row.id == id) return &row;
  }
  if (member.rows.size() >= kMaxInstances || size_ >= kMaxListMembers) {
    call.result.members_left_out = true;
    return nullptr;
  }
  ++size_;
  Row& row = member.rows.emplace_back();
  row.id = id;
  row.number = numbers_[uri].Take();
  return &row;
}

void EventList::Table::MergeInstance(Call& call, const Told& told, const RlmiInstance& instance,
                                     const Member& member, Row& row) {
  if (instance.state == RlmiInstance::State::kTerminated) {
    End(call, told.uri, row, instance.reason);
    return;
  }
  if (row.over) Restart(row);
  if (const MultipartPart* part = told.body.Take(instance.cid); part != nullptr) {
    MergePart(call, told.uri, *part, member, row);
    return;
  }
  std::string error;
  if (instance.state == RlmiInstance::State::kActive) {
    call.result.parts_missing = true;
    // Asterisk and BroadSoft leave the part out where nothing changed (RLS-07).
    const bool unchanged = told.partial && row.has_state;
    if (!call.input.lenient || (!instance.cid.empty() && !unchanged)) {
      error = instance.cid.empty()
                  ? "an active member without a part"
                  : absl::StrCat("the part ", QuoteForMessage(instance.cid), " is missing");
    }
  }
  Announce(call, told.uri, member, row, error);
}

// Forgets what it showed: the next that is heard of it is a beginning.
void EventList::Table::Restart(Row& row) {
  octets_ -= std::exchange(row.octets, 0);
  row.over = row.announced = row.has_state = false;
  row.merger.reset();
  row.nested.reset();
}

// A state is at most as large as the bodies it was made of, back to the last full one. Of changes
// that went on for long this is far too much, but then the full state is all it takes.
bool EventList::Table::KeepsWithinBounds(Call& call, size_t octets, bool partial, Row& row) {
  const size_t before = std::exchange(row.octets, partial ? row.octets + octets : octets);
  octets_ += row.octets - before;
  if (octets_ <= kMaxListOctets) return true;
  octets_ -= std::exchange(row.octets, 0);
  row.has_state = false;
  row.merger.reset();
  call.result.resync |= partial && root_.chain.AskOnce();
  return false;
}

// Tells of a member without a state of its own: that it is there, or what is wrong with it.
void EventList::Table::Announce(Call& call, const std::string& uri, const Member& member, Row& row,
                                std::string_view error) {
  if (error.empty() && (row.announced || row.nested != nullptr)) return;
  row.announced = true;
  if (!error.empty()) call.result.member_failed = true;
  MemberNews news;
  news.uri = uri;
  news.name = member.name;
  news.instance = row.number;
  news.error = error;
  call.listener.OnMember(news);
}

void EventList::Table::MergePart(Call& call, const std::string& uri, const MultipartPart& part,
                                 const Member& member, Row& row) {
  if (IsEventList(part.content_type, call.input.lenient)) {
    MergeNested(call, uri, part, member, row);
    return;
  }
  if (row.nested != nullptr) {
    RemoveAll(call, *row.nested);
    Restart(row);
  }
  const uint64_t digest = DigestOf(part);
  const bool repeated = row.has_state && row.digest == digest;
  if (repeated && package_.kind == PackageKind::kState) return;
  row.has_state = true;
  row.digest = digest;
  if (row.merger == nullptr) row.merger = package_.new_merger();
  MergeResult result = row.merger->Merge({.dialog = 1,
                                          .content_type = part.content_type,
                                          .body = part.body,
                                          .cseq = call.input.cseq,
                                          .lenient = call.input.lenient},
                                         call.scratch);
  if (result.kind == MergeResult::Kind::kDocument &&
      !KeepsWithinBounds(call, part.body.size(), result.body_is_partial, row)) {
    result = {.kind = MergeResult::Kind::kError,
              .error = absl::StrCat("the members of the list have more than ", kMaxListOctets,
                                    " octets of state")};
  }
  call.result.resync |= result.resync;
  if (result.kind == MergeResult::Kind::kUnchanged) {
    Announce(call, uri, member, row);
    return;
  }
  if (result.kind == MergeResult::Kind::kError) call.result.member_failed = true;
  row.announced = true;
  call.listener.OnMember({.uri = uri,
                          .name = member.name,
                          .instance = row.number,
                          .content_type = part.content_type,
                          .body = part.body,
                          .document = result.document,
                          .body_is_partial = result.body_is_partial,
                          .error = result.error});
}

// The member is a list: its members count as members of the outermost one.
void EventList::Table::MergeNested(Call& call, const std::string& uri, const MultipartPart& part,
                                   const Member& member, Row& row) {
  absl::Status status = absl::OkStatus();
  if (call.path.size() >= kMaxListDepth) {
    status = absl::InvalidArgumentError(
        absl::StrCat("lists within lists, more than ", kMaxListDepth, " deep"));
  } else {
    if (row.nested == nullptr && row.announced) {
      call.listener.OnMemberGone(uri, row.number, kReplaced);
      Restart(row);
    }
    if (row.nested == nullptr) row.nested = std::make_unique<List>();
    status = MergeList(call, *row.nested, part.content_type, part.body);
    if (!status.ok()) call.result.resync |= row.nested->chain.AskOnce();
  }
  if (!status.ok()) {
    Announce(call, uri, member, row,
             std::string_view(status.message().data(), status.message().size()));
  } else if (std::exchange(row.announced, false)) {
    call.listener.OnMemberGone(uri, row.number,
                               kReplaced);  // what was wrong with it is so no longer
  }
}

// What the instance showed is true no longer; told once, however often the list server says so.
void EventList::Table::End(Call& call, const std::string& uri, Row& row, std::string_view reason) {
  if (row.over) return;
  const bool was_list = row.nested != nullptr;
  if (was_list) RemoveAll(call, *row.nested);
  if (!was_list || row.announced) call.listener.OnMemberGone(uri, row.number, reason);
  Restart(row);
  row.over = true;
}

void EventList::Table::Remove(Call& call, const std::string& uri, Row& row) {
  End(call, uri, row, kNotListed);
  --size_;
  const auto numbers = numbers_.find(uri);
  numbers->second.GiveBack(row.number);
  if (numbers->second.none_taken()) numbers_.erase(numbers);
}

void EventList::Table::RemoveAll(Call& call, List& list) {
  for (auto& [uri, member] : list.members) {
    for (Row& row : member.rows) Remove(call, uri, row);
  }
  list.members.clear();
}

void EventList::Table::RemoveUnlisted(Call& call, const RlmiList& incoming, List& list) {
  for (auto& [uri, member] : list.members) member.listed = false;
  for (const RlmiResource& resource : incoming.resources) {
    if (const auto at = list.members.find(resource.uri); at != list.members.end()) {
      at->second.listed = true;
    }
  }
  for (auto at = list.members.begin(); at != list.members.end();) {
    if (at->second.listed) {
      ++at;
      continue;
    }
    for (Row& row : at->second.rows) Remove(call, at->first, row);
    at = list.members.erase(at);
  }
}

EventList::EventList(const EventPackage& package) : table_(std::make_unique<Table>(package)) {}

EventList::~EventList() = default;

ListResult EventList::Merge(const MergeInput& input, DecodeScratch& scratch,
                            MemberListener& listener) {
  return table_->Merge(input, scratch, listener);
}

size_t EventList::size() const { return table_->size(); }

}  // namespace sipevents::sip
