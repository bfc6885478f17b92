// Addresses as flags and peers write them.

#include "sip/base/net_address.h"

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kMaxListed = 32;

void CheckHostPort(std::string_view text) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  if (!parsed.ok()) return;
  const absl::StatusOr<HostPort> again = ParseHostPort(parsed->ToString());
  FUZZ_EXPECT(again.ok());
  FUZZ_EXPECT(*again == *parsed);
}

void CheckListen(std::string_view text) {
  const absl::StatusOr<SipListenAddress> parsed = ParseSipListenAddress(text);
  if (!parsed.ok()) return;
  const absl::StatusOr<SipListenAddress> again = ParseSipListenAddress(parsed->ToString());
  FUZZ_EXPECT(again.ok());
  FUZZ_EXPECT(*again == *parsed);
}

void CheckLists(std::string_view text) {
  if (const auto list = ParseHostPortList(text); list.ok()) {
    FUZZ_EXPECT(!list->empty() && list->size() <= kMaxListed);
  }
  if (const auto list = ParseSipListenList(text); list.ok()) {
    FUZZ_EXPECT(!list->empty() && list->size() <= kMaxListed);
  }
}

void CheckKinds(std::string_view host) {
  const bool wildcard = IsWildcard(host);
  const bool loopback = IsLoopback(host);
  FUZZ_EXPECT(!(wildcard && loopback));
  FUZZ_EXPECT(!wildcard || IsNumericHost(host));
  FUZZ_EXPECT(!loopback || IsNumericHost(host) ||
              host.size() == std::string_view("localhost").size());
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = sipevents::fuzz::AsText(data, size);
  sipevents::fuzz::CheckHostPort(text);
  sipevents::fuzz::CheckListen(text);
  sipevents::fuzz::CheckLists(text);
  sipevents::fuzz::CheckKinds(text);
  return 0;
}
