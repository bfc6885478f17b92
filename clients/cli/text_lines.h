#ifndef CLIENTS_CLI_TEXT_LINES_H_
#define CLIENTS_CLI_TEXT_LINES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "clients/cli/document_text.h"
#include "clients/cli/line_format.h"

namespace sipevents::client {

// For people: one line per change, with the local time, the target and what it means. Heartbeats
// are not shown. Foreign text cannot reach the terminal's controls.
class TextLines : public LineFormat {
 public:
  TextLines(absl::TimeZone zone, bool color) : zone_(zone), color_(color) {}

  std::string Item(const std::string& target, const v1::WatchItem& item,
                   absl::Time now) const override;
  std::string Event(const v1::Event& event) const override;
  std::string Subscription(const v1::Subscription& subscription) const override;
  // Many lines: see ExplanationText().
  std::string Explanation(const v1::Explanation& explanation) const override;
  // The code and message, and a line for each field that cannot be used.
  std::string Error(const std::string& target, const absl::Status& error) const override;
  bool PrintsErrors() const override { return false; }

 private:
  std::string Line(absl::Time when, absl::string_view target, absl::string_view package,
                   const Summary& summary) const;
  std::string Status(const std::string& target, const v1::Subscription& status,
                     absl::Time now) const;
  static std::string Member(const v1::Event& event);
  std::string Ended(const std::string& target, const v1::DialogEnded& ended, absl::Time now) const;
  std::string Clock(absl::Time when) const;
  Summary StateSummary(const v1::Subscription& subscription) const;
  std::string Painted(absl::string_view text, Tone tone) const;

  const absl::TimeZone zone_;
  const bool color_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_TEXT_LINES_H_
