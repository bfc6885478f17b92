#include "clients/cli/text_lines.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "clients/cli/explanation_text.h"
#include "clients/cli/paint.h"
#include "clients/cli/printable.h"
#include "clients/cli/resource_text.h"
#include "clients/cli/subscription_text.h"
#include "clients/cli/times.h"
#include "clients/cpp/status.h"

namespace sipevents::client {

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
    case v1::WatchItem::kBookmark:
      return Bookmark(target, item.bookmark(), now);
    case v1::WatchItem::ITEM_NOT_SET:
      break;
  }
  return "";  // a kind of item that this version does not know
}

std::string TextLines::Event(const v1::Event& event) const {
  Summary summary = Summarize(event);
  if (const std::string changes = rosters_.TakeIn(event); !changes.empty()) {
    absl::StrAppend(&summary.text, " [", changes, "]");
  }
  if (event.superseded() > 0) {
    absl::StrAppend(&summary.text, " [", event.superseded(), " older left out]");
  }
  // Who reads along wants to know whose state it is; the list is the same in every line.
  return Line(ToTime(event.receive_time()),
              event.member_uri().empty() ? event.target_uri() : MemberText(event),
              event.event_package(), summary);
}

std::string TextLines::Bookmark(const std::string& target, const v1::Bookmark& bookmark,
                                absl::Time now) const {
  switch (bookmark.kind()) {
    case v1::Bookmark::DRAIN:
      // Concerns all targets of the stream.
      return Line(now, gateway_.empty() ? target : gateway_, "-",
                  {"the gateway is leaving; connecting again", Tone::kBusy});
    case v1::Bookmark::INITIAL_STATE_COMPLETE:
      if (bookmark.has_state()) return "";
      return Line(now, target, "-", {"no state yet", Tone::kMissing});
    default:
      return "";
  }
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
  const Summary state = Summarize(subscription, zone_);
  return absl::StrCat(Printable(subscription.name()), "  ", Painted(state.text, state.tone), "  ",
                      Printable(subscription.spec().event_package()), "  ",
                      Printable(subscription.spec().target_uri()));
}

std::string TextLines::Explanation(const v1::Explanation& explanation) const {
  return ExplanationText(explanation, zone_, color_);
}

std::string TextLines::Resource(const google::protobuf::Message& resource) const {
  return ResourceText(resource, zone_, [this](const Summary& summary) {
    return Painted(summary.text, summary.tone);
  });
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
  return Line(now, shown, "status", Summarize(status, zone_));
}

std::string TextLines::Clock(absl::Time when) const {
  return absl::FormatTime("%H:%M:%E3S", when, zone_);
}

std::string TextLines::Painted(absl::string_view text, Tone tone) const {
  return color_ ? Paint(text, tone) : std::string(text);
}

}  // namespace sipevents::client
