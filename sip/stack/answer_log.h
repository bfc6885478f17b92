#ifndef SIP_STACK_ANSWER_LOG_H_
#define SIP_STACK_ANSWER_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace sipevents::sip {

// How requests were answered: first in, first out. It keeps them in large pieces of memory that go
// back to the system when all in them is dropped. As single strings among watchers, which live for
// hours, they would leave holes that nobody fills: half a kilobyte for each watcher.
//
// Threads: one; its owner's.
class AnswerLog {
 public:
  using Key = std::pair<uint64_t, uint64_t>;
  struct Entry {
    Key transaction;
    Key request;  // of an accepted one outside a dialog; else zeros
    absl::Time until;
    std::string_view answer;
  };

  AnswerLog() = default;
  ~AnswerLog();
  AnswerLog(const AnswerLog&) = delete;
  AnswerLog& operator=(const AnswerLog&) = delete;

  // Adds one, with a copy of its answer; returns its number: one more than the last.
  uint64_t Add(const Entry& entry);
  // The oldest one; there must be one.
  const Entry& Front() const;
  void DropFront();
  // One that has not been dropped.
  const Entry& At(uint64_t number) const;

  // The number that the next one gets.
  uint64_t end() const { return first_ + size_; }
  // The number of the oldest one.
  uint64_t first() const { return first_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  // Entries from the front on, the octets of their answers from the back.
  struct Piece {
    char* octets = nullptr;
    size_t capacity = 0;
    size_t count = 0;       // of entries
    size_t answers_at = 0;  // where the answers begin
    uint64_t first = 0;     // number of the first entry

    Entry* entries() const { return reinterpret_cast<Entry*>(octets); }
    bool HasRoom(size_t octets_of_answer) const {
      return (count + 1) * sizeof(Entry) + octets_of_answer <= answers_at;
    }
  };

  void AddPiece(size_t octets_of_answer);

  std::deque<Piece> pieces_;
  uint64_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_ANSWER_LOG_H_
