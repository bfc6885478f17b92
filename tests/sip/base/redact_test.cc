#include "sip/base/redact.h"

#include <utility>

#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

TEST(RedactUriTest, PasswordsAndHeadersAreLeftOut) {
  const std::pair<const char*, const char*> cases[] = {
      {"sip:alice@example.com", "sip:alice@example.com"},
      {"sip:example.com:5060", "sip:example.com:5060"},
      {"sip:alice:pw@example.com:5070;lr", "sip:alice:(redacted)@example.com:5070;lr"},
      {"<sips:a:b:c@d@example.com>", "<sips:a:(redacted)@example.com>"},
      {"sip:a@b?Authorization=x", "sip:a@b?(redacted)"},
      {"sip:a:pw@b?From=c@d", "sip:a:(redacted)@b?(redacted)"},
      {"sip:b?From=x", "sip:b?(redacted)"},
      {"sip:a?b:pw@c", "sip:a?b:(redacted)@c"},
      {"tel:+123", "tel:+123"},
      {"", ""},
  };
  for (const auto& [uri, shown] : cases) EXPECT_EQ(RedactUri(uri), shown);
}

}  // namespace
}  // namespace sipevents::sip
