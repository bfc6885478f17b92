#include "sip/location/dns_message_check.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

constexpr size_t kHeaderOctets = 12;
constexpr size_t kMaxNameOctets = 255;  // RFC 1035 section 2.3.4
constexpr uint8_t kPointer = 0xc0;
// More than fit into a datagram with anything of use in them.
constexpr int kMaxRecords = 256;

constexpr uint16_t kResponse = 0x8000;
constexpr uint16_t kOpcode = 0x7800;
constexpr uint16_t kTruncated = 0x0200;
constexpr uint16_t kCode = 0x000f;

enum RecordType : uint16_t {
  kA = 1,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kAaaa = 28,
  kSrv = 33,
  kNaptr = 35,
  kA6 = 38,
};

absl::Status Bad(const char* fault) { return absl::InvalidArgumentError(fault); }

// Reads a message from its beginning to its end.
class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message), end_(message.size()) {}

  size_t at() const { return at_; }
  bool at_end() const { return at_ == end_; }
  // Nothing is read past `end` from now on.
  void SetEnd(size_t end) { end_ = end; }

  absl::Status Skip(size_t octets) {
    if (end_ - at_ < octets) return Bad("truncated");
    at_ += octets;
    return absl::OkStatus();
  }

  absl::Status Read16(uint16_t* value) {
    const size_t begin = at_;
    SIPEVENTS_RETURN_IF_ERROR(Skip(2));
    *value = static_cast<uint16_t>(Octet(begin) << 8 | Octet(begin + 1));
    return absl::OkStatus();
  }

  // A length octet and as much text.
  absl::Status SkipText() {
    if (at_ >= end_) return Bad("truncated");
    return Skip(size_t{1} + Octet(at_));
  }

  // With `host_like`, labels hold printable ASCII without dots only: the name is used further,
  // as text.
  absl::Status SkipName(bool host_like = false) {
    size_t from = at_;
    size_t length = 0;
    bool jumped = false;
    // A pointer must lead before the part of the name that it ends, so that this ends.
    size_t earliest = at_;
    while (true) {
      if (from >= (jumped ? message_.size() : end_)) return Bad("truncated name");
      const uint8_t octet = Octet(from);
      if (octet >= kPointer) {
        if (from + 2 > (jumped ? message_.size() : end_)) return Bad("truncated name");
        const size_t target = static_cast<size_t>(octet & 0x3f) << 8 | Octet(from + 1);
        if (!jumped) at_ = from + 2;
        if (target < kHeaderOctets || target >= earliest) return Bad("bad pointer in a name");
        jumped = true;
        from = earliest = target;
        continue;
      }
      if (octet > 63) return Bad("bad label in a name");
      length += size_t{1} + octet;
      if (length > kMaxNameOctets) return Bad("name too long");
      if (from + 1 + octet > (jumped ? message_.size() : end_)) return Bad("truncated name");
      if (host_like && !IsPlain(message_.substr(from + 1, octet)))
        return Bad("bad label in a name");
      from += size_t{1} + octet;
      if (octet == 0) break;
    }
    if (!jumped) at_ = from;
    return absl::OkStatus();
  }

 private:
  uint8_t Octet(size_t at) const { return static_cast<uint8_t>(message_[at]); }

  static bool IsPlain(std::string_view label) {
    for (const char c : label) {
      if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '.') return false;
    }
    return true;
  }

  const std::string_view message_;
  size_t at_ = 0;
  size_t end_;
};

// The data of a record, up to the end that is set.
absl::Status SkipData(Reader& reader, uint16_t type, uint16_t length) {
  switch (type) {
    case kA:
      return reader.Skip(4);
    case kAaaa:
      return reader.Skip(16);
    case kCname:
    case kPtr:
      return reader.SkipName(/*host_like=*/true);
    case kSoa:
      SIPEVENTS_RETURN_IF_ERROR(reader.SkipName());
      SIPEVENTS_RETURN_IF_ERROR(reader.SkipName());
      return reader.Skip(20);
    case kSrv:
      SIPEVENTS_RETURN_IF_ERROR(reader.Skip(6));
      return reader.SkipName(/*host_like=*/true);
    case kNaptr:
      SIPEVENTS_RETURN_IF_ERROR(reader.Skip(4));
      for (int i = 0; i < 3; ++i) SIPEVENTS_RETURN_IF_ERROR(reader.SkipText());
      return reader.SkipName(/*host_like=*/true);
    case kA6:
      return Bad("A6 record");  // historic (RFC 6563); the resolver would take it apart
    default:
      return reader.Skip(length);
  }
}

absl::Status SkipRecord(Reader& reader, size_t message_octets) {
  SIPEVENTS_RETURN_IF_ERROR(reader.SkipName());
  uint16_t type = 0;
  uint16_t length = 0;
  SIPEVENTS_RETURN_IF_ERROR(reader.Read16(&type));
  SIPEVENTS_RETURN_IF_ERROR(reader.Skip(6));  // class and TTL
  SIPEVENTS_RETURN_IF_ERROR(reader.Read16(&length));
  if (message_octets - reader.at() < length) return Bad("truncated record");
  reader.SetEnd(reader.at() + length);
  SIPEVENTS_RETURN_IF_ERROR(SkipData(reader, type, length));
  // The resolver goes on where the data ended, not where the length says.
  if (!reader.at_end()) return Bad("record longer than its data");
  reader.SetEnd(message_octets);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDnsResponse(std::string_view datagram) {
  if (datagram.size() > kMaxDnsMessageOctets) return Bad("too long");
  Reader reader(datagram);
  uint16_t flags = 0;
  uint16_t questions = 0;
  uint16_t answers = 0;
  uint16_t others[2] = {};
  SIPEVENTS_RETURN_IF_ERROR(reader.Skip(2));  // the number of the query
  SIPEVENTS_RETURN_IF_ERROR(reader.Read16(&flags));
  SIPEVENTS_RETURN_IF_ERROR(reader.Read16(&questions));
  SIPEVENTS_RETURN_IF_ERROR(reader.Read16(&answers));
  for (uint16_t& count : others) SIPEVENTS_RETURN_IF_ERROR(reader.Read16(&count));
  if ((flags & kResponse) == 0 || (flags & kOpcode) != 0) return Bad("no response");
  // FORMERR may come with the header alone.
  if (questions > 1) return Bad("several questions");
  const int records = answers + others[0] + others[1];
  if (records > kMaxRecords) return Bad("too many records");
  // It would be remembered as "there is no such record".
  if ((flags & kTruncated) != 0 && (flags & kCode) == 0 && answers == 0) {
    return Bad("truncated, with no answer in it");
  }
  if (questions == 1) {
    SIPEVENTS_RETURN_IF_ERROR(reader.SkipName());
    SIPEVENTS_RETURN_IF_ERROR(reader.Skip(4));
  }
  for (int i = 0; i < records; ++i) {
    SIPEVENTS_RETURN_IF_ERROR(SkipRecord(reader, datagram.size()));
  }
  return absl::OkStatus();
}

}  // namespace sipevents::sip
