#include "sip/stack/answer_log.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace sipevents::sip {
namespace {

constexpr size_t kPieceOctets = size_t{256} << 10;
constexpr size_t kPageOctets = 4096;

}  // namespace

AnswerLog::~AnswerLog() {
  for (const Piece& piece : pieces_) munmap(piece.octets, piece.capacity);
}

void AnswerLog::AddPiece(size_t octets_of_answer) {
  Piece piece;
  const size_t wanted = std::max(kPieceOctets, sizeof(Entry) + octets_of_answer);
  piece.capacity = (wanted + kPageOctets - 1) / kPageOctets * kPageOctets;
  // Not from the heap, which keeps what is given back to it.
  void* const octets = mmap(nullptr, piece.capacity, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, /*offset=*/0);
  if (octets == MAP_FAILED) std::abort();  // as operator new would
  piece.octets = static_cast<char*>(octets);
  piece.answers_at = piece.capacity;
  piece.first = end();
  pieces_.push_back(piece);
}

uint64_t AnswerLog::Add(const Entry& entry) {
  if (pieces_.empty() || !pieces_.back().HasRoom(entry.answer.size())) {
    AddPiece(entry.answer.size());
  }
  Piece& piece = pieces_.back();
  piece.answers_at -= entry.answer.size();
  char* const answer = piece.octets + piece.answers_at;
  if (!entry.answer.empty()) std::memcpy(answer, entry.answer.data(), entry.answer.size());
  Entry* const added = std::construct_at(piece.entries() + piece.count++, entry);
  added->answer = {answer, entry.answer.size()};
  ++size_;
  return end() - 1;
}

const AnswerLog::Entry& AnswerLog::Front() const {
  const Piece& piece = pieces_.front();
  return piece.entries()[first_ - piece.first];
}

const AnswerLog::Entry& AnswerLog::At(uint64_t number) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), number,
                       [](uint64_t wanted, const Piece& piece) { return wanted < piece.first; });
  const Piece& piece = *(after - 1);
  return piece.entries()[number - piece.first];
}

void AnswerLog::DropFront() {
  ++first_;
  --size_;
  const Piece& piece = pieces_.front();
  if (first_ < piece.first + piece.count) return;
  munmap(piece.octets, piece.capacity);
  pieces_.pop_front();
}

}  // namespace sipevents::sip
