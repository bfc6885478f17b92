#include "sip/packages/xcap_table.h"

#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"

namespace sipevents::sip {
namespace {

using Change = int;
constexpr Change kCreated = fields::XcapDocument::Change::kCREATED;
constexpr Change kChanged = fields::XcapDocument::Change::kCHANGED;
constexpr Change kRemoved = fields::XcapDocument::Change::kREMOVED;
constexpr Change kBodyNotChanged = fields::XcapDocument::Change::kBODY_NOT_CHANGED;

std::string KeyOf(const XcapTable::Row& row) {
  return absl::StrCat(static_cast<int>(row.kind), row.sel);
}

bool IsGone(const XcapTable::Row& row) {
  return row.kind == XcapTable::Kind::kDocument ? row.change == kRemoved : !row.exists;
}

// Whether it is known how the new document is made out of the previous one.
bool IsComplete(const XcapTable::Row& row) {
  return !row.patch.empty() || row.change == kBodyNotChanged;
}

// Makes one step of two: `first`, and what followed it in the same NOTIFY.
void Join(XcapTable::Row first, XcapTable::Row& second) {
  second.previous_etag = std::move(first.previous_etag);
  if (IsComplete(first) && IsComplete(second)) {
    first.patch.insert(first.patch.end(), std::make_move_iterator(second.patch.begin()),
                       std::make_move_iterator(second.patch.end()));
    second.patch = std::move(first.patch);
  } else {
    second.patch.clear();
  }
  if (second.change == kRemoved) return;
  if (first.change == kCreated || first.change == kChanged) second.change = first.change;
}

}  // namespace

void XcapTable::TakeDocument(Row row, Row& known, Outcome& outcome) {
  const bool follows = !row.previous_etag.empty() && row.previous_etag == known.new_etag;
  // A list has again what is known, and a NOTIFY may come twice.
  if (!follows && !row.new_etag.empty() && row.new_etag == known.new_etag) return;
  if (follows) {
    if (known.just_told) Join(std::move(known), row);
  } else if (!row.previous_etag.empty()) {
    outcome.gap = true;
  }
  outcome.changed = true;
  known = std::move(row);
  known.just_told = true;
  known.listed = true;
}

void XcapTable::Take(Row row, Outcome& outcome) {
  const auto [found, added] = index_.try_emplace(KeyOf(row), rows_.size());
  if (added) {
    // A change to a document of which nobody told that it is there.
    if (!row.previous_etag.empty() && row.change != kRemoved) outcome.gap = true;
    outcome.changed = true;
    row.just_told = true;
    row.listed = true;
    rows_.push_back(std::move(row));
    return;
  }
  Row& known = rows_[found->second];
  known.listed = true;
  if (row.kind == Kind::kDocument) {
    TakeDocument(std::move(row), known, outcome);
    return;
  }
  if (row.exists == known.exists && row.text == known.text) return;
  outcome.changed = true;
  known = std::move(row);
  known.just_told = true;
  known.listed = true;
}

void XcapTable::ForgetWhatWasTold() {
  std::vector<Row> kept;
  kept.reserve(rows_.size());
  for (Row& row : rows_) {
    if (IsGone(row)) continue;
    row.patch.clear();
    row.just_told = false;
    row.listed = false;
    kept.push_back(std::move(row));
  }
  rows_ = std::move(kept);
  Index();
}

void XcapTable::Index() {
  index_.clear();
  for (size_t i = 0; i < rows_.size(); ++i) index_.emplace(KeyOf(rows_[i]), i);
}

size_t XcapTable::Octets() const {
  size_t octets = 0;
  for (const Row& row : rows_) {
    octets += row.sel.size() + row.new_etag.size() + row.previous_etag.size() + row.text.size();
    for (const std::string& operation : row.patch) octets += operation.size();
  }
  return octets;
}

absl::StatusOr<XcapTable::Outcome> XcapTable::Apply(std::vector<Row> rows, bool is_list) {
  XcapTable next = *this;
  Outcome outcome;
  next.ForgetWhatWasTold();
  for (Row& row : rows) next.Take(std::move(row), outcome);
  if (is_list) {
    std::vector<Row> listed;
    for (Row& row : next.rows_) {
      if (row.listed) listed.push_back(std::move(row));
    }
    if (listed.size() < next.rows_.size()) outcome.changed = true;
    next.rows_ = std::move(listed);
    next.Index();
  }
  if (next.rows_.size() > kMaxRows) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxRows, " resources"));
  }
  if (next.Octets() > kMaxOctets) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxOctets, " octets of state"));
  }
  *this = std::move(next);
  return outcome;
}

void XcapTable::WriteKind(Kind kind, ReverseWireWriter& writer) const {
  namespace diff = fields::XcapDiff;
  namespace document = fields::XcapDocument;
  namespace element = fields::XcapElement;
  namespace attribute = fields::XcapAttribute;
  for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
    if (row->kind != kind) continue;
    if (kind == Kind::kDocument) {
      writer.Message(diff::kDocuments, [&] {
        writer.Bool(document::kJustTold, row->just_told);
        for (auto each = row->patch.rbegin(); each != row->patch.rend(); ++each) {
          writer.TextAlways(document::kPatch, *each);
        }
        writer.Signed(document::kChange, row->change);
        writer.Text(document::kPreviousEtag, row->previous_etag);
        writer.Text(document::kNewEtag, row->new_etag);
        writer.Text(document::kSel, row->sel);
      });
    } else if (kind == Kind::kElement) {
      writer.Message(diff::kElements, [&] {
        writer.Bool(element::kJustTold, row->just_told);
        writer.Text(element::kXml, row->text);
        writer.Bool(element::kExists, row->exists);
        writer.Text(element::kSel, row->sel);
      });
    } else {
      writer.Message(diff::kAttributes, [&] {
        writer.Bool(attribute::kJustTold, row->just_told);
        writer.Text(attribute::kValue, row->text);
        writer.Bool(attribute::kExists, row->exists);
        writer.Text(attribute::kSel, row->sel);
      });
    }
  }
}

void XcapTable::Write(ReverseWireWriter& writer) const {
  WriteKind(Kind::kAttribute, writer);
  WriteKind(Kind::kElement, writer);
  WriteKind(Kind::kDocument, writer);
}

}  // namespace sipevents::sip
