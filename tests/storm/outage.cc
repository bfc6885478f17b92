#include "tests/storm/outage.h"

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "sip/base/status_macros.h"

namespace sipevents::testing {
namespace {

constexpr int kPageSize = 1000;
constexpr absl::Duration kLook = absl::Milliseconds(250);

void Pause(absl::Duration time) { std::this_thread::sleep_for(absl::ToChronoMilliseconds(time)); }

absl::Status StatusOf(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("gRPC: ", status.error_message()));
}

// One run.
class Outage {
 public:
  Outage(const OutageOptions& options, const std::function<void(const std::string&)>& say)
      : options_(options), say_(say), peer_(options.expires_before) {}

  absl::StatusOr<OutageReport> Run() {
    SIPEVENTS_RETURN_IF_ERROR(Start());
    SIPEVENTS_RETURN_IF_ERROR(Subscribe());
    SIPEVENTS_RETURN_IF_ERROR(AwaitAllWell(absl::Now() + Patience()).status());
    SIPEVENTS_ASSIGN_OR_RETURN(report_.memory_before, gateway_->ResidentBytes());
    SIPEVENTS_RETURN_IF_ERROR(BeAway());
    SIPEVENTS_ASSIGN_OR_RETURN(report_.all_active, AwaitAllWell(report_.back + Patience()));
    report_.subscribes = peer_.arrivals();
    if (report_.subscribes.empty()) return absl::InternalError("no SUBSCRIBE came");
    report_.began = report_.subscribes.front();
    say_(absl::StrCat("all ACTIVE ", absl::FormatDuration(report_.all_active - report_.back),
                      " after the return"));
    SIPEVENTS_ASSIGN_OR_RETURN(const int exit_status, gateway_->Terminate());
    if (exit_status != 0) return absl::InternalError(absl::StrCat("exit ", exit_status));
    return std::move(report_);
  }

 private:
  absl::Duration Patience() const {
    return absl::Minutes(2) + absl::Seconds(4 * options_.subscriptions / options_.rate);
  }

  absl::Status Start() {
    std::vector<std::string> flags = {
        absl::StrCat("--sip_outbound_proxy=sip:127.0.0.1:", peer_.port(), ";lr"),
        absl::StrCat("--sip_destination_rate=", options_.rate),
        absl::StrCat("--sip_t1=", absl::FormatDuration(options_.t1)),
        "--drain_timeout=1s",
        "--log_level=warning",
    };
    flags.insert(flags.end(), options_.more_flags.begin(), options_.more_flags.end());
    SIPEVENTS_ASSIGN_OR_RETURN(gateway_, GatewayProcess::Start(flags));
    stub_ = v1::Subscriptions::NewStub(
        grpc::CreateChannel(gateway_->grpc_address(), grpc::InsecureChannelCredentials()));
    return absl::OkStatus();
  }

  absl::Status Subscribe() {
    for (int i = 0; i < options_.subscriptions; ++i) {
      v1::CreateSubscriptionRequest request;
      request.mutable_spec()->set_target_uri(absl::StrFormat("sip:user%06d@example.com", i));
      request.mutable_spec()->set_event_package("presence");
      v1::Subscription created;
      grpc::ClientContext context;
      SIPEVENTS_RETURN_IF_ERROR(StatusOf(stub_->CreateSubscription(&context, request, &created)));
    }
    say_(absl::StrCat(options_.subscriptions, " Subscriptions created"));
    return absl::OkStatus();
  }

  // The Subscriptions that a filter finds, or as many as `enough`.
  absl::StatusOr<int> Count(const std::string& filter, int enough,
                            const std::function<bool(const v1::Subscription&)>& fits = {}) {
    v1::ListSubscriptionsRequest request;
    request.set_filter(filter);
    request.set_page_size(kPageSize);
    int count = 0;
    do {
      v1::ListSubscriptionsResponse page;
      grpc::ClientContext context;
      SIPEVENTS_RETURN_IF_ERROR(StatusOf(stub_->ListSubscriptions(&context, request, &page)));
      for (const v1::Subscription& each : page.subscriptions()) {
        if (!fits || fits(each)) ++count;
      }
      waiting_ = page.waiting_count();
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty() && count < enough);
    return count;
  }

  // Waits until all are ACTIVE, none is stale and none waits; returns when that was.
  absl::StatusOr<absl::Time> AwaitAllWell(absl::Time deadline) {
    int bad = 0;
    while (absl::Now() < deadline) {
      const absl::Time looked = absl::Now();
      SIPEVENTS_ASSIGN_OR_RETURN(const double active,
                                 gateway_->Metric("sipevents_subscriptions", "state=\"active\""));
      if (active == options_.subscriptions) {
        SIPEVENTS_ASSIGN_OR_RETURN(bad, Count("", 1, [](const v1::Subscription& each) {
                                     return each.state() != v1::Subscription::ACTIVE ||
                                            each.has_stale_since();
                                   }));
        if (bad == 0 && waiting_ == 0) return looked;
      }
      Pause(kLook);
    }
    SIPEVENTS_ASSIGN_OR_RETURN(const int not_active,
                               Count("state != ACTIVE", options_.subscriptions));
    return absl::DeadlineExceededError(
        absl::StrCat(not_active, " are not ACTIVE, ", waiting_, " wait"));
  }

  absl::Status BeAway() {
    report_.stopped = absl::Now();
    peer_.SetMode(options_.how);
    say_(absl::StrCat("the notifier is away for ", absl::FormatDuration(options_.away)));
    while (absl::Now() < report_.stopped + options_.away) {
      Pause(kLook);
      SIPEVENTS_RETURN_IF_ERROR(Look());
    }
    SIPEVENTS_ASSIGN_OR_RETURN(report_.most_waiting_listed,
                               Count("waiting = true", options_.subscriptions));
    SIPEVENTS_RETURN_IF_ERROR(Look());
    SIPEVENTS_ASSIGN_OR_RETURN(report_.trips,
                               gateway_->Metric("sipevents_sip_breaker_trips_total"));
    if (options_.forgets) peer_.ForgetDialogs();
    peer_.SetExpires(options_.expires_after);
    report_.back = absl::Now();
    peer_.SetMode(StormPeer::Mode::kServing);
    say_(absl::StrCat("the notifier is back; ", report_.most_waiting, " Subscriptions waited"));
    return absl::OkStatus();
  }

  absl::Status Look() {
    v1::ListSubscriptionsRequest request;
    request.set_page_size(1);
    v1::ListSubscriptionsResponse page;
    grpc::ClientContext context;
    SIPEVENTS_RETURN_IF_ERROR(StatusOf(stub_->ListSubscriptions(&context, request, &page)));
    SIPEVENTS_ASSIGN_OR_RETURN(const double waiting,
                               gateway_->Metric("sipevents_sip_requests_waiting"));
    SIPEVENTS_ASSIGN_OR_RETURN(const double down, gateway_->Metric("sipevents_sip_servers_down"));
    SIPEVENTS_ASSIGN_OR_RETURN(const double memory, gateway_->ResidentBytes());
    report_.most_waiting = std::max(report_.most_waiting, page.waiting_count());
    report_.most_requests_waiting = std::max(report_.most_requests_waiting, waiting);
    report_.servers_down = std::max(report_.servers_down, down);
    report_.memory_during = std::max(report_.memory_during, memory);
    return absl::OkStatus();
  }

  const OutageOptions& options_;
  const std::function<void(const std::string&)>& say_;
  StormPeer peer_;
  std::unique_ptr<GatewayProcess> gateway_;
  std::unique_ptr<v1::Subscriptions::Stub> stub_;
  OutageReport report_;
  int waiting_ = 0;  // as the last page had it
};

}  // namespace

int OutageReport::Count(absl::Time from, absl::Time to) const {
  const auto first = std::lower_bound(subscribes.begin(), subscribes.end(), from);
  return static_cast<int>(std::lower_bound(first, subscribes.end(), to) - first);
}

absl::Time OutageReport::FirstAfter(absl::Time time) const {
  const auto first = std::upper_bound(subscribes.begin(), subscribes.end(), time);
  return first == subscribes.end() ? absl::InfiniteFuture() : *first;
}

int OutageReport::LargestSecond() const {
  int most = 0;
  size_t first = 0;
  for (size_t last = 0; last < subscribes.size(); ++last) {
    while (subscribes[last] - subscribes[first] > absl::Seconds(1)) ++first;
    most = std::max(most, static_cast<int>(last - first) + 1);
  }
  return most;
}

std::vector<int> OutageReport::PerSecond(absl::Time from, absl::Time to) const {
  std::vector<int> counts;
  for (absl::Time at = from; at < to; at += absl::Seconds(1)) {
    counts.push_back(Count(at, std::min(at + absl::Seconds(1), to)));
  }
  return counts;
}

int LargestSecondAllowed(int rate) { return static_cast<int>(std::floor(rate * 1.03)) + 1; }

absl::StatusOr<OutageReport> RunOutage(const OutageOptions& options,
                                       const std::function<void(const std::string&)>& say) {
  return Outage(options, say).Run();
}

}  // namespace sipevents::testing
