#include "clients/cli/text_lines.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/explanation_text.h"
#include "clients/cli/paint.h"
#include "clients/cli/printable.h"
#include "clients/cpp/status.h"
#include "google/protobuf/timestamp.pb.h"

namespace sipevents::client {
namespace {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

Tone ToneOf(v1::Subscription::State state) {
  switch (state) {
    case v1::Subscription::ACTIVE:
      return Tone::kGood;
    case v1::Subscription::RETRYING:
    case v1::Subscription::TERMINATED:
      return Tone::kBad;
    default:
      return Tone::kBusy;
  }
}

// What a bookmark tells a person; empty: nothing.
Summary BookmarkSummary(const v1::Bookmark& bookmark) {
  if (bookmark.kind() == v1::Bookmark::DRAIN) {
    return {"the gateway is leaving; connecting again", Tone::kBusy};
  }
  const bool complete = bookmark.kind() == v1::Bookmark::INITIAL_STATE_COMPLETE;
  if (complete && !bookmark.has_state()) return {"no state yet", Tone::kMissing};
  return {};
}

}  // namespace

std::string TextLines::Item(const std::string& target, const v1::WatchItem& item,
                            absl::Time now) const {
  switch (item.item_case()) {
    case v1::WatchItem::kEvent:
      return Event(item.event());
    case v1::WatchItem::kStatus:
      return Status(target, item.status(), now);
    case v1::WatchItem::kDialogEnded:
      return Ended(target, item.dialog_ended(), now);
    case v1::WatchItem::kGap:
      return Line(now, target, "gap",
                  {absl::StrCat("events are missing (", v1::Gap::Reason_Name(item.gap().reason()),
                                "); what follows is the state as it is now"),
                   Tone::kBad});
    case v1::WatchItem::kBookmark: {
      const Summary summary = BookmarkSummary(item.bookmark());
      return summary.text.empty() ? "" : Line(now, target, "-", summary);
    }
    case v1::WatchItem::ITEM_NOT_SET:
      break;
  }
  return "";  // a kind of item that this version does not know
}

std::string TextLines::Event(const v1::Event& event) const {
  Summary summary = Summarize(event);
  if (event.superseded() > 0) {
    absl::StrAppend(&summary.text, " [", event.superseded(), " older left out]");
  }
  // Who reads along wants to know whose state it is; the list is the same in every line.
  return Line(ToTime(event.receive_time()),
              event.member_uri().empty() ? event.target_uri() : Member(event),
              event.event_package(), summary);
}

// As "Alice <sip:201@example.com>", which Line() makes printable.
std::string TextLines::Member(const v1::Event& event) {
  if (event.member_name().empty()) return event.member_uri();
  return absl::StrCat(event.member_name(), " <", event.member_uri(), ">");
}

std::string TextLines::Ended(const std::string& target, const v1::DialogEnded& ended,
                             absl::Time now) const {
  const std::string why = absl::StrCat(" (", Printable(ended.reason()), ")");
  if (!ended.member_uri().empty()) {
    return Line(now, ended.member_uri(), "member gone",
                {absl::StrCat("shows nothing any longer", why), Tone::kMissing});
  }
  return Line(now, target, "fork ended",
              {absl::StrCat(Printable(ended.dialog()), why), Tone::kMissing});
}

std::string TextLines::Subscription(const v1::Subscription& subscription) const {
  const Summary state = StateSummary(subscription);
  return absl::StrCat(Printable(subscription.name()), "  ", Painted(state.text, state.tone), "  ",
                      Printable(subscription.spec().event_package()), "  ",
                      Printable(subscription.spec().target_uri()));
}

std::string TextLines::Explanation(const v1::Explanation& explanation) const {
  return ExplanationText(explanation, zone_, color_);
}

std::string TextLines::Error(const std::string& target, const absl::Status& error) const {
  std::string text = absl::StrCat(Painted(absl::StatusCodeToString(error.code()), Tone::kBad), ": ",
                                  Printable(error.message(), 1000));
  if (!target.empty()) text = absl::StrCat(Printable(target), ": ", text);
  if (const auto bad = BadRequestOf(error); bad.has_value()) {
    for (const auto& violation : bad->field_violations()) {
      absl::StrAppend(&text, "\n  ", Printable(violation.field()), ": ",
                      Printable(violation.description(), 1000));
    }
  }
  return text;
}

std::string TextLines::Line(absl::Time when, absl::string_view target, absl::string_view package,
                            const Summary& summary) const {
  return absl::StrCat(Clock(when), "  ", Printable(target), "  ", Printable(package), "  ",
                      Painted(summary.text, summary.tone));
}

std::string TextLines::Status(const std::string& target, const v1::Subscription& status,
                              absl::Time now) const {
  const std::string& shown = status.has_spec() ? status.spec().target_uri() : target;
  return Line(now, shown, "status", StateSummary(status));
}

std::string TextLines::Clock(absl::Time when) const {
  return absl::FormatTime("%H:%M:%E3S", when, zone_);
}

Summary TextLines::StateSummary(const v1::Subscription& subscription) const {
  std::string text = absl::AsciiStrToLower(v1::Subscription::State_Name(subscription.state()));
  std::string why = Printable(subscription.reason());
  if (subscription.sip_status() != 0) {
    absl::StrAppend(&why, why.empty() ? "" : " ", subscription.sip_status());
  }
  if (!why.empty()) absl::StrAppend(&text, " (", why, ")");
  if (subscription.has_retry_time()) {
    absl::StrAppend(&text, ", again at ", Clock(ToTime(subscription.retry_time())));
  }
  if (subscription.has_stale_since()) {
    absl::StrAppend(&text, ", stale since ", Clock(ToTime(subscription.stale_since())));
  }
  if (subscription.has_waiting_since()) {
    absl::StrAppend(&text, ", waiting to be sent since ",
                    Clock(ToTime(subscription.waiting_since())));
  }
  return {text, ToneOf(subscription.state())};
}

std::string TextLines::Painted(absl::string_view text, Tone tone) const {
  return color_ ? Paint(text, tone) : std::string(text);
}

}  // namespace sipevents::client
