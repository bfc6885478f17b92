#ifndef SIP_PACKAGES_TABLE_MERGER_H_
#define SIP_PACKAGES_TABLE_MERGER_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"
#include "sip/packages/event_package.h"
#include "sip/packages/row_table.h"

namespace sipevents::sip {

// How the documents of a package make up a table of groups and rows (ALG-A): a root element with
// the attributes `version` and `state` (full or partial), and one element per group.
struct TableShape {
  std::string_view content_type;
  std::string_view space;  // URI of the namespace
  std::string_view root;   // name of the root element
  std::string_view group;  // name of a group's element
  // Reads a group's element. INVALID_ARGUMENT: a key is missing.
  absl::StatusOr<RowTable::Group> (*read_group)(pugi::xml_node element, DecodeScratch& scratch);
  // Completes what was read by what is known, before it is merged in; null: nothing to do.
  void (*complete)(const RowTable& known, bool partial, RowTable::Group& group) = nullptr;
  int document_number = 0;  // field of v1.Event
  int group_number = 0;     // field of the document
  int row_number = 0;       // field of the group: its highest
  bool merges_forks = false;
};

// Makes a merger for such documents. `shape` must live forever. Any thread.
std::unique_ptr<StateMerger> NewTableMerger(const TableShape& shape);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_TABLE_MERGER_H_
