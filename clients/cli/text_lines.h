#ifndef CLIENTS_CLI_TEXT_LINES_H_
#define CLIENTS_CLI_TEXT_LINES_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "clients/cli/document_text.h"
#include "clients/cli/line_format.h"
#include "clients/cli/packages/conference_rosters.h"

namespace sipevents::client {

// For people: one line per change, with the local time, the target and what it means; of a
// conference also who joined and left since the last line. Heartbeats are not shown. Foreign text
// cannot reach the terminal's controls.
class TextLines : public LineFormat {
 public:
  // `gateway`: its address, which stands where a line is about no resource.
  TextLines(absl::TimeZone zone, bool color, std::string gateway = "")
      : zone_(zone), color_(color), gateway_(std::move(gateway)) {}

  std::string Item(const std::string& target, const v1::WatchItem& item,
                   absl::Time now) const override;
  std::string Event(const v1::Event& event) const override;
  std::string Subscription(const v1::Subscription& subscription) const override;
  // Many lines: see ExplanationText().
  std::string Explanation(const v1::Explanation& explanation) const override;
  // See ResourceText(). Heartbeats are not shown.
  std::string Resource(const google::protobuf::Message& resource) const override;
  // The code and message, and a line for each field that cannot be used.
  std::string Error(const std::string& target, const absl::Status& error) const override;
  bool PrintsErrors() const override { return false; }

 private:
  std::string Line(absl::Time when, absl::string_view target, absl::string_view package,
                   const Summary& summary) const;
  std::string Status(const std::string& target, const v1::Subscription& status,
                     absl::Time now) const;
  std::string Bookmark(const std::string& target, const v1::Bookmark& bookmark,
                       absl::Time now) const;
  std::string Ended(const std::string& target, const v1::DialogEnded& ended, absl::Time now) const;
  std::string Clock(absl::Time when) const;
  std::string Painted(absl::string_view text, Tone tone) const;

  const absl::TimeZone zone_;
  const bool color_;
  const std::string gateway_;
  mutable ConferenceRosters rosters_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_TEXT_LINES_H_
