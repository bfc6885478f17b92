#ifndef SIP_BASE_REVERSE_WIRE_WRITER_H_
#define SIP_BASE_REVERSE_WIRE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/time/time.h"

namespace sipevents {

// Writes protobuf's wire format from the end to the beginning: the length of a nested message is
// known when its header is written, so that nothing is measured beforehand, moved afterwards or
// held as an object. Callers write the fields of a message, and the members of a repeated field,
// in reverse order.
//
// Fields with proto3's default value are left out, except where the name says otherwise.
//
// Threads: one at a time.
class ReverseWireWriter {
 public:
  ReverseWireWriter();

  // Begins anew; keeps the buffer unless it has grown large.
  void Reset();

  // What was written since Reset(), good until the next call.
  std::string_view bytes() const { return {buffer_.get() + position_, capacity_ - position_}; }
  size_t size() const { return capacity_ - position_; }

  // A `string` field. What is not UTF-8 is replaced by U+FFFD, since readers refuse a message
  // with anything else in it, and peers send anything.
  void Text(int field, std::string_view value) {
    if (!value.empty()) TextAlways(field, value);
  }
  // The same where an empty one counts too: a member of a repeated field, a key of a map.
  void TextAlways(int field, std::string_view value);
  // A `bytes` field.
  void Bytes(int field, std::string_view value) {
    if (!value.empty()) Delimited(field, value);
  }
  void Bool(int field, bool value) { Unsigned(field, value ? 1 : 0); }
  void Unsigned(int field, uint64_t value) {
    if (value != 0) UnsignedAlways(field, value);
  }
  // A field with presence (`optional`), or an enum in which 0 must be told.
  void UnsignedAlways(int field, uint64_t value);
  // int32, int64 and enums.
  void Signed(int field, int64_t value) { Unsigned(field, static_cast<uint64_t>(value)); }
  // A `double` with presence.
  void DoubleAlways(int field, double value);
  // google.protobuf.Timestamp; what its range cannot say is cut to it (years 1 to 9999).
  void Timestamp(int field, absl::Time value);
  // google.protobuf.Duration; cut to plus or minus 10,000 years.
  void Duration(int field, absl::Duration value);
  // Octets that hold whole fields already.
  void Encoded(std::string_view fields) { Prepend(fields); }

  // Forgets the `octets` that were written last.
  void TakeBack(size_t octets) { position_ += octets; }

  // A nested message: `write_fields` writes its fields in reverse order.
  template <typename WriteFields>
  void Message(int field, WriteFields&& write_fields) {
    const size_t before = size();
    write_fields();
    Varint(size() - before);
    Tag(field, kDelimited);
  }

 private:
  enum WireType { kVarint = 0, kFixed64 = 1, kDelimited = 2 };

  void Tag(int field, WireType type) {
    Varint((static_cast<uint64_t>(field) << 3) | static_cast<uint64_t>(type));
  }
  void Varint(uint64_t value);
  void Delimited(int field, std::string_view value);
  void Prepend(std::string_view octets);
  // Makes room for `octets` more before position_.
  void Reserve(size_t octets) {
    if (position_ < octets) Grow(octets);
  }
  void Grow(size_t octets);
  void SecondsAndNanos(int field, int64_t seconds, int32_t nanos);

  size_t capacity_;
  size_t position_;  // of the first octet written
  std::unique_ptr<char[]> buffer_;
};

}  // namespace sipevents

#endif  // SIP_BASE_REVERSE_WIRE_WRITER_H_
