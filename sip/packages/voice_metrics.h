#ifndef SIP_PACKAGES_VOICE_METRICS_H_
#define SIP_PACKAGES_VOICE_METRICS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "sip/base/reverse_wire_writer.h"

// The lines of measurements in a voice quality report (RFC 6035 section 4.6):
// `PacketLoss:NLR=0.4 JDR=0.1`. What is malformed is left out, as if it were not there.

namespace sipevents::sip {

// How a value becomes a field.
enum class MetricForm {
  kText,
  kCount,    // optional uint32; fractions are cut off
  kSigned,   // optional int32, rounded
  kDecimal,  // optional double
  kTime,     // Timestamp
  kSwitch,   // optional bool: on, off
  kChoice,   // an enum that has the RFC's numbers, 0 to 3
  kHex,      // optional uint32, in hexadecimal
};

// One `KEY=value`; keys are compared without regard to case.
struct Metric {
  std::string_view key;
  int number;  // of the field
  MetricForm form;
};

// The value of the first `key=value` (or of the word `key` alone: empty) in a line.
std::optional<std::string_view> FindMetric(std::string_view line, std::string_view key);

// Writes what a line has of `table`, which is by ascending number.
void WriteMetricLine(absl::Span<const Metric> table, std::string_view line,
                     ReverseWireWriter& writer);

// The lines of one direction of a call; views of text that must stay.
//
// Threads: one at a time.
class VoiceMetrics {
 public:
  // Keeps the line if `name` is one of those that RFC 6035 defines; of two the first counts. False:
  // it is not.
  bool Keep(std::string_view name, std::string_view value);

  // Writes the fields of a VoiceQualityMetrics.
  void Write(ReverseWireWriter& writer) const;

 private:
  static constexpr size_t kLines = 8;
  std::array<std::optional<std::string_view>, kLines> values_;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_VOICE_METRICS_H_
