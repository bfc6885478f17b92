#include "sip/event_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/auth/user_hash.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
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

// What a phone that nobody can judge now should wait, in seconds.
constexpr char kRetryAfter[] = "5";

// Looks a user up for the credentials of one request, which may bear several, and notes what came
// of it.
class CredentialCheck {
 public:
  CredentialCheck(UserCache& users, std::string_view realm) : users_(users), realm_(realm) {}

  // See DigestServer::HashSource.
  std::optional<std::string> HashOf(std::string_view realm, std::string_view name,
                                    DigestAlgorithm algorithm) {
    // One look-up for a request, however many users it names.
    if (realm != realm_ || waits_for_ != 0 || unavailable_) return std::nullopt;
    const UserCache::Finding finding = users_.Find(name, realm_);
    waits_for_ = finding.lookup;
    unavailable_ = finding.verdict == UserCache::Verdict::kUnavailable;
    if (finding.user == nullptr) return std::nullopt;
    user_ = finding.user;
    name_ = std::string(name);
    std::optional<std::string> hash = UserHash(*user_, name, realm_, algorithm);
    if (!hash.has_value()) {
      Log(LogSeverity::kWarning, "users",
          "a user has no hash for the algorithm that the phone chose; md5_hash alone needs "
          "--sip_watcher_digest=md5",
          {{"user", QuoteForMessage(name)},
           {"realm", AbslView(realm_)},
           {"algorithm", AbslView(DigestAlgorithmName(algorithm))}});
    }
    return hash;
  }

  // The credentials did not fit: the password may have been changed.
  void AskAgain() {
    if (user_ != nullptr && waits_for_ == 0) waits_for_ = users_.AskAgain(name_, realm_);
  }

  uint64_t waits_for() const { return waits_for_; }
  bool unavailable() const { return unavailable_; }
  // Of the credentials that were looked at last.
  const User* user() const { return user_; }
  const std::string& name() const { return name_; }

 private:
  UserCache& users_;
  const std::string_view realm_;
  uint64_t waits_for_ = 0;
  bool unavailable_ = false;
  const User* user_ = nullptr;
  std::string name_;
};

// Whether a user may publish the state of somebody else.
bool MayPublish(const User& user, const std::string& resource) {
  return std::any_of(user.publishes.begin(), user.publishes.end(),
                     [&](const std::string& uri) { return uri == "*" || uri == resource; });
}

}  // namespace

std::string EventService::AllowEvents(bool strict) {
  std::vector<std::string> names(std::begin(kPackages), std::end(kPackages));
  if (!strict) names.insert(names.end(), std::begin(kTemplates), std::end(kTemplates));
  return absl::StrJoin(names, ", ");
}

const std::vector<std::string>& EventService::PublishedPackages() {
  static const auto* const names =
      new std::vector<std::string>(std::begin(kPackages), std::end(kPackages));
  return *names;
}

const std::vector<std::string>& EventService::NotifiedPackages() {
  static const auto* const names = [] {
    auto* all = new std::vector<std::string>(std::begin(kPackages), std::end(kPackages));
    all->insert(all->end(), std::begin(kTemplates), std::end(kTemplates));
    return all;
  }();
  return *names;
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
  notifier.limits.packages = NotifiedPackages();
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
      users_(UserCacheParts()),
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

UserCache::Parts EventService::UserCacheParts() const {
  return {.directory = parts_.directory,
          .clock = parts_.means.clock,
          .timers = parts_.means.timers,
          .post = parts_.post,
          .on_answer = parts_.resume,
          .metrics = parts_.metrics};
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
  const DigestSubject subject{request.method, request.body, request.authorization};
  CredentialCheck check(users_, realm);
  const auto hash = [&check](std::string_view of_realm, std::string_view name,
                             DigestAlgorithm algorithm) {
    return check.HashOf(of_realm, name, algorithm);
  };
  const DigestServer::Verdict verdict = digest_.Check(subject, hash, now);
  if (verdict == DigestServer::Verdict::kAccepted) {
    const std::string identity = absl::StrCat("sip:", EscapedUser(check.name()), "@", realm);
    // As resources are named.
    return Sender{ResourceOf(identity, options_.domains).value_or(identity), check.user()};
  }
  if (verdict == DigestServer::Verdict::kRefused) check.AskAgain();
  if (check.waits_for() != 0) {
    RequestAnswer later;
    later.waits_for = check.waits_for();
    return later;
  }
  if (check.unavailable()) return RequestAnswer{503, {{"Retry-After", kRetryAfter}}};
  return Challenge(realm, verdict == DigestServer::Verdict::kStale, now);
}

RequestAnswer EventService::Challenge(const std::string& realm, bool stale, absl::Time now) {
  RequestAnswer challenge{401, {}};
  for (std::string& value : digest_.Challenges(realm, stale, now)) {
    challenge.headers.emplace_back("WWW-Authenticate", std::move(value));
  }
  return challenge;
}

}  // namespace sipevents::sip
