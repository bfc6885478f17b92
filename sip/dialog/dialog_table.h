#ifndef SIP_DIALOG_DIALOG_TABLE_H_
#define SIP_DIALOG_DIALOG_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "sip/base/random_id.h"
#include "sip/dialog/message.h"

namespace sipevents::sip {

// Takes the NOTIFYs that answer one SUBSCRIBE outside a dialog: of all forks, and of the dialogs
// that they made.
class DialogOwner {
 public:
  virtual ~DialogOwner() = default;
  virtual NotifyAnswer OnNotify(const IncomingNotify& notify) = 0;
};

// Finds who a NOTIFY belongs to by Call-ID and our tag; the owner tells forks apart by theirs.
// Both are ours to choose, so they are two random numbers, written as hex: a look-up costs one
// probe, and a stranger would have to guess 128 bits.
//
// Threads: one SIP thread.
class DialogTable {
 public:
  explicit DialogTable(RandomSource& random);

  struct Id {
    uint64_t call = 0;
    uint64_t tag = 0;
  };

  // Makes a new Call-ID and tag for `owner`, which must Remove() them before it goes.
  Id Add(DialogOwner& owner);
  void Remove(Id id);

  // Null: no such dialog or attempt.
  DialogOwner* Find(std::string_view call_id, std::string_view local_tag) const;

  std::string CallId(Id id) const;
  std::string LocalTag(Id id) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t tag;
    DialogOwner* owner;
  };

  RandomSource& random_;
  std::string suffix_;  // of each Call-ID: tells the tables of several processes apart
  absl::flat_hash_map<uint64_t, Entry> entries_;
};

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_DIALOG_TABLE_H_
