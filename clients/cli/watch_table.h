#ifndef CLIENTS_CLI_WATCH_TABLE_H_
#define CLIENTS_CLI_WATCH_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cli/document_text.h"
#include "clients/cli/watch_view.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// What a table shows of one target, or of one member of a list. All texts are safe on a terminal.
struct TableRow {
  std::string target;
  Summary state;
  absl::Time since = absl::InfinitePast();  // when `state` came to be; past: never
  Summary subscription;
};

// Keeps what watches have brought as rows: one for each target, in the order in which they were
// added; a target that is a list has a row for each member instead, in the order in which they
// were first told of. Where several forks tell different states, a row shows them all.
//
// Threads: one at a time.
// Bounded by the number of targets, and what the gateway keeps of each: members and forks.
class WatchTable {
 public:
  // Times of day are in `zone`.
  explicit WatchTable(absl::TimeZone zone) : zone_(zone) {}

  // To be called for the numbers from 1 on.
  void Add(const WatchedTarget& target);

  // Takes in what a watch brought; items of the stream of all (number 0) change nothing.
  void Apply(const WatchedTarget& target, const v1::WatchItem& item, absl::Time now);
  // The watch has ended with an error.
  void Fail(const WatchedTarget& target, const absl::Status& error);

  size_t size() const;
  // The first rows, so many at the most.
  std::vector<TableRow> Rows(size_t most) const;

 private:
  // What one fork, or one instance of a member, has told.
  struct Told {
    std::string dialog;
    uint32_t instance = 0;
    Summary summary;
    bool of_all_forks = false;  // the document is merged over them, so the newest holds
    uint32_t snapshot = 0;      // the number of the snapshot that had it, or that it followed
  };
  // A target or a member.
  struct Entry {
    std::string name;
    std::vector<Told> told;  // of those that are of all forks the newest is the last
    Summary state;
    absl::Time since = absl::InfinitePast();
  };
  struct Watch {
    Entry own;
    bool by_name = false;
    std::map<uint64_t, Entry> members;  // by order of appearance
    absl::flat_hash_map<std::string, uint64_t> member_of_uri;
    uint64_t last_member = 0;
    Summary subscription;
    uint32_t snapshot = 0;
  };

  static void NameByTarget(Watch& watch, const std::string& target_uri,
                           const std::string& event_package);
  static void TakeEvent(Watch& watch, const v1::Event& event);
  static Entry& MemberOf(Watch& watch, const v1::Event& event);
  static void EndDialog(Watch& watch, const v1::DialogEnded& ended, absl::Time now);
  template <typename Predicate>
  static void Forget(Watch& watch, const Predicate& is_over, absl::Time now);
  static void Refresh(Entry& entry, absl::Time when);
  static Summary StateOf(const Entry& entry);
  static size_t RowsOf(const Watch& watch);

  const absl::TimeZone zone_;
  std::vector<Watch> watches_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_WATCH_TABLE_H_
