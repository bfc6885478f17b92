#include "gateway/telemetry/registration_lines.h"

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

TEST(RegistrationLinesTest, LineSaysWhatIsKnown) {
  sip::RegistrationStatus well;
  well.identity = "sip:alice@example.com";
  well.registrar = "sip:example.com";
  well.server = "udp:192.0.2.1:5060";
  well.state = "registered";
  well.outbound = true;
  well.gruu = "sip:alice@example.com;gr=1";
  well.bound_until = absl::FromUnixSeconds(3600);
  well.next_time = absl::FromUnixSeconds(3000);
  sip::RegistrationStatus ill;
  ill.identity = "sip:bob@example.com";
  ill.registrar = "sip:example.com";
  ill.state = "waiting";
  ill.reason = "response";
  ill.sip_status = 403;

  EXPECT_EQ(RegistrationLines({well, ill}),
            "sip:alice@example.com state=registered until=1970-01-01T01:00:00Z "
            "next=1970-01-01T00:50:00Z registrar=sip:example.com server=udp:192.0.2.1:5060 "
            "outbound gruu=sip:alice@example.com;gr=1\n"
            "sip:bob@example.com state=waiting reason=response sip_status=403 "
            "registrar=sip:example.com\n");
}

TEST(RegistrationLinesTest, NobodyIsNoLine) { EXPECT_EQ(RegistrationLines({}), ""); }

}  // namespace
}  // namespace sipevents::gateway
