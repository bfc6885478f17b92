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
  std::vector<std::string> resources = {UnsolicitedKey(notify.to_user, notify.to_host),
                                        UnsolicitedKey(MessageAccount(notify.body))};
  // Sent to a Contact that was registered: To often says no more than that.
  for (const std::string& identity : parts_.identities_of(notify.request_user)) {
    resources.push_back(UnsolicitedKey(identity));
  }
  std::sort(resources.begin(), resources.end());
  resources.erase(std::unique(resources.begin(), resources.end()), resources.end());
  if (!resources.empty() && resources.front().empty()) resources.erase(resources.begin());
  return resources;
}

std::optional<NotifyAnswer> UnsolicitedDoor::Take(const IncomingNotify& notify) const {
  if (!notify.to_tag.empty() || !parts_.peers.Contains(notify.source_host)) return std::nullopt;
  if (std::find(kForPhones.begin(), kForPhones.end(), notify.event_type) != kForPhones.end()) {
    return NotifyAnswer{200, {}};
  }
  if (notify.event_type != kMessageSummary) return std::nullopt;
  if (notify.body.size() > kMaxBodyOctets) return NotifyAnswer{413, {}};
  auto state = std::make_shared<UnsolicitedState>();
  state->resources = ResourcesOf(notify);
  state->content_type = notify.content_type;
  state->body = std::string(notify.body);
  state->receive_time = notify.receive_time;
  if (state->resources.empty() || state->body.empty()) return NotifyAnswer{200, {}};
  if (!parts_.tell_all(std::move(state))) {
    if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached("unsolicited_notifies");
    return NotifyAnswer{503, {{"Retry-After", "5"}}};
  }
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
    for (const SubscriptionId id : found->second) {
      if (std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
    }
  }
  return all;
}

}  // namespace sipevents::sip
