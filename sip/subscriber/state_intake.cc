#include "sip/subscriber/state_intake.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sip/base/ascii.h"
#include "sip/body/media_type.h"
#include "sip/packages/rlmi.h"
#include "sip/subscriber/notify_checks.h"

namespace sipevents::sip {
namespace {

// Hands on what a list tells, as notifications of the NOTIFY that brought it.
class MemberTeller final : public MemberListener {
 public:
  MemberTeller(const IncomingNotify& notify, std::string_view dialog, SipMetrics* metrics,
               StateIntake::OnNews news, StateIntake::OnGone gone)
      : notify_(notify), dialog_(dialog), metrics_(metrics), news_(news), gone_(gone) {}

  bool quiet() const { return quiet_; }

  void OnMember(const MemberNews& member) override {
    quiet_ = false;
    if (!member.error.empty() && metrics_ != nullptr) metrics_->OnDecodeError(notify_.event_type);
    Notification notification;
    notification.dialog = dialog_;
    notification.receive_time = notify_.receive_time;
    notification.content_type = member.content_type;
    notification.body = member.body;
    notification.body_is_partial = member.body_is_partial;
    notification.document = member.document;
    notification.decode_error = member.error;
    notification.member_uri = member.uri;
    notification.member_name = member.name;
    notification.member_instance = member.instance;
    news_(notification);
  }

  void OnMemberGone(std::string_view uri, uint32_t instance, std::string_view reason) override {
    quiet_ = false;
    gone_({.member_uri = uri, .member_instance = instance, .reason = reason});
  }

 private:
  const IncomingNotify& notify_;
  const std::string_view dialog_;
  SipMetrics* const metrics_;
  const StateIntake::OnNews news_;
  const StateIntake::OnGone gone_;
  bool quiet_ = true;
};

}  // namespace

StateIntake::StateIntake(SubscriberContext& context, const EventPackage& package)
    : context_(context), package_(package), merger_(package.new_merger()) {}

bool StateIntake::IsList(const IncomingNotify& notify) const {
  return package_.takes_lists && !notify.body.empty() &&
         IsEventList(notify.content_type, !context_.strict);
}

bool StateIntake::ExcludesFork(const IncomingNotify& notify) const {
  return !lists_.empty() || IsList(notify);
}

StateIntake::Taken StateIntake::Take(const IncomingNotify& notify, uint32_t index,
                                     std::string_view dialog, OnNews news, OnGone gone) {
  const bool is_list = IsList(notify);
  if (is_list && singles_.contains(index)) {
    return Refuse(notify, dialog, "a list, where a single resource has told its state", news);
  }
  if (is_list) return TakeList(notify, index, dialog, news, gone);
  if (!lists_.contains(index)) return TakeSingle(notify, index, dialog, news);
  if (TrimBlanks(notify.body).empty()) return {};
  return Refuse(notify, dialog, "the state of a single resource, where a list has told its members",
                news);
}

MergeInput StateIntake::InputOf(const IncomingNotify& notify, uint32_t index) const {
  return {.dialog = index,
          .content_type = notify.content_type,
          .body = notify.body,
          .event_parameters = notify.event_parameters,
          .call_info = notify.call_info,
          .cseq = notify.cseq,
          .lenient = !context_.strict};
}

StateIntake::Taken StateIntake::TakeSingle(const IncomingNotify& notify, uint32_t index,
                                           std::string_view dialog, OnNews news) {
  if (!TrimBlanks(notify.body).empty()) singles_.insert(index);
  const MergeResult result = merger_->Merge(InputOf(notify, index), context_.scratch);
  if (LacksBase(notify, index, result)) return {.usable = false, .resync = true};
  const bool quiet = result.kind == MergeResult::Kind::kUnchanged;
  if (!quiet) news(MakeNotification(context_, dialog, notify, result));
  return {.quiet = quiet,
          .usable = result.kind != MergeResult::Kind::kError && !result.resync,
          .resync = result.resync,
          .over = result.over,
          .changes_fail = CountChanges(notify, result)};
}

bool StateIntake::LacksBase(const IncomingNotify& notify, uint32_t index,
                            const MergeResult& result) {
  if (resumed_.empty() || TrimBlanks(notify.body).empty() || !resumed_.contains(index))
    return false;
  if (result.body_is_partial) return true;
  if (result.kind == MergeResult::Kind::kDocument) resumed_.erase(index);
  return false;
}

bool StateIntake::CountChanges(const IncomingNotify& notify, const MergeResult& result) {
  if (package_.changes_type.empty() ||
      !MatchesMediaType(notify.content_type, package_.changes_type)) {
    return false;
  }
  if (result.kind == MergeResult::Kind::kError) {
    failed_changes_ = std::min(failed_changes_ + 1, kMostFailedChanges);
    return failed_changes_ == kMostFailedChanges;
  }
  if (result.kind == MergeResult::Kind::kDocument && result.body_is_partial) failed_changes_ = 0;
  return false;
}

StateIntake::Taken StateIntake::TakeList(const IncomingNotify& notify, uint32_t index,
                                         std::string_view dialog, OnNews news, OnGone gone) {
  std::unique_ptr<ListFork>& fork = lists_[index];
  if (fork == nullptr) fork = std::make_unique<ListFork>(package_);
  MemberTeller teller(notify, dialog, context_.metrics, news, gone);
  const ListResult result = fork->list.Merge(InputOf(notify, index), context_.scratch, teller);
  if (result.parts_missing && context_.metrics != nullptr) context_.metrics->OnDeviation("RLS-07");
  if (result.members_left_out && context_.metrics != nullptr) {
    context_.metrics->OnBoundReached("list_members");
  }
  Taken taken{.quiet = teller.quiet(),
              .usable = result.error.empty() && !result.member_failed && !result.resync,
              .resync = result.resync};
  if (!result.error.empty()) {
    taken.quiet = false;
    fork->has_failed = true;
    news(MakeNotification(context_, dialog, notify,
                          {.kind = MergeResult::Kind::kError, .error = result.error}));
  } else if (std::exchange(fork->has_failed, false)) {
    // What was wrong with the list is so no longer: who begins to watch must not be told of it.
    Notification cleared;
    cleared.dialog = dialog;
    cleared.receive_time = notify.receive_time;
    taken.quiet = false;
    news(cleared);
  }
  return taken;
}

StateIntake::Taken StateIntake::Refuse(const IncomingNotify& notify, std::string_view dialog,
                                       std::string_view error, OnNews news) const {
  news(MakeNotification(context_, dialog, notify,
                        {.kind = MergeResult::Kind::kError, .error = std::string(error)}));
  return {.quiet = false, .usable = false, .resync = false};
}

MergeResult StateIntake::DropDialog(uint32_t index) {
  lists_.erase(index);
  singles_.erase(index);
  resumed_.erase(index);
  return merger_->DropDialog(index, context_.scratch);
}

}  // namespace sipevents::sip
