#include "tests/scenarios/notifier_scenario.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sip/base/status_macros.h"

namespace sipevents::testing {

void NotifierScenario::TearDown() {
  Scenario::TearDown();
  if (!HasFailure()) return;
  for (const auto& watcher : watchers_) std::cerr << "watcher:\n" << watcher->peer().Log() << "\n";
  for (const auto& publisher : publishers_) {
    std::cerr << "publisher:\n" << publisher->peer().Log() << "\n";
  }
}

absl::Status NotifierScenario::StartServer(const std::vector<std::string>& flags) {
  if (const char* other = std::getenv("SIPEVENTS_TEST_NOTIFIER"); other != nullptr) {
    port_ = std::atoi(other);
  } else {
    std::vector<std::string> all = {"--sip_domains=example.com", "--sip_watcher_auth=none",
                                    "--sip_notify_min_interval=0s"};
    all.insert(all.end(), flags.begin(), flags.end());
    SIPEVENTS_RETURN_IF_ERROR(StartGateway(all));
    port_ = gateway_->sip_udp_port();
  }
  SIPEVENTS_ASSIGN_OR_RETURN(watcher_, NewWatcher());
  SIPEVENTS_ASSIGN_OR_RETURN(publisher_, NewPublisher());
  return absl::OkStatus();
}

absl::StatusOr<ScriptedWatcher*> NotifierScenario::NewWatcher() {
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<ScriptedWatcher> watcher,
                             ScriptedWatcher::Start(port_));
  watchers_.push_back(std::move(watcher));
  return watchers_.back().get();
}

absl::StatusOr<ScriptedPublisher*> NotifierScenario::NewPublisher(const std::string& resource,
                                                                  const std::string& event) {
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<ScriptedPublisher> publisher,
                             ScriptedPublisher::Start(port_, resource, event));
  publishers_.push_back(std::move(publisher));
  return publishers_.back().get();
}

absl::Status NotifierScenario::Publish(const std::string& note) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Received response, publisher_->Publish(Pidf("open", note)));
  if (response.sip.status() == 200) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("PUBLISH got\n", response.sip.raw()));
}

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

absl::Status CheckRefused(const Received& response, const Refusal& refusal) {
  const SipText& sip = response.sip;
  const std::vector<int>& statuses = refusal.statuses;
  if (std::find(statuses.begin(), statuses.end(), sip.status()) == statuses.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("expected ", statuses.front(), ", got\n", sip.raw()));
  }
  if (refusal.header == nullptr) return absl::OkStatus();
  for (const std::string& value : sip.Headers(refusal.header)) {
    if (absl::StrContains(value, refusal.value)) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("expected ", refusal.header, ": ", refusal.value, ", got\n", sip.raw()));
}

}  // namespace sipevents::testing
