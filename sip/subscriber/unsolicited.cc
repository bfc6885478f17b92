#include "sip/subscriber/unsolicited.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kMessageSummary = "message-summary";
// Asked of phones; a gateway has nothing to do for them but to say that it is there.
constexpr std::array<std::string_view, 4> kForPhones = {"keep-alive", "check-sync", "resync",
                                                        "reboot"};

// The value of the Message-Account line (RFC 3842 section 5.2), without brackets; empty: none.
std::string_view MessageAccount(std::string_view body) {
  constexpr std::string_view kName = "message-account";
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (!EqualsIgnoreCase(TrimBlanks(line.substr(0, colon)), kName)) continue;
    std::string_view value = TrimBlanks(line.substr(colon + 1));
    if (value.starts_with('<')) value = value.substr(1, value.find('>') - 1);
    return value;
  }
  return {};
}

std::string CallOf(const IncomingNotify& notify) {
  return absl::StrCat(AbslView(notify.call_id), " ", AbslView(notify.from_tag));
}

}  // namespace

std::string UnsolicitedKey(std::string_view user, std::string_view host) {
  if (user.empty() || host.empty()) return {};
  return absl::StrCat(AbslView(user), "@", absl::AsciiStrToLower(AbslView(host)));
}

std::string UnsolicitedKey(std::string_view uri) {
  const absl::StatusOr<Uri> parsed = ParseUri(uri);
  return parsed.ok() ? UnsolicitedKey(parsed->user, parsed->host) : std::string();
}

bool TakesUnsolicited(std::string_view event_package) { return event_package == kMessageSummary; }

std::vector<std::string> UnsolicitedDoor::ResourcesOf(const IncomingNotify& notify) const {
  // Sent to the Contact of an identity, it is that one's: To often says no more than the Contact,
  // and the account may be that of the announcement service.
  if (const std::string identity = parts_.identity_of(notify.request_user); !identity.empty()) {
    return {UnsolicitedKey(identity)};
  }
  std::vector<std::string> resources = {UnsolicitedKey(notify.to_user, notify.to_host),
                                        UnsolicitedKey(MessageAccount(notify.body))};
  std::sort(resources.begin(), resources.end());
  resources.erase(std::unique(resources.begin(), resources.end()), resources.end());
  if (!resources.empty() && resources.front().empty()) resources.erase(resources.begin());
  return resources;
}

bool UnsolicitedDoor::IsRepeated(const IncomingNotify& notify) const {
  const auto found = newest_.find(CallOf(notify));
  return found != newest_.end() && notify.cseq <= found->second;
}

void UnsolicitedDoor::Remember(const IncomingNotify& notify) {
  while (!seen_.empty() &&
         (seen_.size() >= kMaxRemembered || seen_.front().at + kMemory <= notify.receive_time)) {
    newest_.erase(seen_.front().call);
    seen_.pop_front();
  }
  const std::string call = CallOf(notify);
  if (newest_.insert_or_assign(call, notify.cseq).second) {
    seen_.push_back({call, notify.receive_time});
  }
}

std::optional<NotifyAnswer> UnsolicitedDoor::Take(const IncomingNotify& notify) {
  if (!notify.to_tag.empty() || !parts_.peers.Contains(notify.source_host)) return std::nullopt;
  if (std::find(kForPhones.begin(), kForPhones.end(), notify.event_type) != kForPhones.end()) {
    return NotifyAnswer{200, {}};
  }
  if (notify.event_type != kMessageSummary) return std::nullopt;
  if (notify.body.size() > kMaxBodyOctets) return NotifyAnswer{413, {}};
  if (IsRepeated(notify)) return NotifyAnswer{200, {}};
  auto state = std::make_shared<UnsolicitedState>();
  state->resources = ResourcesOf(notify);
  state->content_type = notify.content_type;
  state->body = std::string(notify.body);
  state->receive_time = notify.receive_time;
  state->via_host = notify.via_host;
  state->via_port = notify.via_port;
  state->substate = notify.substate;
  state->cseq = notify.cseq;
  if (state->resources.empty() || state->body.empty()) return NotifyAnswer{200, {}};
  if (!parts_.tell_all(std::move(state))) {
    if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached("unsolicited_notifies");
    return NotifyAnswer{503, {{"Retry-After", "5"}}};
  }
  Remember(notify);
  return NotifyAnswer{200, {}};
}

void UnsolicitedIndex::Add(std::string_view target_uri, SubscriptionId id) {
  if (std::string key = UnsolicitedKey(target_uri); !key.empty()) {
    by_resource_[std::move(key)].push_back(id);
  }
}

void UnsolicitedIndex::Remove(std::string_view target_uri, SubscriptionId id) {
  const auto found = by_resource_.find(UnsolicitedKey(target_uri));
  if (found == by_resource_.end()) return;
  std::vector<SubscriptionId>& ids = found->second;
  ids.erase(std::remove(ids.begin(), ids.end(), id), ids.end());
  if (ids.empty()) by_resource_.erase(found);
}

std::vector<SubscriptionId> UnsolicitedIndex::Find(
    const std::vector<std::string>& resources) const {
  std::vector<SubscriptionId> all;
  for (const std::string& resource : resources) {
    const auto found = by_resource_.find(resource);
    if (found == by_resource_.end()) continue;
    all.insert(all.end(), found->second.begin(), found->second.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace sipevents::sip
