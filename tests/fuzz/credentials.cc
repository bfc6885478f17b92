// The lines of --sip_credentials_file.

#include "sip/auth/credentials.h"

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

void CheckTable(const sip::CredentialTable& table, std::string_view text) {
  FUZZ_EXPECT(table.size() <= sip::CredentialTable::kMaxEntries);
  // Whatever stands in the file may be asked for by a peer.
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n"));
  const std::string_view rest = text.substr(word.size());
  for (const std::string_view host : {word, rest, std::string_view("example.com")}) {
    const std::optional<sip::Credentials> found = table.Lookup(word, host);
    FUZZ_EXPECT(table.size() > 0 || !found.has_value());
    if (found.has_value()) Touch(found->password);
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = sipevents::fuzz::AsText(data, size);
  const auto table = sipevents::sip::CredentialTable::Parse(text, "file");
  if (table.ok()) {
    sipevents::fuzz::CheckTable(*table, text);
  } else {
    FUZZ_EXPECT(table.status().code() == absl::StatusCode::kInvalidArgument);
  }
  return 0;
}
