#ifndef SIP_PACKAGES_ROW_TABLE_H_
#define SIP_PACKAGES_ROW_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sip/base/reverse_wire_writer.h"

namespace sipevents::sip {

// The groups of rows that full and partial documents make up (ALG-A): watchers by resource,
// contacts by registration. Rows are kept as encoded messages: showing them copies octets.
//
// A row that is over is shown in the state that tells so, and is gone from later ones.
//
// Threads: one at a time.
class RowTable {
 public:
  // A text field of a row's message that the row's next version may take over, with numbers for
  // the rules of that: what TableShape::complete is for.
  struct Lasting {
    int field = 0;
    std::string text;
    uint32_t order = 0;
    uint32_t oldest = 0;
  };
  struct Row {
    std::string key;     // unique in its group
    std::string fields;  // of its message
    bool over = false;
    std::vector<Lasting> lasting;  // shown after `fields`, in this order
    std::string scope;             // within which they last; not shown
  };
  struct Group {
    std::string key;
    std::string fields;  // of its message, but for the rows
    std::vector<Row> rows;
    bool over = false;  // as for a row
  };

  // Merges the groups of one document in: a full one replaces everything, a partial one adds
  // and replaces groups' fields and rows by their keys. Keys that come twice: the last counts.
  // RESOURCE_EXHAUSTED: beyond kMaxRows or kMaxOctets; nothing has changed then.
  absl::Status Apply(std::vector<Group> groups, bool partial);

  // Writes each group as a message in field `group_number`, its rows in its field `row_number`,
  // in the order in which they first came. `row_number` must be the highest field of a group.
  void Write(int group_number, int row_number, ReverseWireWriter& writer) const;

  // The row, or null: good until the next Apply().
  const Row* Find(std::string_view group, std::string_view row) const;

  static constexpr size_t kMaxRows = 10'000;
  static constexpr size_t kMaxOctets = size_t{4} << 20;

 private:
  struct Kept {
    Group group;
    absl::flat_hash_map<std::string, size_t> index;  // of rows
  };

  struct Size {
    size_t rows = 0;
    size_t octets = 0;
  };

  static size_t OctetsOf(const Row& row);
  static Size SizeOf(absl::Span<const Group> groups);
  static void MergeRows(std::vector<Row> rows, Kept& kept);
  Size SizeOfAll() const;
  void Merge(std::vector<Group> groups);
  void DropWhatIsOver();

  std::vector<Kept> groups_;
  absl::flat_hash_map<std::string, size_t> index_;  // of groups
  Size size_;  // or more: what was replaced since the last full count is still in it
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_ROW_TABLE_H_
