#include "sip/local_subscriptions.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/packages/package_table.h"
#include "sip/subscriber/notify_checks.h"
#include "sip/subscriber/state_intake.h"
#include "sip/subscriber/subscribe_template.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kLocalHop = "local:";
// Ids of requests and fetches of ours, apart from those of who sends, and of subscriptions.
constexpr uint64_t kOwnIds = uint64_t{1} << 62;
constexpr char kDialog[] = "local";
constexpr uint32_t kOnlyFork = 1;

SubscriptionStatus Ended(std::string_view reason, int sip_status) {
  SubscriptionStatus status;
  status.state = SubscriptionState::kTerminated;
  status.reason = std::string(reason);
  status.sip_status = sip_status;
  return status;
}

}  // namespace

struct LocalSubscriptions::OnItsWay {
  RequestClient* client = nullptr;
  uint64_t entry = 0;
  TimerQueue::TimerId timer = 0;
};

// One who follows, or fetches.
class LocalSubscriptions::Entry {
 public:
  Entry(uint64_t id, const SubscribeRequest& request, SubscriberContext& context)
      : id_(id),
        context_(context),
        package_(FindPackage(request.event_package)),
        intake_(context, package_) {}

  std::shared_ptr<SubscriptionObserver> observer;  // of one who follows
  std::shared_ptr<FetchObserver> fetcher;          // of one who fetches
  uint64_t watcher = 0;                            // tag of the notifier's side

  uint64_t id() const { return id_; }
  const SubscriptionExplanation& explanation() const { return explanation_; }

  void Begin(absl::Time now) {
    explanation_.known = true;
    explanation_.dialogs.push_back(
        {.id = kDialog, .server = std::string(kThisGateway), .made = now});
    Tell(SubscriptionStatus{});
  }

  void Tell(const SubscriptionStatus& status) {
    if (observer == nullptr || (told_.has_value() && *told_ == status)) return;
    told_ = status;
    observer->OnStatus(status);
  }

  // True: it was the last one. `end` says why, then.
  bool Take(const OutgoingRequest& request, std::string& end) {
    const auto state = ParseSubscriptionState(request.subscription_state);
    if (!state.ok()) return false;
    IncomingNotify notify;
    notify.receive_time = context_.clock.Now();
    notify.event_type = std::string_view(request.event).substr(0, request.event.find(';'));
    notify.cseq = request.cseq;
    notify.content_type = request.content_type;
    notify.body = request.body;
    notify.entity_tag = request.entity_tag;
    const bool last = state->substate == Substate::kTerminated;
    Note(*state, notify);
    const StateIntake::Taken taken = intake_.Take(
        notify, kOnlyFork, kDialog, [this](const Notification& news) { Tell(news); },
        [this](const StateIntake::MemberGone& gone) { Tell(gone); });
    if (observer != nullptr && taken.quiet) observer->OnQuietNotify(notify.receive_time);
    // The answer is that there is no state, or none that may be seen.
    if (fetcher != nullptr && taken.quiet) Tell(MakeNotification(context_, kDialog, notify, {}));
    if (last) {
      end = state->reason;
      return true;
    }
    SubscriptionStatus status;
    status.state = state->substate == Substate::kPending ? SubscriptionState::kPending
                                                         : SubscriptionState::kActive;
    if (status.state == SubscriptionState::kPending) Withdraw("pending");
    status.dialog_count = 1;
    Tell(status);
    return false;
  }

 private:
  // A permission was taken back: who begins to watch now is not to see what was seen before.
  void Withdraw(std::string_view reason) {
    if (observer == nullptr || !told_.has_value() || told_->state != SubscriptionState::kActive) {
      return;
    }
    intake_.DropDialog(kOnlyFork);
    observer->OnDialogEnded(kDialog, reason, /*state_remains=*/false);
  }

  void Tell(const Notification& news) {
    if (!news.decode_error.empty()) {
      ++explanation_.decode_errors;
      explanation_.last_decode_error = std::string(news.decode_error);
      explanation_.last_decode_error_time = news.receive_time;
    }
    if (observer != nullptr) observer->OnNotification(news);
    if (fetcher != nullptr) fetcher->OnNotification(news);
  }
  void Tell(const StateIntake::MemberGone& gone) {
    if (observer == nullptr) return;
    observer->OnMemberGone(kDialog, gone.member_uri, gone.member_instance, gone.reason);
  }

  void Note(const SubscriptionStateHeader& state, const IncomingNotify& notify) {
    ++explanation_.notifies;
    if (explanation_.dialogs.empty()) return;
    ExplainedDialog& dialog = explanation_.dialogs.front();
    dialog.substate = state.raw;
    dialog.state = state.substate == Substate::kPending ? ExplainedDialog::State::kPending
                                                        : ExplainedDialog::State::kActive;
    dialog.last_notify = notify.receive_time;
    if (!notify.body.empty()) dialog.last_state = notify.receive_time;
    dialog.remote_cseq = notify.cseq;
  }

  const uint64_t id_;
  SubscriberContext& context_;
  const EventPackage& package_;
  StateIntake intake_;
  std::optional<SubscriptionStatus> told_;
  SubscriptionExplanation explanation_;
};

LocalSubscriptions::LocalSubscriptions(SubscriberContext context) : context_(std::move(context)) {}

LocalSubscriptions::~LocalSubscriptions() {
  for (const auto& [id, way] : on_its_way_) context_.timers.Cancel(way.timer);
}

RequestAnswer LocalSubscriptions::Ask(Entry& entry, const SubscribeRequest& request, bool once) {
  const std::string& identity = request.identity.empty() ? context_.identity : request.identity;
  const std::string id = absl::StrCat(entry.id());
  IncomingRequest subscribe;
  subscribe.receive_time = context_.clock.Now();
  subscribe.method = "SUBSCRIBE";
  subscribe.request_uri = request.target_uri;
  subscribe.from_uri = identity;
  subscribe.from_tag = id;
  subscribe.to_uri = request.target_uri;
  subscribe.call_id = id;
  subscribe.cseq = 1;
  subscribe.event_count = 1;
  subscribe.event_type = request.event_package;
  subscribe.event_type_ok = true;
  std::vector<std::string> parameters;
  for (const auto& [name, value] : request.event_parameters) {
    const std::string quoted = IsToken(value) ? value : QuoteString(value);
    parameters.push_back(value.empty() ? name : absl::StrCat(name, "=", quoted));
  }
  subscribe.event_parameters.assign(parameters.begin(), parameters.end());
  if (once) subscribe.expires = 0;
  subscribe.has_accept = !request.accept.empty();
  for (const std::string& type : request.accept) subscribe.accept.push_back({type});
  subscribe.supported = {"eventlist"};
  subscribe.content_type = request.body_content_type;
  const std::string list = request.members.empty() ? "" : RecipientList(request.members);
  subscribe.body = request.members.empty() ? request.body : list;
  if (!list.empty()) {
    subscribe.content_type = "application/resource-lists+xml";
    subscribe.content_disposition = "recipient-list";
  }
  RequestAnswer answer =
      notifier_->OnLocalSubscribe(subscribe, absl::StrCat(AbslView(kLocalHop), id));
  if (!absl::SimpleHexAtoi(answer.to_tag, &entry.watcher)) entry.watcher = 0;
  return answer;
}

void LocalSubscriptions::Subscribe(SubscriptionId id, const SubscribeRequest& request,
                                   std::shared_ptr<SubscriptionObserver> observer) {
  auto made = std::make_unique<Entry>(id, request, context_);
  Entry& entry = *made;
  entry.observer = std::move(observer);
  entries_.emplace(id, std::move(made));
  entry.Begin(context_.clock.Now());
  const RequestAnswer answer = Ask(entry, request, /*once=*/false);
  if (answer.status / 100 == 2) return;
  entry.Tell(Ended("response", answer.status));
  End(id);
}

void LocalSubscriptions::Unsubscribe(SubscriptionId id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  const uint64_t watcher = std::exchange(it->second->watcher, 0);
  it->second->Tell(Ended("unsubscribed", 0));
  End(id);
  notifier_->Drop(watcher);
}

SubscriptionExplanation LocalSubscriptions::Explain(SubscriptionId id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? SubscriptionExplanation() : it->second->explanation();
}

void LocalSubscriptions::Fetch(const SubscribeRequest& request,
                               std::shared_ptr<FetchObserver> observer) {
  const uint64_t id = kOwnIds + ++last_fetch_;
  auto made = std::make_unique<Entry>(id, request, context_);
  Entry& entry = *made;
  entry.fetcher = std::move(observer);
  entries_.emplace(id, std::move(made));
  const RequestAnswer answer = Ask(entry, request, /*once=*/true);
  if (answer.status / 100 == 2) return;
  FetchResult result;
  result.sip_status = answer.status;
  result.reason = "response";
  entry.fetcher->OnDone(result);
  entries_.erase(id);
}

void LocalSubscriptions::End(uint64_t id) {
  const auto node = entries_.extract(id);
  if (!node.empty() && node.mapped()->observer != nullptr) node.mapped()->observer->OnEnded();
}

RequestId LocalSubscriptions::Send(std::string first_hop, RequestPriority priority,
                                   RequestClient& client) {
  uint64_t entry = 0;
  if (!first_hop.starts_with(kLocalHop) ||
      !absl::SimpleAtoi(first_hop.substr(kLocalHop.size()), &entry)) {
    return context_.sender.Send(std::move(first_hop), priority, client);
  }
  const RequestId id = kOwnIds + ++last_request_;
  OnItsWay& way = on_its_way_[id];
  way.client = &client;
  way.entry = entry;
  // Never answered from within the call.
  way.timer = context_.timers.At(context_.clock.Now(), [this, id] { Deliver(id); });
  return id;
}

void LocalSubscriptions::Forget(RequestId id) {
  if (id < kOwnIds) return context_.sender.Forget(id);
  const auto it = on_its_way_.find(id);
  if (it == on_its_way_.end()) return;
  context_.timers.Cancel(it->second.timer);
  on_its_way_.erase(it);
}

void LocalSubscriptions::Deliver(RequestId id) {
  const OnItsWay way = on_its_way_.extract(id).mapped();
  const auto it = entries_.find(way.entry);
  Response response;
  response.status = it == entries_.end() ? 481 : 200;
  if (it != entries_.end()) {
    const OutgoingRequest request = way.client->Fill();
    Entry& entry = *it->second;
    std::string end;
    if (entry.Take(request, end)) {
      if (entry.fetcher != nullptr) {
        // What the policy hides is told as other notifiers tell it.
        FetchResult result;
        result.reason = end;
        entry.fetcher->OnDone(result);
      } else {
        entry.Tell(Ended(end, 0));
      }
      End(way.entry);
    }
  }
  way.client->OnFinal(response);
}

}  // namespace sipevents::sip
