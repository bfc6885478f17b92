#include "sip/packages/voice_quality.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/voice_quality.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/vq-rtcpxr";

v1::VoiceQualityReport Report(std::string_view body) {
  Merging merging(FindPackage("vq-rtcpxr"), kType);
  return StateOf<v1::VoiceQualityReport>(merging.Feed(body));
}

// The local metrics of a report of `lines`.
v1::VoiceQualityMetrics Metrics(std::string_view lines) {
  return Report(absl::StrCat("VQSessionReport\r\nLocalMetrics:\r\n", AbslView(lines), "\r\n"))
      .local_metrics();
}

constexpr char kCall[] =
    "VQSessionReport: CallTerm\r\n"
    "CallID: c7@ua1\r\n"
    "LocalID: \"Ann\" <sip:201@gw.example.net>\r\n"
    "RemoteID: <sip:100@gw.example.net>\r\n"
    "OrigID: sip:100@gw.example.net\r\n"
    "LocalAddr: IP=192.0.2.9 PORT=40000 SSRC=0x1A2B\r\n"
    "RemoteAddr: IP=2001:db8::4 PORT=41000 SSRC=ffffffff\r\n"
    "LocalGroup: lab one\r\n"
    "RemoteGroup: field\r\n"
    "LocalMAC: 00:04:f2:00:00:01\r\n"
    "RemoteMAC: 00:04:f2:00:00:02\r\n"
    "LocalMetrics:\r\n"
    "Timestamps:START=2026-03-01T09:00:00Z STOP=2026-03-01T09:02:10Z\r\n"
    "PacketLoss:NLR=0.4 JDR=0.1\r\n"
    "QualityEst:MOSLQ=4.2 MOSCQ=4.1\r\n"
    "RemoteMetrics:\r\n"
    "PacketLoss:NLR=5.0\r\n"
    "DialogID:38419823470834;to-tag=8472761;from-tag=9123dh311\r\n";

TEST(VoiceQualityTest, AllAboutTheCallIsTold) {
  const v1::VoiceQualityReport report = Report(kCall);

  EXPECT_EQ(report.kind(), v1::VoiceQualityReport::SESSION);
  EXPECT_TRUE(report.call_term());
  EXPECT_FALSE(report.has_alert());
  EXPECT_EQ(report.call_id(), "c7@ua1");
  EXPECT_EQ(report.local_id(), "sip:201@gw.example.net");
  EXPECT_EQ(report.remote_id(), "sip:100@gw.example.net");
  EXPECT_EQ(report.orig_id(), "sip:100@gw.example.net");
  EXPECT_EQ(report.local_address().ip(), "192.0.2.9");
  EXPECT_EQ(report.local_address().port(), 40000);
  EXPECT_EQ(report.local_address().ssrc(), 0x1A2B);
  EXPECT_EQ(report.remote_address().ip(), "2001:db8::4");
  EXPECT_EQ(report.remote_address().ssrc(), 0xffffffff);
  EXPECT_EQ(report.local_group(), "lab one");
  EXPECT_EQ(report.remote_group(), "field");
  EXPECT_EQ(report.local_mac(), "00:04:f2:00:00:01");
  EXPECT_EQ(report.remote_mac(), "00:04:f2:00:00:02");
  EXPECT_EQ(report.dialog().call_id(), "38419823470834");
  EXPECT_EQ(report.dialog().to_tag(), "8472761");
  EXPECT_EQ(report.dialog().from_tag(), "9123dh311");
  EXPECT_EQ(report.local_metrics().start_time().seconds(), 1772355600);
  EXPECT_EQ(report.local_metrics().stop_time().seconds(), 1772355730);
  EXPECT_EQ(report.local_metrics().packet_loss().network_loss_percent(), 0.4);
  EXPECT_EQ(report.local_metrics().packet_loss().jitter_discard_percent(), 0.1);
  EXPECT_EQ(report.local_metrics().quality_estimates().listening_mos(), 4.2);
  EXPECT_EQ(report.remote_metrics().packet_loss().network_loss_percent(), 5);
  EXPECT_FALSE(report.remote_metrics().packet_loss().has_jitter_discard_percent());
  EXPECT_FALSE(report.remote_metrics().has_start_time());
}

TEST(VoiceQualityTest, KindsAreToldApart) {
  EXPECT_FALSE(Report("VQSessionReport\r\nCallID: a\r\n").call_term());
  const v1::VoiceQualityReport interval = Report("VQIntervalReport : callterm\r\n");
  EXPECT_EQ(interval.kind(), v1::VoiceQualityReport::INTERVAL);
  EXPECT_TRUE(interval.call_term());

  const v1::VoiceQualityReport alert =
      Report("VQAlertReport: Type=NLR Severity=Critical Dir=local\r\n");
  EXPECT_EQ(alert.kind(), v1::VoiceQualityReport::ALERT);
  EXPECT_EQ(alert.alert().type(), "NLR");
  EXPECT_EQ(alert.alert().severity(), v1::VoiceQualityReport::Alert::CRITICAL);
  EXPECT_EQ(alert.alert().direction(), v1::VoiceQualityReport::Alert::LOCAL);
  const v1::VoiceQualityReport odd = Report("VQAlertReport: Severity=Dreadful Type=\"R L Q\"");
  EXPECT_EQ(odd.alert().type(), "R L Q");
  EXPECT_EQ(odd.alert().severity(), v1::VoiceQualityReport::Alert::SEVERITY_UNSPECIFIED);
  EXPECT_EQ(odd.alert().direction(), v1::VoiceQualityReport::Alert::DIRECTION_UNSPECIFIED);
}

TEST(VoiceQualityTest, SessionAndJitterBufferAreTold) {
  const v1::VoiceQualityMetrics metrics = Metrics(
      "SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50 FMTP=\"annexb=no; x\" PLC=3 "
      "SSUP=on\r\nJitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120");

  const v1::VoiceSession& session = metrics.session();
  EXPECT_EQ(session.payload_type(), 18);
  EXPECT_EQ(session.payload_description(), "G729");
  EXPECT_EQ(session.sample_rate(), 8000);
  EXPECT_EQ(session.packets_per_second(), 50);
  EXPECT_EQ(session.frame_duration_ms(), 20);
  EXPECT_EQ(session.frame_octets(), 20);
  EXPECT_EQ(session.frames_per_packet(), 2);
  EXPECT_EQ(session.format_parameters(), "annexb=no; x");
  EXPECT_EQ(session.loss_concealment(), v1::VoiceSession::STANDARD);
  EXPECT_TRUE(session.silence_suppression());
  EXPECT_EQ(metrics.jitter_buffer().adaptivity(), v1::JitterBuffer::ADAPTIVE);
  EXPECT_EQ(metrics.jitter_buffer().rate(), 2);
  EXPECT_EQ(metrics.jitter_buffer().nominal_ms(), 40);
  EXPECT_EQ(metrics.jitter_buffer().maximum_ms(), 80);
  EXPECT_EQ(metrics.jitter_buffer().absolute_maximum_ms(), 120);
}

TEST(VoiceQualityTest, LossDelayAndSignalAreTold) {
  const v1::VoiceQualityMetrics metrics = Metrics(
      "BurstGapLoss:BLD=0.5 BD=120 GLD=2.0 GD=500.7 GMIN=16\r\n"
      "Delay:RTD=200 ESD=140 OWD=1 SOWD=170 IAJ=2 MAJ=10\r\n"
      "Signal:SL=-21 NL=-50 RERL=55");

  EXPECT_EQ(metrics.burst_gap_loss().burst_density_percent(), 0.5);
  EXPECT_EQ(metrics.burst_gap_loss().burst_duration_ms(), 120);
  EXPECT_EQ(metrics.burst_gap_loss().gap_density_percent(), 2);
  EXPECT_EQ(metrics.burst_gap_loss().gap_duration_ms(), 500);
  EXPECT_EQ(metrics.burst_gap_loss().minimum_gap(), 16);
  EXPECT_EQ(metrics.delay().round_trip_ms(), 200);
  EXPECT_EQ(metrics.delay().end_system_ms(), 140);
  EXPECT_EQ(metrics.delay().one_way_ms(), 1);
  EXPECT_EQ(metrics.delay().symmetric_one_way_ms(), 170);
  EXPECT_EQ(metrics.delay().interarrival_jitter_ms(), 2);
  EXPECT_EQ(metrics.delay().mean_absolute_jitter_ms(), 10);
  EXPECT_EQ(metrics.signal().signal_level_dbm(), -21);
  EXPECT_EQ(metrics.signal().noise_level_dbm(), -50);
  EXPECT_EQ(metrics.signal().residual_echo_return_loss_db(), 55);
}

TEST(VoiceQualityTest, EstimatesAreTold) {
  const v1::QualityEstimates estimates =
      Metrics(
          "QualityEst:RLQ=90 RLQEstAlg=P.564 RCQ=85 RCQEstAlg=a EXTRI=90 ExtRIEstAlg=b EXTRO=95 "
          "ExtROEstAlg=c MOSLQ=3.4 MOSLQEstAlg=d MOSCQ=3.3 MOSCQEstAlg=e QoEEstAlg=\"P. 564\"")
          .quality_estimates();

  EXPECT_EQ(estimates.listening_r(), 90);
  EXPECT_EQ(estimates.listening_r_algorithm(), "P.564");
  EXPECT_EQ(estimates.conversational_r(), 85);
  EXPECT_EQ(estimates.conversational_r_algorithm(), "a");
  EXPECT_EQ(estimates.external_in_r(), 90);
  EXPECT_EQ(estimates.external_in_r_algorithm(), "b");
  EXPECT_EQ(estimates.external_out_r(), 95);
  EXPECT_EQ(estimates.external_out_r_algorithm(), "c");
  EXPECT_EQ(estimates.listening_mos(), 3.4);
  EXPECT_EQ(estimates.listening_mos_algorithm(), "d");
  EXPECT_EQ(estimates.conversational_mos(), 3.3);
  EXPECT_EQ(estimates.conversational_mos_algorithm(), "e");
  EXPECT_EQ(estimates.algorithm(), "P. 564");
}

TEST(VoiceQualityTest, ZeroIsTold) {
  const v1::VoiceQualityMetrics metrics = Metrics("PacketLoss:NLR=0\r\nDelay:RTD=0\r\nSignal:SL=0");
  EXPECT_TRUE(metrics.packet_loss().has_network_loss_percent());
  EXPECT_TRUE(metrics.delay().has_round_trip_ms());
  EXPECT_TRUE(metrics.signal().has_signal_level_dbm());
}

TEST(VoiceQualityTest, MalformedMetricsAreAbsent) {
  const v1::VoiceQualityMetrics metrics = Metrics(
      "Timestamps:START=yesterday STOP=\r\nSessionDesc:PT=x PLC=9 SSUP=maybe PD\r\n"
      "PacketLoss:NLR=-- JDR\r\nDelay:RTD=-5 ESD=99999999999\r\nSignal:SL=loud ==5");
  EXPECT_FALSE(metrics.has_start_time());
  EXPECT_FALSE(metrics.has_stop_time());
  EXPECT_FALSE(metrics.session().has_payload_type());
  EXPECT_EQ(metrics.session().loss_concealment(), v1::VoiceSession::LOSS_CONCEALMENT_UNSPECIFIED);
  EXPECT_FALSE(metrics.session().has_silence_suppression());
  EXPECT_FALSE(metrics.packet_loss().has_network_loss_percent());
  EXPECT_FALSE(metrics.delay().has_round_trip_ms());
  EXPECT_FALSE(metrics.delay().has_end_system_ms());
  EXPECT_FALSE(metrics.signal().has_signal_level_dbm());
  EXPECT_FALSE(metrics.has_jitter_buffer());
}

// The examples of RFC 6035 deviate from its grammar, and so do phones.
TEST(VoiceQualityTest, OrderCaseAndFoldsDoNotMatter) {
  const v1::VoiceQualityReport report = Report(
      "packetloss:NLR=1\r\n"
      "callid : a@b\r\n"
      "vqsessionreport : CallTerm\r\n"
      "X-More: 1\r\n"
      "remotemetrics:\r\n"
      "LOCALADDR:IP=192.0.2.1 \r\n PORT=1\r\n\tSSRC=0xZZ\r\n"
      "Delay:\r\n RTD=5\r\n"
      "Delay:RTD=6\r\n"
      "callid: other\r\n"
      "LocalMetrics:\r\n"
      "delay:RTD=7");

  EXPECT_TRUE(report.call_term());
  EXPECT_EQ(report.call_id(), "a@b");
  EXPECT_EQ(report.local_address().port(), 1);
  EXPECT_FALSE(report.local_address().has_ssrc());
  EXPECT_EQ(report.remote_metrics().delay().round_trip_ms(), 5);
  EXPECT_EQ(report.local_metrics().packet_loss().network_loss_percent(), 1);
  EXPECT_EQ(report.local_metrics().delay().round_trip_ms(), 7);
}

TEST(VoiceQualityTest, BadReportsAreRefused) {
  struct Row {
    std::string body;
    std::string_view said;
    std::string_view type = kType;
    bool lenient = true;
  };
  const std::vector<Row> rows = {
      {"CallID: a\r\n", "no line VQSessionReport"},
      {"CallID: a\r\nVQSessionReport\r\n", "no line VQSessionReport", kType, false},
      {"VQSessionReport\r\n", "content type", "text/plain"},
      {std::string("VQSessionReport\0", 16), "octet 0"},
      {"VQSessionReport\r\nLocalGroup: \xfc\r\n", "not UTF-8", kType, false},
      {"VQSessionReport" + std::string(10'001, '\n'), "more than 10000 lines"},
      {"VQSessionReport: " + std::string(1 << 20, 'a'), "more than 1048576 octets"},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("vq-rtcpxr"), kType, row.lenient);

    const MergeResult result = merging.FeedTyped(row.type, row.body);

    EXPECT_EQ(result.kind, Kind::kError) << row.said;
    EXPECT_THAT(result.error, HasSubstr(std::string(row.said)));
  }
}

TEST(VoiceQualityTest, NotifyWithoutBodyTellsNothing) {
  Merging merging(FindPackage("vq-rtcpxr"), kType);
  EXPECT_EQ(merging.Feed("").kind, Kind::kUnchanged);
}

}  // namespace
}  // namespace sipevents::sip
