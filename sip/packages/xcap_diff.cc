#include "sip/packages/xcap_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/media_type.h"
#include "sip/body/xml_record.h"
#include "sip/body/xml_scope.h"
#include "sip/packages/xcap_table.h"

namespace sipevents::sip {
namespace {

namespace change = fields::XcapDocument::Change;
using Kind = XcapTable::Kind;

constexpr std::string_view kType = "application/xcap-diff+xml";
constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:xcap-diff";
// As many as a Subscription has dialogs at most.
constexpr size_t kMaxForks = 64;

// What one NOTIFY tells.
struct Told {
  std::string xcap_root;
  std::vector<XcapTable::Row> rows;
};

bool IsPatchOperation(pugi::xml_node element, const DecodeScratch& scratch) {
  return IsElement(element, kSpace, "add", scratch) ||
         IsElement(element, kSpace, "replace", scratch) ||
         IsElement(element, kSpace, "remove", scratch);
}

// Reads the children of a xcap-diff document into rows.
class XcapDiffReader {
 public:
  explicit XcapDiffReader(DecodeScratch& scratch) : scratch_(scratch) {}

  absl::StatusOr<Told> Read(const MergeInput& input);

 private:
  absl::Status ReadChild(pugi::xml_node child, Told& told);
  absl::Status ReadDocument(pugi::xml_node element, XcapTable::Row& row);
  absl::Status ReadElement(pugi::xml_node element, XcapTable::Row& row);
  // An element by itself. Declarations that are repeated make it longer than it was.
  absl::StatusOr<std::string> Extract(pugi::xml_node element);

  DecodeScratch& scratch_;
  size_t extracted_octets_ = 0;
};

absl::StatusOr<std::string> XcapDiffReader::Extract(pugi::xml_node element) {
  std::string text = StandaloneXml(element);
  extracted_octets_ += text.size();
  if (extracted_octets_ > kMaxBodyOctets) {
    return absl::ResourceExhaustedError(
        absl::StrCat("elements and changes of more than ", kMaxBodyOctets, " octets"));
  }
  return text;
}

absl::Status XcapDiffReader::ReadDocument(pugi::xml_node element, XcapTable::Row& row) {
  row.new_etag = TrimBlanks(element.attribute("new-etag").value());
  row.previous_etag = TrimBlanks(element.attribute("previous-etag").value());
  if (!row.new_etag.empty()) {
    row.change = row.previous_etag.empty() ? change::kCREATED : change::kCHANGED;
  } else if (!row.previous_etag.empty()) {
    row.change = change::kREMOVED;
  }
  for (const pugi::xml_node child : element.children()) {
    if (child.type() != pugi::node_element) continue;
    if (IsElement(child, kSpace, "body-not-changed", scratch_) && row.change == change::kCHANGED) {
      row.change = change::kBODY_NOT_CHANGED;
    } else if (IsPatchOperation(child, scratch_)) {
      SIPEVENTS_ASSIGN_OR_RETURN(std::string operation, Extract(child));
      row.patch.push_back(std::move(operation));
    }
  }
  return absl::OkStatus();
}

absl::Status XcapDiffReader::ReadElement(pugi::xml_node element, XcapTable::Row& row) {
  for (const pugi::xml_node child : element.children()) {
    if (child.type() != pugi::node_element) continue;
    SIPEVENTS_ASSIGN_OR_RETURN(row.text, Extract(child));
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

bool Exists(pugi::xml_node element) {
  pugi::xml_attribute exists = element.attribute("exists");
  // The text of RFC 5875 calls it so, the schema does not.
  if (!exists) exists = element.attribute("exist");
  const std::string_view value = TrimBlanks(exists.value());
  return value != "0" && !EqualsIgnoreCase(value, "false");
}

absl::Status XcapDiffReader::ReadChild(pugi::xml_node child, Told& told) {
  XcapTable::Row row;
  row.sel = TrimBlanks(child.attribute("sel").value());
  const std::string_view local = scratch_.names().Of(child).local;
  if (local != "document" && local != "element" && local != "attribute") return absl::OkStatus();
  if (row.sel.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("an <", AbslView(local), "> without sel"));
  }
  if (local == "document") {
    SIPEVENTS_RETURN_IF_ERROR(ReadDocument(child, row));
  } else {
    row.kind = local == "element" ? Kind::kElement : Kind::kAttribute;
    row.exists = Exists(child);
    if (row.kind == Kind::kElement) {
      SIPEVENTS_RETURN_IF_ERROR(ReadElement(child, row));
    } else if (row.exists) {
      row.text = scratch_.RawText(child);
    }
  }
  told.rows.push_back(std::move(row));
  return absl::OkStatus();
}

absl::StatusOr<Told> XcapDiffReader::Read(const MergeInput& input) {
  SIPEVENTS_RETURN_IF_ERROR(CheckMediaType(input.content_type, kType, input.lenient));
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root,
                             scratch_.ParseAll(input.body, input.lenient));
  SIPEVENTS_RETURN_IF_ERROR(CheckRoot(root, kSpace, "xcap-diff", scratch_));
  Told told;
  told.xcap_root = TrimBlanks(root.attribute("xcap-root").value());
  if (told.xcap_root.empty() && !input.lenient) {
    return absl::InvalidArgumentError("<xcap-diff> without xcap-root");
  }
  for (const pugi::xml_node child : root.children()) {
    if (child.type() != pugi::node_element || scratch_.names().Of(child).uri != kSpace) continue;
    SIPEVENTS_RETURN_IF_ERROR(ReadChild(child, told));
  }
  return told;
}

// Runs ALG-E for each fork.
class XcapDiffMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& /*scratch*/) override {
    forks_.erase(dialog);
    return {};
  }

 private:
  struct Fork {
    std::string xcap_root;
    XcapTable table;
    bool loaded = false;
    // The full state was asked for, and no document has fitted since.
    bool asked = false;
  };

  static MergeResult Fail(Fork& fork, const absl::Status& status);

  std::map<uint32_t, Fork> forks_;
};

MergeResult XcapDiffMerger::Fail(Fork& fork, const absl::Status& status) {
  return {.kind = MergeResult::Kind::kError,
          .resync = !std::exchange(fork.asked, true),
          .error = std::string(status.message())};
}

MergeResult XcapDiffMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (TrimBlanks(input.body).empty()) return {};
  if (forks_.size() >= kMaxForks && !forks_.contains(input.dialog)) {
    return {.kind = MergeResult::Kind::kError,
            .error = absl::StrCat("more than ", kMaxForks, " forks")};
  }
  Fork& fork = forks_[input.dialog];
  auto told = XcapDiffReader(scratch).Read(input);
  if (!told.ok()) return Fail(fork, told.status());
  // Nothing in a document says that it is the answer to a refresh, a list of all there is (RFC
  // 5875); only that it comes when that was asked for, and speaks of nothing that was before.
  const bool is_list =
      !fork.loaded || (fork.asked && std::all_of(told->rows.begin(), told->rows.end(),
                                                 [](const XcapTable::Row& row) {
                                                   return row.previous_etag.empty() && row.exists;
                                                 }));
  const auto outcome = fork.table.Apply(std::move(told->rows), is_list);
  if (!outcome.ok()) return Fail(fork, outcome.status());
  const bool moved = !told->xcap_root.empty() && told->xcap_root != fork.xcap_root;
  if (moved) fork.xcap_root = std::move(told->xcap_root);
  MergeResult result = {.body_is_partial = !is_list};
  result.resync = outcome->gap && !fork.asked;
  fork.asked = outcome->gap;
  if (!outcome->changed && !moved && fork.loaded) return result;
  fork.loaded = true;
  ReverseWireWriter& writer = scratch.writer();
  writer.Reset();
  fork.table.Write(writer);
  writer.Text(fields::XcapDiff::kXcapRoot, fork.xcap_root);
  scratch.document() = EncodedDocument{fields::Event::kXcapDiff, writer.bytes()};
  result.kind = MergeResult::Kind::kDocument;
  result.document = &scratch.document();
  return result;
}

}  // namespace

std::unique_ptr<StateMerger> NewXcapDiffMerger() { return std::make_unique<XcapDiffMerger>(); }

}  // namespace sipevents::sip
