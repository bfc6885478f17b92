#include "clients/cli/resource_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "clients/cli/message_text.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"
#include "clients/cli/times.h"
#include "sipevents/v1/publications.pb.h"
#include "sipevents/v1/resource_lists.pb.h"
#include "sipevents/v1/watchers.pb.h"

namespace sipevents::client {
namespace {

using Painter = std::function<std::string(const Summary&)>;

constexpr int kMostMembersShown = 8;

// Its fields, each after two blanks; empty ones are left out.
std::string Join(const std::vector<std::string>& fields) {
  return absl::StrJoin(fields, "", [](std::string* out, const std::string& field) {
    if (!field.empty()) absl::StrAppend(out, out->empty() ? "" : "  ", field);
  });
}

std::string Clock(const google::protobuf::Timestamp& time, absl::TimeZone zone) {
  return absl::FormatTime("%H:%M:%E3S", ToTime(time), zone);
}

Summary StateOf(const v1::Publication& publication, absl::TimeZone zone) {
  Tone tone = Tone::kBusy;
  if (publication.state() == v1::Publication::ACTIVE) tone = Tone::kGood;
  if (publication.state() == v1::Publication::RETRYING ||
      publication.state() == v1::Publication::ENDED) {
    tone = Tone::kBad;
  }
  std::string text = absl::AsciiStrToLower(v1::Publication::State_Name(publication.state()));
  std::string why = Printable(publication.reason());
  if (publication.sip_status() != 0) {
    absl::StrAppend(&why, why.empty() ? "" : " ", publication.sip_status());
  }
  if (!why.empty()) absl::StrAppend(&text, " (", why, ")");
  // All others have nothing to show of the newest state by their nature.
  if (publication.state() == v1::Publication::ACTIVE && publication.reconciling()) {
    absl::StrAppend(&text, ", reconciling");
  }
  if (publication.has_retry_time()) {
    absl::StrAppend(&text, ", again at ", Clock(publication.retry_time(), zone));
  }
  if (publication.has_waiting_since()) {
    absl::StrAppend(&text, ", waiting to be sent since ", Clock(publication.waiting_since(), zone));
  }
  return {text, tone};
}

std::string ContentText(const v1::Publication& publication) {
  switch (publication.content_case()) {
    case v1::Publication::kPresence:
      return Summarize(publication.presence()).text;
    case v1::Publication::kDialogInfo:
      return Summarize(publication.dialog_info()).text;
    case v1::Publication::kMessageSummary:
      return Summarize(publication.message_summary()).text;
    case v1::Publication::kBody:
      return absl::StrCat(Printable(publication.body().content_type()), ", ",
                          publication.body().data().size(), " octets");
    case v1::Publication::CONTENT_NOT_SET:
      break;
  }
  return "";
}

std::string Text(const v1::Publication& publication, absl::TimeZone zone, const Painter& paint) {
  return Join({Printable(publication.name()), paint(StateOf(publication, zone)),
               absl::AsciiStrToLower(v1::Publication::Route_Name(publication.route())),
               Printable(publication.event_package()), Printable(publication.target_uri()),
               ContentText(publication)});
}

// What is wrong with the last NOTIFY; empty: nothing.
std::string NotifyTrouble(const v1::ServedWatcher& watcher) {
  const int status = watcher.last_notify_status();
  std::string text = status == 0 || status / 100 == 2 ? "" : absl::StrCat("last NOTIFY: ", status);
  if (status == 408) absl::StrAppend(&text, " (no answer)");
  const char* const separator = text.empty() ? "" : ", ";
  switch (watcher.body_omission()) {
    case v1::ServedWatcher::BODY_REFUSED:
      absl::StrAppend(&text, separator, "without the state: it refused a body");
      break;
    case v1::ServedWatcher::BODY_TOO_LARGE:
      absl::StrAppend(&text, separator, "without the state: too large");
      break;
    case v1::ServedWatcher::CONTACT_UNPROVEN:
      absl::StrAppend(&text, separator, "without the state: nobody has answered at the contact");
      break;
    default:
      break;
  }
  return text;
}

std::string Text(const v1::ServedWatcher& watcher, const Painter& paint) {
  Tone tone = Tone::kMissing;
  if (watcher.status() == v1::Watcher::ACTIVE) tone = Tone::kGood;
  if (watcher.status() == v1::Watcher::PENDING) tone = Tone::kBusy;
  std::string status = absl::AsciiStrToLower(v1::Watcher::Status_Name(watcher.status()));
  if (watcher.polite_block()) absl::StrAppend(&status, " (polite block)");
  const std::string trouble = NotifyTrouble(watcher);
  return Join({Printable(watcher.name()), paint({status, tone}), Printable(watcher.event_package()),
               Printable(watcher.target_uri()),
               absl::StrCat("watched by ", Printable(watcher.watcher_uri())),
               Printable(watcher.user_agent()),
               trouble.empty() ? trouble : paint({trouble, Tone::kBad})});
}

std::string Text(const v1::WatcherRule& rule, const Painter& paint) {
  const Tone tone = rule.decision() == v1::WatcherRule::ALLOW ? Tone::kGood : Tone::kBusy;
  const std::string decision =
      absl::AsciiStrToLower(v1::WatcherRule::Decision_Name(rule.decision()));
  return Join({Printable(rule.name()), paint({decision, tone}), Printable(rule.watcher_uri()),
               Printable(rule.event_package()), Printable(rule.target_uri())});
}

std::string Text(const v1::ResourceList& list) {
  std::string members;
  for (int i = 0; i < list.members_size() && i < kMostMembersShown; ++i) {
    absl::StrAppend(&members, i == 0 ? "" : ", ", Printable(list.members(i).uri()));
  }
  if (list.members_size() > kMostMembersShown) absl::StrAppend(&members, ", …");
  return Join({Printable(list.name()), Printable(list.list_uri()),
               absl::StrCat(list.members_size(), " members: ", members)});
}

// The message as a `Resource`; null if it is none.
template <typename Resource>
const Resource* As(const google::protobuf::Message& message) {
  if (message.GetDescriptor() != Resource::descriptor()) return nullptr;
  return static_cast<const Resource*>(&message);
}

}  // namespace

std::string ResourceText(const google::protobuf::Message& resource, absl::TimeZone zone,
                         const Painter& paint) {
  if (const auto* item = As<v1::PublicationItem>(resource); item != nullptr) {
    return item->has_publication() ? Text(item->publication(), zone, paint) : "";
  }
  if (const auto* item = As<v1::WatcherItem>(resource); item != nullptr) {
    return item->has_watcher() ? Text(item->watcher(), paint) : "";
  }
  if (const auto* publication = As<v1::Publication>(resource); publication != nullptr) {
    return Text(*publication, zone, paint);
  }
  if (const auto* watcher = As<v1::ServedWatcher>(resource); watcher != nullptr) {
    return Text(*watcher, paint);
  }
  if (const auto* rule = As<v1::WatcherRule>(resource); rule != nullptr) return Text(*rule, paint);
  if (const auto* list = As<v1::ResourceList>(resource); list != nullptr) return Text(*list);
  return MessageText(resource);
}

}  // namespace sipevents::client
