#include "sip/notifier/notify_way.h"

#include <gtest/gtest.h>

namespace sipevents::sip {
namespace {

IncomingRequest From(const std::string& peer, const std::string& contact,
                     Transport transport = Transport::kUdp) {
  IncomingRequest request;
  request.source = {{peer, 5070}, transport, "192.0.2.99", 5060};
  request.contact_uri = contact;
  return request;
}

TEST(NotifyWayTest, ContactOfTheSender) {
  const NotifyWay way = NotifyWayOf(From("192.0.2.7", "sip:phone@192.0.2.7:5080"));
  EXPECT_EQ(way.first_hop, "sip:192.0.2.7:5080;transport=udp");
  EXPECT_FALSE(way.elsewhere);
  EXPECT_FALSE(NotifyWayOf(From("2001:db8::7", "sip:phone@[2001:db8::7]")).elsewhere);
}

TEST(NotifyWayTest, ContactOfSomebodyElse) {
  EXPECT_TRUE(NotifyWayOf(From("192.0.2.7", "sip:phone@192.0.2.8")).elsewhere);
  EXPECT_TRUE(NotifyWayOf(From("192.0.2.7", "sip:phone@192.0.2.8;transport=tcp")).elsewhere);
  EXPECT_TRUE(NotifyWayOf(From("192.0.2.7", "sips:phone@192.0.2.8")).elsewhere);
  EXPECT_TRUE(NotifyWayOf(From("2001:db8::7", "sip:phone@[2001:db8::8]")).elsewhere);
}

// Where a name leads is not known here.
TEST(NotifyWayTest, NameIsElsewhere) {
  const NotifyWay way = NotifyWayOf(From("192.0.2.7", "sip:phone@phone.example.net"));
  EXPECT_EQ(way.first_hop, "");
  EXPECT_TRUE(way.elsewhere);
}

// OUT-04: a peer behind a NAT that thinks to be where its Contact says.
TEST(NotifyWayTest, FlowLeadsBack) {
  const NotifyWay nat = NotifyWayOf(From("192.0.2.7", "sip:phone@192.0.2.99:5060"));
  EXPECT_EQ(nat.first_hop, "flow:udp:192.0.2.7:5070");
  EXPECT_FALSE(nat.elsewhere);
  const NotifyWay tls = NotifyWayOf(From("192.0.2.7", "sip:phone@192.0.2.8", Transport::kTls));
  EXPECT_EQ(tls.first_hop, "flow:tls:192.0.2.7:5070");
  EXPECT_FALSE(tls.elsewhere);
}

// A port that is left out is 5060 (RFC 3261 section 19.1.2), whoever leaves it out.
TEST(NotifyWayTest, PortLeftOutIsThePortNamed) {
  IncomingRequest request = From("192.0.2.7", "sip:phone@192.0.2.99");
  EXPECT_EQ(NotifyWayOf(request).first_hop, "flow:udp:192.0.2.7:5070");
  request.source.via_port = 0;
  EXPECT_EQ(NotifyWayOf(request).first_hop, "flow:udp:192.0.2.7:5070");
  request.contact_uri = "sip:phone@192.0.2.99:5060";
  EXPECT_EQ(NotifyWayOf(request).first_hop, "flow:udp:192.0.2.7:5070");
  request.contact_uri = "sip:phone@192.0.2.99:5062";
  EXPECT_EQ(NotifyWayOf(request).first_hop, "sip:192.0.2.99:5062;transport=udp");
}

// OUT-04, RFC 3261 section 12.2.1.1.
TEST(NotifyWayTest, ContactIsTriedWhenTheConnectionHasEnded) {
  const auto same = WayAfterConnection("flow:tcp:192.0.2.7:5070", "sip:phone@192.0.2.7");
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->first_hop, "");
  EXPECT_FALSE(same->elsewhere);
  const auto other = WayAfterConnection("flow:tcp:192.0.2.7:5070", "sip:phone@192.0.2.8");
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE(other->elsewhere);
  EXPECT_TRUE(WayAfterConnection("flow:tls:[2001:db8::7]:5070", "sips:phone@[2001:db8::7]"));
  EXPECT_TRUE(WayAfterConnection("flow:tls:192.0.2.7:5070", "sip:phone@192.0.2.7;transport=TLS"));
}

TEST(NotifyWayTest, NoWayButTheConnection) {
  EXPECT_FALSE(WayAfterConnection("", "sip:phone@192.0.2.7"));
  EXPECT_FALSE(WayAfterConnection("sip:192.0.2.7;transport=tcp", "sip:phone@192.0.2.7"));
  EXPECT_FALSE(WayAfterConnection("flow:udp:192.0.2.7:5070", "sip:phone@192.0.2.7"));
  EXPECT_FALSE(WayAfterConnection("flow:tcp:192.0.2.7:5070", "sip:phone@192.0.2.7;ob"));
  // Not in the clear what was asked for over TLS.
  EXPECT_FALSE(WayAfterConnection("flow:tls:192.0.2.7:5070", "sip:phone@192.0.2.7"));
}

TEST(NotifyWayTest, RouteCountsNotTheContact) {
  IncomingRequest request = From("192.0.2.7", "sip:phone@192.0.2.8");
  request.record_route = {"<sip:192.0.2.7;lr>", "<sip:192.0.2.9;lr>"};
  EXPECT_FALSE(NotifyWayOf(request).elsewhere);
  EXPECT_EQ(NotifyWayOf(request).first_hop, "");
  request.record_route = {"<sip:192.0.2.9;lr>", "<sip:192.0.2.7;lr>"};
  EXPECT_TRUE(NotifyWayOf(request).elsewhere);
}

TEST(NotifyWayTest, HostsAreComparedWithoutRegardToCaseAndTheRest) {
  EXPECT_TRUE(HaveSameHost("sip:a@Example.com:5060", "sips:b@example.COM;transport=tls"));
  EXPECT_FALSE(HaveSameHost("sip:a@192.0.2.7", "sip:a@192.0.2.8"));
  EXPECT_FALSE(HaveSameHost("", ""));
}

}  // namespace
}  // namespace sipevents::sip
