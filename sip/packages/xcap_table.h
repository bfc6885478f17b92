#ifndef SIP_PACKAGES_XCAP_TABLE_H_
#define SIP_PACKAGES_XCAP_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sip/base/reverse_wire_writer.h"

namespace sipevents::sip {

// What a notifier has told of the resources of an XCAP server, by their selectors, and the chain of
// entity tags of each document (ALG-E; RFC 5874, RFC 5875). A resource that is gone is told once.
//
// Threads: one at a time.
class XcapTable {
 public:
  enum class Kind { kDocument, kElement, kAttribute };
  struct Row {
    Kind kind = Kind::kDocument;
    std::string sel;
    // Of a document; `change` is a value of XcapDocument.Change.
    std::string new_etag;
    std::string previous_etag;
    int change = 0;
    std::vector<std::string> patch;  // operations, each as XML of its own
    // Of an element, with its XML, or of an attribute, with its value.
    bool exists = true;
    std::string text;

    bool just_told = false;
    bool listed = false;  // while a list is applied: it is in it
  };
  struct Outcome {
    bool changed = false;
    // A change follows on an entity tag that is not known: something is missing.
    bool gap = false;
  };

  // Takes in, in order, what one NOTIFY tells; `is_list`: and there is nothing else any more.
  // RESOURCE_EXHAUSTED: more than kMaxRows or kMaxOctets; nothing has changed then.
  absl::StatusOr<Outcome> Apply(std::vector<Row> rows, bool is_list);

  // Writes the rows as fields of an XcapDiff, last ones first.
  void Write(ReverseWireWriter& writer) const;

  static constexpr size_t kMaxRows = 10'000;
  static constexpr size_t kMaxOctets = size_t{4} << 20;

 private:
  void ForgetWhatWasTold();
  void Take(Row row, Outcome& outcome);
  static void TakeDocument(Row row, Row& known, Outcome& outcome);
  size_t Octets() const;
  void Index();
  void WriteKind(Kind kind, ReverseWireWriter& writer) const;

  std::vector<Row> rows_;
  absl::flat_hash_map<std::string, size_t> index_;  // of rows, by kind and selector
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_XCAP_TABLE_H_
