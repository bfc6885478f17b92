#ifndef SIP_NOTIFIER_WATCHER_H_
#define SIP_NOTIFIER_WATCHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/auth/credentials.h"
#include "sip/auth/digest.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/compose/composed_state.h"
#include "sip/dialog/incoming_request.h"
#include "sip/dialog/request_sender.h"
#include "sip/event_server.h"
#include "sip/notifier/audience.h"
#include "sip/notifier/list_view.h"
#include "sip/notifier/notify_way.h"
#include "sip/notifier/watcher_dialog.h"
#include "sip/notifier/watcher_info_source.h"
#include "sip/notifier/watcher_state.h"

namespace sipevents::sip {

class Watcher;

// What one NOTIFY shows.
struct NotifyContent {
  std::string content_type;  // empty: no body
  std::string body;
  std::string entity_tag;
  bool is_list = false;  // RLS-02
  bool is_part = false;  // others may be shown more, and be told when that changes
  bool more = false;     // there is another NOTIFY to be sent after it
};

// Who owns watchers, and what they work with.
//
// Threads: the SIP thread that serves.
class WatcherHost {
 public:
  struct Means {
    RequestSender& sender;
    const Clock& clock;
    TimerQueue& timers;
    RandomSource& random;
    const CredentialTable& credentials;
    absl::Duration t1;
  };

  virtual ~WatcherHost() = default;
  virtual const Means& means() const = 0;
  // What the watcher is to be shown now; counts its documents up.
  virtual NotifyContent ContentFor(Watcher& watcher) = 0;
  // Whether a change is one to the watcher: see NotifyContents.
  virtual bool IsNews(const Watcher& watcher) = 0;
  // Whether there is room to remember it though its subscription is over (WatcherState::waits).
  virtual bool KeepsWaiting(const Watcher& watcher) = 0;
  // Has Watcher::Send() called, once what is under way now is done.
  virtual void SendSoon(Watcher& watcher) = 0;
  // It is another one to see, for `event` (WatcherRecord::event).
  virtual void OnWatcherChanged(const Watcher& watcher) = 0;
  // The policy shows it something else, and its status is the same: to be told to callers of ours
  // only, for others must not see a polite block (NOT-07).
  virtual void OnViewChanged(const Watcher& watcher) = 0;
  // Nothing is left to be done: ends it.
  virtual void OnGone(Watcher& watcher) = 0;
};

// Which of the documents of its package a watcher takes.
enum class WatcherFormat : uint8_t {
  kFull,
  kOldName,  // application/cpim-pidf+xml (DEV-10)
  kChanges,  // application/pidf-diff+xml
};

// As WatcherRecord::id.
std::string WatcherId(uint64_t number);

// What the policy lets a watcher see.
enum class WatcherView : uint8_t {
  kNothing,  // pending
  kState,
  kNeutral,  // politely blocked
};

// kDeny is as kPending: such a watcher is not made.
WatcherView ViewOf(WatcherDecision decision);

// Octets of a body that goes also to where nobody has answered yet (SEC-03): most states fit, and a
// SUBSCRIBE cannot make much more of itself at somebody who never asked.
inline constexpr size_t kMostUnproven = 1000;

// The entity tag of no state (CEN-01); those of states are longer.
inline constexpr char kNoStateTag[] = "none";

// One subscription of a SIP watcher: its dialog, and the NOTIFYs in it. What seldom happens is kept
// apart, so that a million of them fit.
//
// Threads: the SIP thread that serves.
class Watcher final : public AudienceMember, private RequestClient {
 public:
  // What stays the same over its life.
  struct Birth {
    uint64_t number = 0;     // unique
    uint64_t local_tag = 0;  // unique, secret
    const std::string* watcher_uri = nullptr;
    const std::string* contact = nullptr;  // of ours
    absl::Duration package_interval;
  };

  // `host` must outlive it, and the texts of `birth`.
  Watcher(Audience& audience, WatcherHost& host, const Birth& birth);
  ~Watcher() override;

  // To be begun before anything else.
  WatcherDialog& dialog() { return dialog_; }
  const WatcherDialog& dialog() const { return dialog_; }
  // Takes Contact and so on from a SUBSCRIBE in the dialog that is accepted.
  void TakeTarget(const IncomingRequest& request, const NotifyWay& way);

  // What was granted: see SubscribeGranted. `condition`: of Suppress-If-Match, empty: none.
  struct Grant {
    absl::Duration duration;
    WatcherView view = WatcherView::kState;
    WatcherFormat format = WatcherFormat::kFull;
    RateWishes rate;
    bool quiet = false;
    std::string condition;
  };
  void Subscribed(const Grant& grant);
  void Decide(WatcherView view);
  // As Decide(), of one that is over: its last NOTIFY may still be to come, and shows no more than
  // is allowed by then.
  void LimitView(WatcherView view);
  void End(WatcherEnd end);
  void OnStateChanged() override;
  bool IsOf(const std::string& watcher_uri) const override { return *watcher_uri_ == watcher_uri; }

  // It watches a list: what it shows, made for it. Before Subscribed().
  void SetList(std::unique_ptr<ListView> list);
  ListView* list() const { return list_.get(); }
  // What it is shown is another one.
  void OnPartChanged();
  // Of one who watches watchers.
  WatcherInfoSource::Progress& progress();

  // Of one who watches reports: the numbers of the last one that went out, and that was taken.
  struct ReportProgress {
    uint64_t told = 0;
    uint64_t taken = 0;
  };
  ReportProgress& reports();
  // After which the next one to be told comes.
  uint64_t reports_taken() const;
  // It is told of no report up to this one.
  void SkipReports(uint64_t last) { reports() = {last, last}; }

  // Hands the NOTIFY that is due to the sender.
  void Send();

  uint64_t number() const { return birth_number_; }
  const std::string& watcher_uri() const { return *watcher_uri_; }
  const std::string& own_contact() const { return *own_contact_; }
  WatcherView view() const { return view_; }
  WatcherFormat format() const { return format_; }
  const WatcherState& state() const { return state_; }
  // Has no subscription any more.
  bool is_over() const { return state_.phase >= WatcherPhase::kTerminated; }
  // Somebody may still decide about it.
  bool waits() const { return state_.waits; }
  // Waits, or did so: WatcherHost::KeepsWaiting() said yes.
  bool is_remembered() const { return remembered_; }
  WatcherStatus status() const;
  absl::Time subscribe_time() const { return subscribe_time_; }
  std::string_view condition() const;
  void DropCondition();
  // The entity tag of what it has, if that is a part of the state; empty: it is not, or not known.
  std::string_view part_told() const;
  // The number of the next document (PKG-16).
  uint32_t NextVersion() { return version_++; }
  // What the last document that it has was made from; null: none yet. For changes (RFC 5263).
  const ComposedStatePtr& shown() const { return shown_; }
  void Show(ComposedStatePtr state) { shown_ = std::move(state); }
  // Whether the last NOTIFY was taken (2xx), with the body that was made for it.
  bool last_taken() const { return last_taken_; }

  WatcherRecord Describe() const;

 private:
  struct Rare;
  OutgoingRequest Fill() override;
  void OnSent() override {}
  void OnFinal(const Response& response) override;

  void Apply(const WatcherInput& input);
  void Rearm(absl::Time wake);
  void TakeRates(const Response& response);
  bool CanRetry(const Response& response);
  void AddBody(NotifyContent content, OutgoingRequest& request);
  bool IsProven() const;
  std::string SubscriptionStateText() const;
  // Where a 3xx leads the next one; empty: nowhere.
  std::string_view RedirectTo() const;
  Rare& rare();
  // At debug. What ends as its watcher wishes is not logged.
  void LogEnd(const WatcherInput& cause) const;
  void LogAnswer(const Response& response) const;  // but a 2xx

  WatcherHost& host_;
  const uint64_t birth_number_;
  const std::string* watcher_uri_;
  const std::string* own_contact_;
  WatcherDialog dialog_;
  WatcherState state_;
  ComposedStatePtr shown_;
  std::unique_ptr<Rare> rare_;
  std::unique_ptr<ListView> list_;
  absl::Time subscribe_time_;
  // Unix times in microseconds, half as large as absl's; 0: never.
  int64_t last_notify_time_ = 0;
  int64_t last_attempt_time_ = 0;
  absl::Time armed_for_ = absl::InfiniteFuture();
  TimerQueue::TimerId timer_ = 0;
  RequestId request_ = 0;
  uint32_t version_ = 0;
  uint32_t notify_count_ = 0;
  uint32_t sent_tag_ = 0;    // hash of the entity tag of the last NOTIFY
  int16_t last_status_ = 0;  // of the last answer to a NOTIFY; 0: none yet
  WatcherView view_ = WatcherView::kNothing;
  WatcherFormat format_ = WatcherFormat::kFull;
  bool last_taken_ = true;
  BodyOmission omission_ = BodyOmission::kNone;  // of the last NOTIFY
  bool takes_no_body_ = false;                   // it refused one (415, 406)
  bool was_too_large_ = false;                   // the last body (413, 513)
  bool approved_ = false;                        // by somebody, after it came
  bool announced_ = false;                       // others may see it: not so a fetch
  bool told_polite_ = false;                     // the view that callers of ours were told of last
  bool remembered_ = false;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_WATCHER_H_
