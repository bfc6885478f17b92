#include "sip/base/reverse_wire_writer.h"

#include <algorithm>
#include <cstring>

#include "sip/base/utf8.h"

namespace sipevents {
namespace {

constexpr size_t kFirstCapacity = size_t{8} << 10;
// A buffer that one huge document made larger than this is not kept.
constexpr size_t kKeptCapacity = size_t{256} << 10;

constexpr int kSecondsField = 1;
constexpr int kNanosField = 2;

// The ranges of google/protobuf/timestamp.proto and duration.proto.
constexpr int64_t kMinTimestampSeconds = -62135596800;
constexpr int64_t kMaxTimestampSeconds = 253402300799;
constexpr int64_t kMaxDurationSeconds = 315576000000;

}  // namespace

ReverseWireWriter::ReverseWireWriter()
    : capacity_(kFirstCapacity), position_(kFirstCapacity), buffer_(new char[kFirstCapacity]) {}

void ReverseWireWriter::Reset() {
  if (capacity_ > kKeptCapacity) {
    buffer_.reset(new char[kFirstCapacity]);
    capacity_ = kFirstCapacity;
  }
  position_ = capacity_;
}

void ReverseWireWriter::Grow(size_t octets) {
  const size_t used = size();
  const size_t capacity = std::max(capacity_ * 2, used + octets);
  std::unique_ptr<char[]> buffer(new char[capacity]);
  std::memcpy(buffer.get() + (capacity - used), buffer_.get() + position_, used);
  buffer_ = std::move(buffer);
  capacity_ = capacity;
  position_ = capacity - used;
}

void ReverseWireWriter::Prepend(std::string_view octets) {
  if (octets.empty()) return;  // may have no address
  Reserve(octets.size());
  position_ -= octets.size();
  std::memcpy(buffer_.get() + position_, octets.data(), octets.size());
}

void ReverseWireWriter::Varint(uint64_t value) {
  if (value < 0x80) {
    Reserve(1);
    buffer_[--position_] = static_cast<char>(value);
    return;
  }
  char octets[10];
  size_t count = 0;
  for (; value >= 0x80; value >>= 7) octets[count++] = static_cast<char>(value | 0x80);
  octets[count++] = static_cast<char>(value);
  Prepend({octets, count});
}

void ReverseWireWriter::Delimited(int field, std::string_view value) {
  Prepend(value);
  Varint(value.size());
  Tag(field, kDelimited);
}

void ReverseWireWriter::TextAlways(int field, std::string_view value) {
  if (IsUtf8(value)) {
    Delimited(field, value);
  } else {
    Delimited(field, ToUtf8(value));
  }
}

void ReverseWireWriter::UnsignedAlways(int field, uint64_t value) {
  Varint(value);
  Tag(field, kVarint);
}

void ReverseWireWriter::DoubleAlways(int field, double value) {
  static_assert(sizeof(double) == sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  char octets[sizeof(bits)];
  for (char& octet : octets) {
    octet = static_cast<char>(bits);
    bits >>= 8;
  }
  Prepend({octets, sizeof(octets)});
  Tag(field, kFixed64);
}

void ReverseWireWriter::SecondsAndNanos(int field, int64_t seconds, int32_t nanos) {
  Message(field, [&] {
    Signed(kNanosField, nanos);
    Signed(kSecondsField, seconds);
  });
}

void ReverseWireWriter::Timestamp(int field, absl::Time value) {
  const int64_t whole = absl::ToUnixSeconds(value);  // rounds down
  const int64_t seconds = std::clamp(whole, kMinTimestampSeconds, kMaxTimestampSeconds);
  int64_t nanos = 0;
  if (seconds == whole) nanos = absl::ToInt64Nanoseconds(value - absl::FromUnixSeconds(seconds));
  SecondsAndNanos(field, seconds, static_cast<int32_t>(nanos));
}

void ReverseWireWriter::Duration(int field, absl::Duration value) {
  absl::Duration rest = value;
  int64_t seconds = absl::IDivDuration(value, absl::Seconds(1), &rest);
  int64_t nanos = absl::ToInt64Nanoseconds(rest);
  if (seconds > kMaxDurationSeconds || seconds < -kMaxDurationSeconds) {
    seconds = std::clamp(seconds, -kMaxDurationSeconds, kMaxDurationSeconds);
    nanos = 0;
  }
  SecondsAndNanos(field, seconds, static_cast<int32_t>(nanos));
}

}  // namespace sipevents
