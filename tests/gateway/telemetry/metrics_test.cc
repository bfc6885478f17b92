#include "gateway/telemetry/metrics.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

using sip::SubscriptionState;
using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  // How many samples of a metric there are.
  int SeriesOf(const std::string& name) const {
    const std::string text = metrics_.Text();
    int count = 0;
    for (size_t at = text.find("\n" + name + "{"); at != std::string::npos;
         at = text.find("\n" + name + "{", at + 1)) {
      ++count;
    }
    return count;
  }

  Metrics metrics_{[](std::string_view name) { return name == "presence" || name == "dialog"; }};
};

TEST_F(MetricsTest, SubscriptionMovesFromStateToState) {
  // Given
  PackageMetrics& presence = metrics_.ForPackage("presence");
  presence.MoveSubscription(std::nullopt, SubscriptionState::kSubscribing);
  presence.MoveSubscription(std::nullopt, SubscriptionState::kSubscribing);
  // When
  presence.MoveSubscription(SubscriptionState::kSubscribing, SubscriptionState::kActive);
  presence.MoveSubscription(SubscriptionState::kActive, SubscriptionState::kActive);
  // Then
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("sipevents_subscriptions{package=\"presence\",state=\"subscribing\"} 1\n"));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("sipevents_subscriptions{package=\"presence\",state=\"active\"} 1\n"));
  // When it is forgotten
  presence.MoveSubscription(SubscriptionState::kActive, std::nullopt);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("sipevents_subscriptions{package=\"presence\",state=\"active\"} 0\n"));
}

TEST_F(MetricsTest, RegistrationsAreShownByState) {
  metrics_.OnRegistrations("registering", 1);
  metrics_.OnRegistrations("registering", 1);
  metrics_.OnRegistrations("registering", -1);
  metrics_.OnRegistrations("registered", 1);
  metrics_.OnResponse("REGISTER", 403);
  metrics_.OnKeepAliveFailed();
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sipevents_sip_registrations{state=\"registering\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_registrations{state=\"registered\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("sipevents_sip_responses_total{method=\"REGISTER\",status=\"403\"} 1"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_sip_keep_alive_failures_total 1\n"));
}

TEST_F(MetricsTest, ServedPublicationsAreShownByPackage) {
  metrics_.OnServedPublications("presence", 1);
  metrics_.OnServedPublications("presence", 1);
  metrics_.OnServedPublications("presence", -1);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("sipevents_publications_served{package=\"presence\"} 1\n"));
}

TEST_F(MetricsTest, PublishedStatesAreShownByState) {
  metrics_.OnPublishing("publishing", 1);
  metrics_.OnPublishing("publishing", -1);
  metrics_.OnPublishing("active", 1);
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sipevents_sip_publishing{state=\"publishing\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_publishing{state=\"active\"} 1\n"));
}

TEST_F(MetricsTest, EventsAreCountedByOutcome) {
  PackageMetrics& dialog = metrics_.ForPackage("dialog");
  dialog.AddDelivered(16);
  dialog.AddSuperseded(3);
  dialog.AddDropped(2);
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("{outcome=\"delivered\",package=\"dialog\"} 16\n"));
  EXPECT_THAT(text, HasSubstr("{outcome=\"superseded\",package=\"dialog\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("{outcome=\"dropped\",package=\"dialog\"} 2\n"));
}

TEST_F(MetricsTest, UnknownPackagesShareOneLabel) {
  // Given what a caller can name
  for (int i = 0; i < 1000; ++i) metrics_.ForPackage(absl::StrCat("x", i)).AddDelivered(1);
  // Then
  EXPECT_THAT(metrics_.Text(), HasSubstr("{outcome=\"delivered\",package=\"other\"} 1000\n"));
  EXPECT_EQ(SeriesOf("sipevents_events_total"), 3);
  EXPECT_EQ(&metrics_.ForPackage("x1"), &metrics_.ForPackage("other"));
}

TEST_F(MetricsTest, RequestsAndResponsesAreCountedByMethodAndStatus) {
  metrics_.OnRequestAnswered("NOTIFY", 200);
  metrics_.OnRequestAnswered("NOTIFY", 200);
  metrics_.OnRequestAnswered("NOTIFY", 481);
  metrics_.OnRequestAnswered("NOTIFY", 0);
  metrics_.OnResponse("SUBSCRIBE", 489);
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sip_requests_received_total{method=\"NOTIFY\",status=\"200\"} 2"));
  EXPECT_THAT(text, HasSubstr("sip_requests_received_total{method=\"NOTIFY\",status=\"481\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("sip_requests_received_total{method=\"NOTIFY\",status=\"dropped\"} 1"));
  EXPECT_THAT(text, HasSubstr("sip_responses_total{method=\"SUBSCRIBE\",status=\"489\"} 1"));
}

TEST_F(MetricsTest, PeerCannotMakeSeries) {
  // Given a peer that invents methods, statuses and deviations
  for (int status = -10; status < 1100; ++status) {
    metrics_.OnResponse("SUBSCRIBE", status);
    metrics_.OnRequestAnswered(absl::StrCat("M", status), 405);
    metrics_.OnDeviation(absl::StrCat("ROW-", status));
  }
  // Then the well-known ones, six classes, "dropped" and "other".
  EXPECT_LE(SeriesOf("sipevents_sip_responses_total"), 60);
  EXPECT_THAT(metrics_.Text(), HasSubstr("{method=\"SUBSCRIBE\",status=\"4xx\"}"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("{method=\"SUBSCRIBE\",status=\"other\"}"));
  EXPECT_EQ(SeriesOf("sipevents_sip_requests_received_total"), 1);
  EXPECT_EQ(SeriesOf("sipevents_sip_deviations_total"), 65);
}

TEST_F(MetricsTest, EveryWellKnownStatusHasItsOwnLabel) {
  for (const int status :
       {200, 202, 401, 403, 404, 407, 408, 412, 423, 480, 481, 486, 489, 500, 503, 603, 604}) {
    metrics_.OnResponse("SUBSCRIBE", status);
    EXPECT_THAT(metrics_.Text(), HasSubstr(absl::StrCat("status=\"", status, "\"} 1")));
  }
}

TEST_F(MetricsTest, GaugesFollow) {
  metrics_.OnInFlight(+1);
  metrics_.OnInFlight(+1);
  metrics_.OnInFlight(-1);
  metrics_.OnStream(+1);
  metrics_.OnDecodeError("presence");
  metrics_.OnBoundReached("max_watches");
  metrics_.OnConnection(true);
  double bytes = 5;
  metrics_.AddGauge("sipevents_event_log_bytes", "Memory.", [&bytes] { return bytes; });
  bytes = 7;
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("\nsipevents_sip_requests_in_flight 1\n"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_streams 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_decode_errors_total{package=\"presence\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_bound_reached_total{bound=\"max_watches\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_grpc_connections_total{result=\"accepted\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_event_log_bytes 7\n"));
}

TEST_F(MetricsTest, BacklogAndServersThatAreDownAreShown) {
  metrics_.OnWaiting(20'000);
  metrics_.OnWaiting(-1);
  metrics_.OnHeldBack("rate");
  metrics_.OnHeldBack("down");
  metrics_.OnHeldBack("down");
  metrics_.OnBreakerTrip("timeout");
  metrics_.OnServersDown(+1);
  metrics_.OnServersDown(+1);
  metrics_.OnServersDown(-1);
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("\nsipevents_sip_requests_waiting 19999\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_requests_held_back_total{reason=\"rate\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_requests_held_back_total{reason=\"down\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_breaker_trips_total{cause=\"timeout\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_sip_servers_down 1\n"));
}

TEST_F(MetricsTest, ConnectionsAreShownByTransportAndWhoOpenedThem) {
  metrics_.OnStreamOpen("tls", /*accepted=*/true, +1);
  metrics_.OnStreamOpen("tls", /*accepted=*/true, +1);
  metrics_.OnStreamOpen("tls", /*accepted=*/true, -1);
  metrics_.OnStreamOpen("tcp", /*accepted=*/false, +1);
  metrics_.OnStreamRefused("handshake");
  metrics_.OnBadStream(400);
  metrics_.OnStreamDropped();
  const std::string text = metrics_.Text();
  EXPECT_THAT(text,
              HasSubstr("sipevents_sip_connections{opened_by=\"peer\",transport=\"tls\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("sipevents_sip_connections{opened_by=\"gateway\",transport=\"tcp\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_connections_refused_total{cause=\"handshake\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_sip_bad_streams_total{status=\"400\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_sip_stream_messages_dropped_total 1\n"));
}

TEST_F(MetricsTest, LookUpsOfUsersAreShownByTheirResult) {
  metrics_.OnUserLookup("found", absl::Milliseconds(2));
  metrics_.OnUserLookup("found", absl::Milliseconds(2));
  metrics_.OnUserLookup("none", absl::Milliseconds(2));
  metrics_.OnUserLookup("failed", absl::Seconds(3));
  metrics_.OnOldUserUsed();
  metrics_.OnRequestsHeld(+3);
  metrics_.OnRequestsHeld(-1);
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, HasSubstr("sipevents_user_lookups_total{result=\"found\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_user_lookups_total{result=\"none\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_user_lookups_total{result=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_user_answers_old_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\nsipevents_sip_requests_held 2\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_user_lookup_seconds_bucket{le=\"0.0025\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("sipevents_user_lookup_seconds_count 4\n"));
}

TEST_F(MetricsTest, LatencyFallsIntoItsBuckets) {
  // Given
  metrics_.ObserveNotifyToStream(absl::Microseconds(50));
  metrics_.ObserveNotifyToStream(absl::Microseconds(51), 2);
  metrics_.ObserveNotifyToStream(absl::Seconds(11));
  metrics_.ObserveNotifyToStream(-absl::Seconds(1));  // the clock was set back
  // Then
  const std::string text = metrics_.Text();
  const std::string name = "sipevents_notify_to_stream_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_count 5\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"5e-05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"0.0001\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"10\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("_sum -")));
}

}  // namespace
}  // namespace sipevents::gateway
