#include "sip/packages/voice_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

namespace metrics = fields::VoiceQualityMetrics;
namespace session = fields::VoiceSession;
namespace jitter = fields::JitterBuffer;
namespace loss = fields::PacketLoss;
namespace burst = fields::BurstGapLoss;
namespace delay = fields::VoiceDelay;
namespace level = fields::VoiceSignal;
namespace quality = fields::QualityEstimates;

// A line of metrics, and the message that it becomes.
struct MetricLine {
  std::string_view name;
  int number;  // of the field; 0: its metrics are fields of VoiceQualityMetrics themselves
  absl::Span<const Metric> metrics;  // by ascending number
};

constexpr Metric kTimestamps[] = {
    {"START", metrics::kStartTime, MetricForm::kTime},
    {"STOP", metrics::kStopTime, MetricForm::kTime},
};
constexpr Metric kSession[] = {
    {"PT", session::kPayloadType, MetricForm::kCount},
    {"PD", session::kPayloadDescription, MetricForm::kText},
    {"SR", session::kSampleRate, MetricForm::kCount},
    {"PPS", session::kPacketsPerSecond, MetricForm::kCount},
    {"FD", session::kFrameDurationMs, MetricForm::kCount},
    {"FO", session::kFrameOctets, MetricForm::kCount},
    {"FPP", session::kFramesPerPacket, MetricForm::kCount},
    {"FMTP", session::kFormatParameters, MetricForm::kText},
    {"PLC", session::kLossConcealment, MetricForm::kChoice},
    {"SSUP", session::kSilenceSuppression, MetricForm::kSwitch},
};
constexpr Metric kJitterBuffer[] = {
    {"JBA", jitter::kAdaptivity, MetricForm::kChoice},
    {"JBR", jitter::kRate, MetricForm::kCount},
    {"JBN", jitter::kNominalMs, MetricForm::kCount},
    {"JBM", jitter::kMaximumMs, MetricForm::kCount},
    {"JBX", jitter::kAbsoluteMaximumMs, MetricForm::kCount},
};
constexpr Metric kPacketLoss[] = {
    {"NLR", loss::kNetworkLossPercent, MetricForm::kDecimal},
    {"JDR", loss::kJitterDiscardPercent, MetricForm::kDecimal},
};
constexpr Metric kBurstGapLoss[] = {
    {"BLD", burst::kBurstDensityPercent, MetricForm::kDecimal},
    {"BD", burst::kBurstDurationMs, MetricForm::kCount},
    {"GLD", burst::kGapDensityPercent, MetricForm::kDecimal},
    {"GD", burst::kGapDurationMs, MetricForm::kCount},
    {"GMIN", burst::kMinimumGap, MetricForm::kCount},
};
constexpr Metric kDelay[] = {
    {"RTD", delay::kRoundTripMs, MetricForm::kCount},
    {"ESD", delay::kEndSystemMs, MetricForm::kCount},
    {"OWD", delay::kOneWayMs, MetricForm::kCount},
    {"SOWD", delay::kSymmetricOneWayMs, MetricForm::kCount},
    {"IAJ", delay::kInterarrivalJitterMs, MetricForm::kCount},
    {"MAJ", delay::kMeanAbsoluteJitterMs, MetricForm::kCount},
};
constexpr Metric kSignal[] = {
    {"SL", level::kSignalLevelDbm, MetricForm::kSigned},
    {"NL", level::kNoiseLevelDbm, MetricForm::kSigned},
    {"RERL", level::kResidualEchoReturnLossDb, MetricForm::kCount},
};
constexpr Metric kQuality[] = {
    {"RLQ", quality::kListeningR, MetricForm::kCount},
    {"RLQEstAlg", quality::kListeningRAlgorithm, MetricForm::kText},
    {"RCQ", quality::kConversationalR, MetricForm::kCount},
    {"RCQEstAlg", quality::kConversationalRAlgorithm, MetricForm::kText},
    {"EXTRI", quality::kExternalInR, MetricForm::kCount},
    {"ExtRIEstAlg", quality::kExternalInRAlgorithm, MetricForm::kText},
    {"EXTRO", quality::kExternalOutR, MetricForm::kCount},
    {"ExtROEstAlg", quality::kExternalOutRAlgorithm, MetricForm::kText},
    {"MOSLQ", quality::kListeningMos, MetricForm::kDecimal},
    {"MOSLQEstAlg", quality::kListeningMosAlgorithm, MetricForm::kText},
    {"MOSCQ", quality::kConversationalMos, MetricForm::kDecimal},
    {"MOSCQEstAlg", quality::kConversationalMosAlgorithm, MetricForm::kText},
    {"QoEEstAlg", quality::kAlgorithm, MetricForm::kText},
};
constexpr std::array<MetricLine, 8> kMetricLines = {{
    {"Timestamps", 0, kTimestamps},
    {"SessionDesc", metrics::kSession, kSession},
    {"JitterBuffer", metrics::kJitterBuffer, kJitterBuffer},
    {"PacketLoss", metrics::kPacketLoss, kPacketLoss},
    {"BurstGapLoss", metrics::kBurstGapLoss, kBurstGapLoss},
    {"Delay", metrics::kDelay, kDelay},
    {"Signal", metrics::kSignal, kSignal},
    {"QualityEst", metrics::kQualityEstimates, kQuality},
}};
// Takes the first `key=value`, or word, off the front of `text`, which is not blank.
struct Pair {
  std::string_view key;
  std::string_view value;
};
Pair TakePair(std::string_view& text) {
  text = TrimBlanks(text);
  const size_t key_end = std::min(text.find_first_of("= \t"), text.size());
  Pair pair = {text.substr(0, key_end), {}};
  text.remove_prefix(key_end);
  if (!text.starts_with('=')) return pair;
  text.remove_prefix(1);
  const bool quoted = text.starts_with('"');
  if (quoted) text.remove_prefix(1);
  const size_t end = std::min(text.find_first_of(quoted ? "\"" : " \t"), text.size());
  pair.value = text.substr(0, end);
  text.remove_prefix(std::min(end + (quoted ? 1 : 0), text.size()));
  return pair;
}

void WriteHex(int number, std::string_view value, ReverseWireWriter& writer) {
  uint32_t parsed = 0;
  if (absl::SimpleHexAtoi(AbslView(value), &parsed)) writer.UnsignedAlways(number, parsed);
}

void WriteSwitch(int number, std::string_view value, ReverseWireWriter& writer) {
  const bool on = EqualsIgnoreCase(value, "on");
  if (on || EqualsIgnoreCase(value, "off")) writer.UnsignedAlways(number, on ? 1 : 0);
}

void WriteMetric(const Metric& metric, std::string_view value, ReverseWireWriter& writer) {
  const auto decimal = ParseDecimal(value);  // less than 2^31 either way
  switch (metric.form) {
    case MetricForm::kText:
      writer.Text(metric.number, value);
      break;
    case MetricForm::kCount:
      if (decimal && *decimal >= 0) {
        writer.UnsignedAlways(metric.number, static_cast<uint64_t>(*decimal));
      }
      break;
    case MetricForm::kSigned:
      if (decimal) {
        writer.UnsignedAlways(metric.number,
                              static_cast<uint64_t>(static_cast<int64_t>(std::round(*decimal))));
      }
      break;
    case MetricForm::kDecimal:
      if (decimal) writer.DoubleAlways(metric.number, *decimal);
      break;
    case MetricForm::kTime:
      if (const auto time = ParseDateTime(value)) writer.Timestamp(metric.number, *time);
      break;
    case MetricForm::kSwitch:
      WriteSwitch(metric.number, value, writer);
      break;
    case MetricForm::kChoice:
      if (decimal && *decimal >= 0 && *decimal <= 3) {
        writer.Signed(metric.number, static_cast<int64_t>(*decimal));
      }
      break;
    case MetricForm::kHex:
      WriteHex(metric.number, value, writer);
      break;
  }
}

}  // namespace

std::optional<std::string_view> FindMetric(std::string_view line, std::string_view key) {
  while (!TrimBlanks(line).empty()) {
    const Pair pair = TakePair(line);
    if (EqualsIgnoreCase(pair.key, key)) return pair.value;
  }
  return std::nullopt;
}

void WriteMetricLine(absl::Span<const Metric> table, std::string_view line,
                     ReverseWireWriter& writer) {
  for (auto metric = table.rbegin(); metric != table.rend(); ++metric) {
    if (const auto value = FindMetric(line, metric->key)) WriteMetric(*metric, *value, writer);
  }
}

bool VoiceMetrics::Keep(std::string_view name, std::string_view value) {
  static_assert(kMetricLines.size() == kLines);
  for (size_t i = 0; i < kLines; ++i) {
    if (!EqualsIgnoreCase(kMetricLines[i].name, name)) continue;
    if (!values_[i]) values_[i] = value;
    return true;
  }
  return false;
}

void VoiceMetrics::Write(ReverseWireWriter& writer) const {
  for (size_t i = kLines; i-- > 0;) {
    const MetricLine& line = kMetricLines[i];
    if (!values_[i]) continue;
    const auto write = [&] { WriteMetricLine(line.metrics, *values_[i], writer); };
    if (line.number == 0) {
      write();
    } else {
      writer.Message(line.number, write);
    }
  }
}

}  // namespace sipevents::sip
