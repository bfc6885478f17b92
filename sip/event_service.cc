#include "sip/event_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

// What is published here, and told: state of these packages, and reports of the last one.
constexpr std::string_view kPackages[] = {"presence", "dialog", "message-summary", "vq-rtcpxr"};
constexpr std::string_view kReports = "vq-rtcpxr";
// Who watches is told of these (RFC 3857).
constexpr std::string_view kTemplates[] = {"presence.winfo", "dialog.winfo",
                                           "message-summary.winfo"};

// A user's name as the user part of a URI (RFC 3261 section 25.1).
std::string EscapedUser(std::string_view user) {
  std::string escaped;
  for (const char c : user) {
    const auto octet = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(octet) ||
        absl::StrContains("-_.!~*'()&=+$,;?/", absl::string_view(&c, 1))) {
      escaped += c;
    } else {
      absl::StrAppend(&escaped, "%",
                      absl::AsciiStrToUpper(absl::StrCat(absl::Hex(octet, absl::kZeroPad2))));
    }
  }
  return escaped;
}

// Whether a user may publish the state of somebody else.
bool MayPublish(const UserTable::User& user, const std::string& resource) {
  return std::any_of(user.publishes.begin(), user.publishes.end(),
                     [&](const std::string& uri) { return uri == "*" || uri == resource; });
}

}  // namespace

std::string EventService::AllowEvents(bool strict) {
  std::vector<std::string> names(std::begin(kPackages), std::end(kPackages));
  if (!strict) names.insert(names.end(), std::begin(kTemplates), std::end(kTemplates));
  return absl::StrJoin(names, ", ");
}

PublishRules EventService::PublishRulesOf(const EventServiceOptions& options) {
  PublishRules rules;
  rules.domains = options.domains;
  for (const std::string_view name : kPackages) {
    rules.packages.push_back({std::string(name), name != kReports});
  }
  rules.min_expires = options.min_expires;
  rules.max_expires = options.max_expires;
  rules.default_expires = options.max_expires;
  return rules;
}

NotifierOptions EventService::NotifierOptionsOf(const EventServiceOptions& options) {
  NotifierOptions notifier;
  notifier.domains = options.domains;
  notifier.limits.min_expires = options.min_expires;
  notifier.limits.max_expires = options.max_expires;
  notifier.limits.packages.assign(std::begin(kPackages), std::end(kPackages));
  notifier.limits.packages.insert(notifier.limits.packages.end(), std::begin(kTemplates),
                                  std::end(kTemplates));
  notifier.limits.allow_events = AllowEvents(options.strict);
  notifier.limits.strict = options.strict;
  notifier.notify_interval = options.notify_interval;
  return notifier;
}

EventService::EventService(EventServiceOptions options, const Parts& parts)
    : options_(std::move(options)),
      parts_(parts),
      digest_(parts.means.random,
              options_.only_md5
                  ? std::vector<DigestAlgorithm>{DigestAlgorithm::kMd5}
                  : std::vector<DigestAlgorithm>{DigestAlgorithm::kSha256, DigestAlgorithm::kMd5}),
      policy_(options_.usual_decision),
      compositor_({.clock = parts.means.clock,
                   .timers = parts.means.timers,
                   .random = parts.means.random,
                   .metrics = parts.metrics},
                  PublishRulesOf(options_), PublicationLimits{}),
      notifier_(NotifierOptionsOf(options_), {.means = parts.means,
                                              .states = compositor_,
                                              .policy = policy_,
                                              .contact_for = parts.contact_for,
                                              .metrics = parts.metrics}) {
  compositor_.SetListener(&notifier_);
}

EventService::~EventService() { compositor_.SetListener(nullptr); }

RequestAnswer EventService::OnSubscribe(const IncomingRequest& request) {
  std::variant<Sender, RequestAnswer> who = Authenticate(request);
  if (auto* refusal = std::get_if<RequestAnswer>(&who)) return std::move(*refusal);
  return notifier_.OnSubscribe(request, std::get<Sender>(who).identity);
}

RequestAnswer EventService::OnPublish(const IncomingRequest& request) {
  std::variant<Sender, RequestAnswer> who = Authenticate(request);
  if (auto* refusal = std::get_if<RequestAnswer>(&who)) return std::move(*refusal);
  const Sender& sender = std::get<Sender>(who);
  if (sender.user != nullptr) {
    const std::optional<std::string> resource = ResourceOf(request.request_uri, options_.domains);
    if (resource.has_value() && sender.identity != *resource &&
        !MayPublish(*sender.user, *resource)) {
      return {403, {}};  // ESC-02
    }
  }
  return compositor_.OnPublish(request, sender.identity);
}

// Who has an account in one of our domains proves to have it; others that of the resource's.
std::string EventService::RealmFor(const IncomingRequest& request) const {
  for (const std::string* uri : {&request.from_uri, &request.request_uri, &request.to_uri}) {
    const absl::StatusOr<Uri> parsed = ParseUri(*uri);
    if (parsed.ok() && options_.domains.Has(parsed->host)) return ToLower(parsed->host);
  }
  return "";
}

std::variant<EventService::Sender, RequestAnswer> EventService::Authenticate(
    const IncomingRequest& request) {
  if (!options_.authenticate) return Sender{};
  const std::string realm = RealmFor(request);
  if (realm.empty()) return RequestAnswer{404, {}};
  const absl::Time now = parts_.means.clock.Now();
  Sender sender;
  const DigestSubject subject{request.method, request.body, request.authorization};
  const auto password = [&](std::string_view of_realm,
                            std::string_view of_user) -> std::optional<std::string> {
    if (of_realm != realm) return std::nullopt;
    sender.user = options_.users.Find(of_user, realm);
    if (sender.user == nullptr) return std::nullopt;
    sender.identity = absl::StrCat("sip:", EscapedUser(of_user), "@", realm);
    return sender.user->password;
  };
  const DigestServer::Verdict verdict = digest_.Check(subject, password, now);
  if (verdict == DigestServer::Verdict::kAccepted) {
    // As resources are named.
    sender.identity = ResourceOf(sender.identity, options_.domains).value_or(sender.identity);
    return sender;
  }
  RequestAnswer challenge{401, {}};
  const bool stale = verdict == DigestServer::Verdict::kStale;
  for (std::string& value : digest_.Challenges(realm, stale, now)) {
    challenge.headers.emplace_back("WWW-Authenticate", std::move(value));
  }
  return challenge;
}

}  // namespace sipevents::sip
