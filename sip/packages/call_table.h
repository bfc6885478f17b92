#ifndef SIP_PACKAGES_CALL_TABLE_H_
#define SIP_PACKAGES_CALL_TABLE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "sip/document.h"
#include "sip/packages/dialog_info_decoder.h"

namespace sipevents::sip {

// The calls that one fork of a `dialog` subscription has told of (RFC 4235 section 4.3), with
// the text they need. It does not look at versions: what comes is applied.
//
// A call that has ended is shown in the state that tells so, and is left out of later ones,
// even if the notifier goes on to list it (PBXs do, with the extension as its id).
//
// Threads: one at a time.
class CallTable {
 public:
  // Merges a document in: a full one replaces all calls, a partial one those it names.
  // RESOURCE_EXHAUSTED: beyond kMaxCalls or kMaxCallTableOctets; nothing has changed then.
  absl::Status Apply(const IncomingDialogInfo& incoming);

  // The calls to show (version 0); its text lives until the next Apply().
  DialogInfo Show() const;

 private:
  struct Row {
    Call call;  // its text points into `text`
    std::unique_ptr<char[]> text;
    size_t octets = 0;  // memory it takes, about
    bool shown = true;  // false: ended, and said so before
  };
  using Index = std::unordered_map<std::string_view, size_t>;

  // The row that `incoming` makes out of `old`, which may be null.
  static Row MakeRow(const IncomingCall& incoming, bool partial, const Row* old);
  std::vector<Row> MakeRows(const IncomingDialogInfo& incoming) const;
  absl::Status CheckBounds(const std::vector<Row>& updated, const Index& updated_index,
                           bool partial) const;
  // Whether a partial document that does not name the row leaves it in the table.
  static bool Remains(const Row& row) { return row.call.state != CallState::kTerminated; }

  std::string entity_;
  std::vector<Row> rows_;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CALL_TABLE_H_
