#include "sip/packages/row_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

void RowTable::MergeRows(std::vector<Row> rows, Kept& kept) {
  for (Row& row : rows) {
    const auto [found, added] = kept.index.try_emplace(row.key, kept.group.rows.size());
    if (added) {
      kept.group.rows.push_back(std::move(row));
    } else {
      kept.group.rows[found->second] = std::move(row);
    }
  }
}

void RowTable::DropWhatIsOver() {
  const auto groups_end = std::remove_if(groups_.begin(), groups_.end(),
                                         [](const Kept& kept) { return kept.group.over; });
  if (groups_end != groups_.end()) {
    groups_.erase(groups_end, groups_.end());
    index_.clear();
    for (size_t i = 0; i < groups_.size(); ++i) index_.emplace(groups_[i].group.key, i);
  }
  for (Kept& kept : groups_) {
    std::vector<Row>& rows = kept.group.rows;
    const auto end =
        std::remove_if(rows.begin(), rows.end(), [](const Row& row) { return row.over; });
    if (end == rows.end()) continue;
    rows.erase(end, rows.end());
    kept.index.clear();
    for (size_t i = 0; i < rows.size(); ++i) kept.index.emplace(rows[i].key, i);
  }
}

size_t RowTable::OctetsOf(const Row& row) {
  size_t octets = row.key.size() + row.fields.size() + row.scope.size();
  for (const Lasting& lasting : row.lasting) octets += lasting.text.size();
  return octets;
}

RowTable::Size RowTable::SizeOf(absl::Span<const Group> groups) {
  Size size;
  for (const Group& group : groups) {
    size.rows += 1 + group.rows.size();
    size.octets += group.key.size() + group.fields.size();
    for (const Row& row : group.rows) size.octets += OctetsOf(row);
  }
  return size;
}

RowTable::Size RowTable::SizeOfAll() const {
  Size size;
  for (const Kept& kept : groups_) {
    const Size one = SizeOf({&kept.group, 1});
    size.rows += one.rows;
    size.octets += one.octets;
  }
  return size;
}

void RowTable::Merge(std::vector<Group> groups) {
  DropWhatIsOver();
  for (Group& group : groups) {
    const auto [found, added] = index_.try_emplace(group.key, groups_.size());
    if (added) groups_.push_back({{.key = std::move(group.key)}, {}});
    Kept& kept = groups_[found->second];
    kept.group.fields = std::move(group.fields);
    kept.group.over = group.over;
    MergeRows(std::move(group.rows), kept);
  }
}

absl::Status RowTable::Apply(std::vector<Group> groups, bool partial) {
  const Size added = SizeOf(groups);
  if (partial && size_.rows + added.rows <= kMaxRows && size_.octets + added.octets <= kMaxOctets) {
    // The usual case: within bounds whatever is replaced.
    Merge(std::move(groups));
    size_ = {size_.rows + added.rows, size_.octets + added.octets};
    return absl::OkStatus();
  }
  RowTable next;
  if (partial) {
    next.groups_ = groups_;
    next.index_ = index_;
  }
  next.Merge(std::move(groups));
  next.size_ = next.SizeOfAll();
  if (next.size_.rows > kMaxRows) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxRows, " rows of state"));
  }
  if (next.size_.octets > kMaxOctets) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxOctets, " octets of state"));
  }
  *this = std::move(next);
  return absl::OkStatus();
}

void RowTable::Write(int group_number, int row_number, ReverseWireWriter& writer) const {
  for (auto kept = groups_.rbegin(); kept != groups_.rend(); ++kept) {
    writer.Message(group_number, [&] {
      const std::vector<Row>& rows = kept->group.rows;
      for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        writer.Message(row_number, [&] {
          for (auto lasting = row->lasting.rbegin(); lasting != row->lasting.rend(); ++lasting) {
            writer.TextAlways(lasting->field, lasting->text);
          }
          writer.Encoded(row->fields);
        });
      }
      writer.Encoded(kept->group.fields);
    });
  }
}

const RowTable::Row* RowTable::Find(std::string_view group, std::string_view row) const {
  const auto kept = index_.find(AbslView(group));
  if (kept == index_.end()) return nullptr;
  const Kept& in = groups_[kept->second];
  const auto found = in.index.find(AbslView(row));
  return found == in.index.end() ? nullptr : &in.group.rows[found->second];
}

}  // namespace sipevents::sip
