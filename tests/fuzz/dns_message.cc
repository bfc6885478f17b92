// Datagrams from a DNS server, before sofia-sip's resolver sees them.

#include "sip/location/dns_message_check.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kHeaderOctets = 12;

void Check(std::string_view datagram) {
  const absl::Status status = sip::CheckDnsResponse(datagram);
  if (!status.ok()) {
    FUZZ_EXPECT(status.code() == absl::StatusCode::kInvalidArgument);
    FUZZ_EXPECT(!status.message().empty());
    return;
  }
  FUZZ_EXPECT(datagram.size() >= kHeaderOctets && datagram.size() <= sip::kMaxDnsMessageOctets);
  FUZZ_EXPECT((static_cast<uint8_t>(datagram[2]) & 0x80) != 0);  // a response
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::Check(sipevents::fuzz::AsText(data, size));
  return 0;
}
